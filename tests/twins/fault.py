"""A small fault that a person could make in a file, and the claim that must be red."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.twins.planting import Change

PROMETHEUS, ALERTMANAGER = "prometheus/prometheus.yml", "alertmanager/alertmanager.yml"
HTTP, RESOURCES = "prometheus/rules/http.yml", "prometheus/rules/resources.yml"
AVAILABILITY, EXECUTIONS = "prometheus/rules/availability.yml", "prometheus/rules/executions.yml"
COMPOSE, SOURCES = "docker-compose.yml", "grafana/provisioning/datasources/prometheus.yml"
PROVIDERS, BOARDS = "grafana/provisioning/dashboards/dashboards.yml", "grafana/dashboards"


@dataclass(frozen=True)
class Fault:
    """A change, what it is called, and the claims of which one must be red; none for a harmless one."""

    name: str
    changes: tuple[Change, ...]
    red: str = ""


def fault(name: str, red: str, file: str, path: str, value: Any) -> Fault:
    return Fault(name, (Change(file, path, value),), red)


def text_of(name: str, alert: str, file: str, annotation: str, value: Any) -> Fault:
    return fault(name, f"alert/{alert}/text", file, f"groups>0>rules>{alert}>annotations>{annotation}", value)


def panel_of(name: str, panel: str, path: str, value: Any, red: str = "") -> Fault:
    """panel: UID/Title."""
    uid, _, title = panel.partition("/")
    slug = title.lower().replace(" ", "-").replace("/", "-")
    return fault(
        name, red or f"panel/{uid}/{slug}/form", f"{BOARDS}/{uid}.json", f"panels>{title}>{path}", value
    )


def service_of(name: str, service: str, path: str, value: Any) -> Fault:
    return fault(name, f"deployment/written/{service}", COMPOSE, f"services>{service}>{path}", value)


JOB, ROUTE = "scrape_configs>promptpilot-api", "route>routes>0"
