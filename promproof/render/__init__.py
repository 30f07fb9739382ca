"""The run copy of a monitoring folder: the same files with declared changes only."""
