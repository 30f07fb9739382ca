"""Runs the judges over a set-up. What a judge raises costs its item: the others are judged, and it is named."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from promproof.findings.finding import Finding, Place
from promproof.findings.kind import JUDGES, KINDS, Judge
from promproof.findings.setup import Setup

_UNREAD = {
    "template": "a template: give `helm template` to promproof check -",
    "values": "values of a chart: give `helm template` to promproof check -",
}


@dataclass(frozen=True)
class Unjudged:
    """What was not verified: the kinds, the item and its place, and why. crashed: a mistake of this program."""

    rules: tuple[str, ...]
    item: str
    place: Place
    reason: str
    crashed: bool = False


class NotVerifiedError(Exception):
    """A judge raises it when what it needs is not here, a program say; its text says what."""


@dataclass(frozen=True)
class Judged:
    """What the judges said, in the order of files and lines."""

    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]


def judge(setup: Setup, wanted: Callable[[str], bool] = lambda rule: True) -> Judged:
    """The findings of all kinds that are wanted, each once."""
    KINDS.load(families(setup))
    findings: dict[Finding, None] = {}
    unjudged = unread(setup)
    # In the order of their modules, whichever were imported first.
    for judging in sorted(JUDGES, key=lambda judging: judging.function.__module__):
        names = tuple(kind.id for kind in judging.kinds)
        if any(map(wanted, names)):
            found, missed = _judged(judging, names, setup)
            findings.update(dict.fromkeys(finding for finding in found if wanted(finding.rule)))
            unjudged += missed
    return Judged(tuple(sorted(findings, key=lambda finding: finding.order)), tuple(unjudged))


def families(setup: Setup) -> list[str]:
    """The families that have something to judge: importing the kinds of all takes longer than judging a file."""
    grafana = setup.grafana
    there = {
        "alertmanager": setup.alertmanagers or setup.resources,
        "compose": setup.compose or setup.prometheuses,
        "file": True,
        "grafana": setup.dashboards or grafana.sources or grafana.providers or grafana.alerting,
        "prometheus": setup.prometheuses or setup.operated or setup.resources,
        "rule": setup.groups or setup.rule_parts,
    }
    return [family for family, things in there.items() if things]


def unread(setup: Setup) -> list[Unjudged]:
    """The files that nothing is said about, by the reason."""
    return [
        Unjudged(
            (), f"{len(names)} files" if names[1:] else names[0], Place(names[0]), _UNREAD.get(reason, reason)
        )
        for reason, names in setup.unread.items()
    ]


def _judged(judging: Judge, names: tuple[str, ...], setup: Setup) -> tuple[list[Finding], list[Unjudged]]:
    found: list[Finding] = []
    missed: list[Unjudged] = []
    for item in judging.items(setup):
        try:
            found += judging.function(*item.arguments, setup)
        except NotVerifiedError as reason:
            missed.append(Unjudged(names, item.name, item.place, str(reason)))
        except Exception as error:
            missed.append(Unjudged(names, item.name, item.place, _reason(error), crashed=True))
    return found, missed


def _reason(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({PurePath(last.filename).name}:{last.lineno})"
