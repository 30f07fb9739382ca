"""The outputs of `promproof check`: each a function of what was checked that gives a text. See `forms`."""
