"""Kinds of findings about dashboards, data sources and Grafana's own alerts."""
