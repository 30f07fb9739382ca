"""Prometheus' and Alertmanager's files, PromQL, durations, the time scale: read strictly. No network."""
