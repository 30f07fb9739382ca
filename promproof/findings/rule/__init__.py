"""Kinds of findings about alerting and recording rules."""
