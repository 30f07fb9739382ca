"""Outputs of a run: each is a function of the verdicts and the history, and none judges."""
