"""What is done to a target, and how each fault is taken back, whatever happens."""
