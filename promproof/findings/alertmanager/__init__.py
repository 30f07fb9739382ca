"""Kinds of findings about Alertmanager's routes, receivers, inhibition and timers."""
