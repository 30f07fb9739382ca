"""Kinds of findings in dashboards, their provisioning, and Grafana's own alerts."""
