"""What the monitoring believes while a load session runs, beside what was really sent."""
