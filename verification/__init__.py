"""The library of the harness: it compares what was really sent with what the monitoring says."""
