"""The Grafana and Prometheus services of the compose files of a set-up, by their images."""

from __future__ import annotations

import re

from promproof.findings.services import Service
from promproof.findings.setup import Setup

_GRAFANA = re.compile(r"(?:^|/)grafana/grafana(?:-oss|-enterprise)?(?:[:@]|$)")
_PROMETHEUS = re.compile(r"(?:^|/)(?:prom|prometheus)/prometheus(?:[:@]|$)")


def grafana_services(setup: Setup) -> list[Service]:
    """The services that run an image of Grafana as it is published."""
    return [service for service in _services(setup) if _GRAFANA.search(service.image)]


def is_prometheus(service: Service) -> bool:
    """Whether a service runs an image of Prometheus as it is published."""
    return _PROMETHEUS.search(service.image) is not None


def shares_its_host(service: Service) -> bool:
    """Whether localhost is the host's own."""
    return service.part.text("network_mode") == "host"


def _services(setup: Setup) -> list[Service]:
    return [service for file in setup.compose for service in file.services]
