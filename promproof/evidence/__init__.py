"""What was recorded: the history of a run, and what a ledger says. Append-only, readable after a crash."""
