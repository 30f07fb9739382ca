"""From paths to what is told: reads a set-up, judges it, and takes out what its owner wants left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from promproof.config import jsontext
from promproof.config.usertext import BYTE_ORDER_MARK, Mistake
from promproof.errors import InputError
from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.jsonpath import nearest
from promproof.findings.judging import Unjudged, judge
from promproof.findings.setup import Setup

MONITORING = ("prom", "alertmanager", "grafana", "exporter", "cadvisor", "loki", "tempo", "mimir", "thanos")
"""Parts of images' names by which a service of a compose file is one of monitoring."""


@dataclass(frozen=True)
class Checked:
    """What a check says. findings: those that are shown, worst and milder ones, in the order of files and lines.

    milder: how many there are below `least`, by severity; silenced: how many the owner wants left out.
    """

    setup: Setup
    least: Severity
    findings: tuple[Finding, ...]
    milder: dict[Severity, int]
    unjudged: tuple[Unjudged, ...]
    silenced: int = 0

    @property
    def crashes(self) -> tuple[Unjudged, ...]:
        """What was not verified because of a mistake of this program."""
        return tuple(missed for missed in self.unjudged if missed.crashed)

    @property
    def status(self) -> int:
        """The exit status: 1 with a finding, 2 when a judge crashed."""
        return 1 if self.findings else 2 if self.crashes else 0


def check(
    paths: tuple[Path, ...],
    least: Severity,
    stream: str | None = None,
    wanted: Callable[[str], bool] = lambda rule: True,
) -> Checked:
    """Check files and folders, and the text of a stream. wanted: says of a kind whether it is asked for.

    Raises:
        InputError: a path is not there, or nothing of it belongs to monitoring.
    """
    setup = discover(paths, stream=stream)
    if is_empty(setup):
        raise nothing(paths, stream)
    judged = judge(setup, wanted)
    findings = placed(judged.findings, setup)
    shown = tuple(finding for finding in findings if finding.severity.rank <= least.rank)
    milder = {
        severity: sum(finding.severity is severity for finding in findings)
        for severity in Severity
        if severity.rank > least.rank
    }
    return Checked(setup, least, shown, milder, judged.unjudged)


def is_empty(setup: Setup) -> bool:
    """Whether nothing of it belongs to monitoring."""
    things = (
        setup.prometheuses, setup.groups, setup.alertmanagers, setup.dashboards, setup.grafana.sources,
        setup.grafana.providers, setup.grafana.alerting, setup.troubles,
    )  # fmt: skip
    return not (
        any(things)
        or any(part.text("apiVersion").startswith("monitoring.coreos.com/") for part in setup.resources)
        or any(
            word in service.image.lower() or word in service.name.lower()
            for file in setup.compose
            for service in file.services
            for word in MONITORING
        )
    )


def nothing(paths: tuple[Path, ...], stream: str | None) -> InputError:
    """The error for paths that have no monitoring: nothing was judged, and that must not look green."""
    return InputError(
        what="there is no monitoring file: nothing was checked",
        where=", ".join([*map(str, paths), *(["stdin"] if stream is not None else [])]),
        expected="files of Prometheus, Alertmanager, Grafana, a compose file of them, or resources of the Prometheus "
        "operator (.yml, .yaml, .json)",
        todo="name the folder or the files that have them: promproof check PATH...",
    )


def placed(findings: tuple[Finding, ...], setup: Setup) -> tuple[Finding, ...]:
    """The findings, each of a dashboard with its line too."""
    texts = {document.file: document.text for document in setup.documents}
    lines: dict[str, dict[tuple[str | int, ...], int]] = {}
    found = []
    for finding in findings:
        if finding.line is None and finding.path.startswith("$") and finding.file in texts:
            if finding.file not in lines:
                try:
                    lines[finding.file] = jsontext.parse(
                        texts[finding.file].removeprefix(BYTE_ORDER_MARK)
                    ).lines
                except Mistake:
                    lines[finding.file] = {}
            finding = replace(finding, line=nearest(finding.path, lines[finding.file]))
        found.append(finding)
    return tuple(sorted(found, key=lambda finding: finding.order))
