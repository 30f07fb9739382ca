"""Brings a monitoring stack up for a run, one module for each backend, and takes it down without a trace."""
