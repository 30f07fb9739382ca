"""What a PromQL expression surely says: labels, units, bounds of its value, conditions, templates beside it. Pure."""
