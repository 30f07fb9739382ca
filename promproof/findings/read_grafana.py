"""Grafana's provisioning, from any folder: data sources, providers, and which provider loads a dashboard."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from promproof.findings.containers import Container
from promproof.findings.part import Part
from promproof.findings.setup import DashboardFile, Grafana
from promproof.grafana.provisioning import Provider, provisioned


def grafana_of(provisioning: Sequence[Part], alerting: Sequence[Part]) -> Grafana:
    """What Grafana is provisioned with."""
    read = [provisioned(part.document.file, part.data) for part in provisioning]
    return Grafana(
        tuple(source for sources, _ in read for source in sources),
        tuple(provider for _, providers in read for provider in providers),
        tuple(alerting),
        bool(provisioning),
    )


def with_providers(
    board: DashboardFile, providers: Sequence[Provider], containers: Sequence[Container]
) -> DashboardFile:
    """The dashboard with the providers that load it, by the mounts of every Grafana."""
    inside = [
        path
        for container in containers
        if container.component == "grafana"
        for path in container.inside(board.part.document.address)
    ]
    mine = [
        provider
        for provider in providers
        if provider.path
        and any(path.startswith(f"{posixpath.normpath(provider.path).rstrip('/')}/") for path in inside)
    ]
    return replace(board, providers=tuple(mine)) if mine else board
