"""Dashboards, pure: any JSON read into typed panels, queries expanded as Grafana does, arithmetic about zoom."""
