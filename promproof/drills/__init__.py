"""A drill as data: its plan, the states that its alert may be in, and what was seen of them. Pure."""
