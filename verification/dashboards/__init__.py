"""Dashboards: reading any JSON into typed panels, expanding queries as Grafana does, and arithmetic about zoom."""
