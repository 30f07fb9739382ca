"""Proofs in the formats of findings: what is said beside an alert that can't fire, or does otherwise than written.

Such an alert is a finding among others. The number of proofs is told here, and each outcome where a format has room.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree as tree

from promproof.findings import proofids
from promproof.findings.finding import Finding, Place, Severity
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, Alert, Outcome
from promproof.proofs.provetable import Beside, data, sums
from promproof.report.findings import junitform

IDS = {DEAD: proofids.DEAD, CONTRADICTED: proofids.CONTRADICTED}


@dataclass(frozen=True)
class Proofs:
    """Outcomes of alerts. missing: how many alerts have none; is_cached: whether all are those of earlier runs."""

    outcomes: Sequence[Outcome] = ()
    missing: int = 0
    is_cached: bool = False

    def __str__(self) -> str:
        if not self.is_cached:
            left = any(outcome.verdict == OPEN for outcome in self.outcomes)
            more = " (promproof prove says why the others are not)" if left else ""
            return f"proofs: {sums(self.outcomes)}{more}"
        counts = Counter(outcome.verdict for outcome in self.outcomes)
        told = f"proofs: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())} (cached)"
        if not self.missing:
            return told
        alerts = "1 alert" if self.missing == 1 else f"{self.missing} alerts"
        return f"{told}; {alerts} without one: promproof check --prove"


def place_of(alert: Alert) -> Place:
    """The place that an alert says it has, `FILE:LINE`."""
    file, _, line = alert.where.rpartition(":")
    return Place(file, int(line)) if line.isdecimal() else Place(alert.where)


def finding(outcome: Outcome, place: Place, *, is_alone: bool = False) -> Finding | None:
    """What an outcome is among findings; None when the alert is none. place: of the alert.

    is_alone: whether promtool reads its file as it is, and no other alert there has its name.
    """
    if outcome.verdict not in IDS:
        return None
    rule = IDS[outcome.verdict]
    said = "; ".join(filter(None, [outcome.reason, *outcome.notes])) or proofids.TITLES[rule]
    return Finding(
        rule,
        Severity.ERROR,
        place.file,
        place.line,
        place.path,
        f"{outcome.alert.name}: {said}",
        effect=proofids.TITLES[rule],
        see=_test(outcome, place.file) if is_alone and outcome.test else f"promproof prove {place.file}",
    )


def _test(outcome: Outcome, file: str) -> str:
    """The series that show it, to be tried without this program."""
    name = PurePath(file).name
    return (
        f"promtool test rules shown.yml (it passes), with this as shown.yml beside {file}:\n"
        f"rule_files: [{json.dumps(name, ensure_ascii=False)}]\n{outcome.test.rstrip()}"
    )


def added(form: str, rendered: str, proofs: Proofs, findings: Sequence[Finding] = ()) -> str:
    """What a check says in a format, and the proofs. findings: those that it shows."""
    return _ADDED[form](rendered, proofs, findings)


def _line(rendered: str, proofs: Proofs, findings: Sequence[Finding]) -> str:
    return f"{rendered}{proofs}\n"


def _json(rendered: str, proofs: Proofs, findings: Sequence[Finding]) -> str:
    told = {
        **data(list(proofs.outcomes), Beside()),
        "cached": proofs.is_cached,
        "without_proof": proofs.missing,
    }
    return json.dumps({**json.loads(rendered), "proofs": told}, indent=2, ensure_ascii=False) + "\n"


def _sarif(rendered: str, proofs: Proofs, findings: Sequence[Finding]) -> str:
    log: dict[str, Any] = json.loads(rendered)
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    notes.append({"level": "note", "message": {"text": str(proofs)}})
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _junit(rendered: str, proofs: Proofs, findings: Sequence[Finding]) -> str:
    """A suite of alerts; what the owner leaves out, or knows, is no failure."""
    suites = tree.fromstring(rendered.partition("?>\n")[2])
    suite = tree.SubElement(suites, "testsuite", {"name": "promproof prove"})
    shown = [found for found in findings if found.rule in proofids.TITLES]
    for outcome in proofs.outcomes:
        alert = outcome.alert
        row = tree.SubElement(
            suite, "testcase", {"classname": f"promproof.prove.{alert.group}", "name": alert.name}
        )
        failed = next((found for found in shown if _is_about(found, outcome)), None)
        if failed is not None:
            said = {"message": junitform.clean(f"{outcome.verdict}: {outcome.reason}")}
            tree.SubElement(row, "failure", said).text = junitform.clean(
                f"{failed.file}:{failed.line or 1} {failed.message}\n    {failed.see}"
            )
        elif outcome.verdict == OPEN:
            said = {"message": junitform.clean(f"not verified: {outcome.reason}")}
            tree.SubElement(row, "skipped", said)
    counts = {"tests": len(suite), "errors": 0}
    counts |= {name: len(suite.findall(f"testcase/{kind}")) for name, kind in _COUNTED}
    for name, count in counts.items():
        suite.set(name, str(count))
    tree.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tree.tostring(suites, encoding="unicode")}\n'


def _is_about(found: Finding, outcome: Outcome) -> bool:
    place = place_of(outcome.alert)
    told = finding(outcome, Place(place.file, place.line, found.path))
    return told is not None and replace(found, see="") == replace(told, see="")


_COUNTED = (("failures", "failure"), ("skipped", "skipped"))


def _html(rendered: str, proofs: Proofs, findings: Sequence[Finding]) -> str:
    from promproof.report.findings import htmlform  # imports all of a run's page

    return htmlform.with_proofs(rendered, str(proofs))


_ADDED: dict[str, Callable[[str, Proofs, Sequence[Finding]], str]] = {
    "text": _line,
    "json": _json,
    "github": _line,
    "sarif": _sarif,
    "junit": _junit,
    "html": _html,
}
