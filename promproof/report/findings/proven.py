"""Verdicts of `check --prove` in the formats of findings: alerts that can't fire, or do otherwise than written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree as tree

from promproof.findings.finding import Finding, Severity
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, Outcome
from promproof.proofs.provetable import Beside, data, sums
from promproof.proofs.provetable import text as table
from promproof.report.findings import github, junitform, sarif

IDS = {DEAD: "proof/dead", CONTRADICTED: "proof/contradicted"}
_TITLES = {DEAD: "an alert that can't fire", CONTRADICTED: "an alert that does otherwise than written"}


def added(form: str, rendered: str, outcomes: Sequence[Outcome]) -> str:
    """What a check says in a format, and the proofs."""
    return _ADDED[form](rendered, outcomes)


def wrong(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those that make the exit status 1: what is not covered is no finding."""
    return [outcome for outcome in outcomes if outcome.verdict in IDS]


def _finding(outcome: Outcome) -> Finding:
    file, _, rest = outcome.alert.where.partition(":")
    line = rest.partition(":")[0]
    said = "; ".join(filter(None, [outcome.reason, *outcome.notes])) or _TITLES[outcome.verdict]
    return Finding(
        IDS[outcome.verdict],
        Severity.ERROR,
        file,
        int(line) if line.isdecimal() else None,
        "",
        f"{outcome.alert.name}: {said}",
        effect=_TITLES[outcome.verdict],
        see=f"promproof prove {file}",
    )


def _text(rendered: str, outcomes: Sequence[Outcome]) -> str:
    """Those of a healthy alert are a number."""
    rows = wrong(outcomes)
    shown = table(rows, Beside()).rpartition("\n\n")[0] + "\n\n" if rows else ""
    left = sum(outcome.verdict == OPEN for outcome in outcomes)
    more = " (promproof prove says why the others are not)" if left else ""
    return f"{rendered}\n{shown}proofs: {sums(outcomes)}{more}\n"


def _json(rendered: str, outcomes: Sequence[Outcome]) -> str:
    return json.dumps({**json.loads(rendered), "proofs": data(outcomes, Beside())}, indent=2) + "\n"


def _github(rendered: str, outcomes: Sequence[Outcome]) -> str:
    lines = [github.command(_finding(outcome)) for outcome in wrong(outcomes)]
    return "".join(f"{line}\n" for line in [*lines, *rendered.splitlines(), f"proofs: {sums(outcomes)}"])


def _sarif(rendered: str, outcomes: Sequence[Outcome]) -> str:
    log: dict[str, Any] = json.loads(rendered)
    run = log["runs"][0]
    known = run["tool"]["driver"]["rules"]
    places = {IDS[verdict]: len(known) + place for place, verdict in enumerate(IDS)}
    known += [{"id": IDS[verdict], "shortDescription": {"text": _TITLES[verdict]}} for verdict in IDS]
    for outcome in wrong(outcomes):
        finding = _finding(outcome)
        identity = "/".join([finding.rule, finding.file, outcome.alert.group, outcome.alert.name])
        run["results"].append(sarif.result(finding, places[finding.rule], identity))
    if wrong(outcomes):
        run["invocations"][0]["exitCode"] = 1
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _junit(rendered: str, outcomes: Sequence[Outcome]) -> str:
    suites = tree.fromstring(rendered.partition("?>\n")[2])
    counts = {
        "tests": str(len(outcomes)),
        "errors": "0",
        "failures": str(len(wrong(outcomes))),
        "skipped": str(sum(outcome.verdict == OPEN for outcome in outcomes)),
    }
    suite = tree.SubElement(suites, "testsuite", {"name": "promproof prove", **counts})
    for outcome in outcomes:
        alert = outcome.alert
        row = tree.SubElement(
            suite, "testcase", {"classname": f"promproof.prove.{alert.group}", "name": alert.name}
        )
        if outcome.verdict in IDS:
            said = {"message": junitform.clean(f"{outcome.verdict}: {outcome.reason}")}
            tree.SubElement(row, "failure", said).text = junitform.clean(_finding(outcome).message)
        elif outcome.verdict == OPEN:
            said = {"message": junitform.clean(f"not verified: {outcome.reason}")}
            tree.SubElement(row, "skipped", said)
    tree.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tree.tostring(suites, encoding="unicode")}\n'


def _html(rendered: str, outcomes: Sequence[Outcome]) -> str:
    from promproof.report.findings import htmlform  # imports all of a run's page

    return htmlform.with_proofs(rendered, [_finding(outcome) for outcome in wrong(outcomes)], sums(outcomes))


_ADDED: dict[str, Callable[[str, Sequence[Outcome]], str]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
    "junit": _junit,
    "html": _html,
}
