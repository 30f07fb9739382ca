"""What existing tests ask of the alerts: cases of each, a share for the gate, and what was noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.config.rules import Rule
from promproof.proofs.coverage import Noticed, TestFile, coverage
from promproof.proofs.coverage.order import by_chance
from promproof.proofs.rulefiles import Rules


@dataclass(frozen=True)
class Tested:
    """cells: how many cases each alert has; missing: which side they leave out; percent: alerts asked on both sides."""

    cells: tuple[str, ...]
    missing: tuple[str, ...]
    percent: float
    noticed: tuple[Noticed, ...]


def tested(rules: Rules, files: Sequence[TestFile], promtool: Path) -> Tested:
    """What the test files ask of the alerts, in their order.

    Raises:
        EvidenceError: promtool was interrupted.
    """
    alerts = [
        Rule(
            alert.name,
            alert.expression,
            alert.hold,
            {str(name): str(value) for name, value in (alert.data.get("labels") or {}).items()},
            group=alert.group,
            where=alert.where,
        )
        for alert in rules.alerts
    ]
    recorded: dict[str, list[str]] = {}
    for data in rules.recordings:
        recorded.setdefault(str(data["record"]), []).append(str(data["expr"]))
    found = coverage(alerts, files, recorded)
    return Tested(
        tuple(str(alert.cases) for alert in found.alerts),
        tuple(", ".join(alert.missing) for alert in found.alerts),
        found.percent,
        (*found.noticed, *by_chance(promtool, files)),
    )
