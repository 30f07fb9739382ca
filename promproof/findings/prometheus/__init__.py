"""Kinds of findings about Prometheus' own configuration."""
