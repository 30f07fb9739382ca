"""Kinds of findings about the compose file that deploys it."""
