"""What a finding is about, as people name it: an alert, a receiver, a job, a service, a dashboard, a panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promproof.config.yamltext import Key
from promproof.findings.finding import Finding
from promproof.findings.jsonpath import key_of
from promproof.findings.setup import Setup


@dataclass(frozen=True)
class Holder:
    """A thing that findings stand in.

    kind: alert, receiver, job, service, dashboard or panel; empty for none of these. name: of a dashboard its uid, of a
    panel UID/SLUG.
    """

    kind: str = ""
    name: str = ""


class Holders:
    """The things of a set-up by their places."""

    def __init__(self, setup: Setup) -> None:
        self._by_file: dict[str, dict[Key, Holder]] = {}
        for file, key, holder in _things(setup):
            self._by_file.setdefault(file, {})[key] = holder

    def of(self, finding: Finding) -> Holder:
        """The innermost thing that a finding stands in."""
        known, key = self._by_file.get(finding.file, {}), key_of(finding.path)
        return next(
            (known[key[:length]] for length in range(len(key), -1, -1) if key[:length] in known), Holder()
        )


def _things(setup: Setup) -> Iterator[tuple[str, Key, Holder]]:
    for rule in setup.alerts:
        yield rule.file, rule.part.key, Holder("alert", rule.name)
    for server in setup.alertmanagers:
        for receiver in server.receivers:
            yield receiver.file, receiver.part.key, Holder("receiver", receiver.name)
    for job in setup.jobs:
        yield job.file, job.part.key, Holder("job", job.name)
    for file in setup.compose:
        for service in file.services:
            yield service.file, service.part.key, Holder("service", service.name)
    for board in setup.dashboards:
        dashboard = board.dashboard
        yield board.file, (), Holder("dashboard", dashboard.uid)
        for panel in dashboard.panels:
            yield board.file, key_of(panel.path), Holder("panel", f"{dashboard.uid}/{panel.slug}")
