"""The documentation page of a run: its lines with what they promise, the claims that judge it, the verdicts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promproof.checks.page import read_of
from promproof.contract.model import Contract
from promproof.evidence.records import PageRead
from promproof.promises.promise import Promise
from promproof.promises.rows import ELSEWHERE
from promproof.report.page.claims import CLASSES, WORST_FIRST
from promproof.report.page.subject import Subject
from promproof.verdict import Outcome, Verdict

KINDS = ("docs", "page")


@dataclass(frozen=True)
class Mark:
    """A promise as the page of the report has it."""

    kind: str
    text: str
    claim: str
    outcome: Outcome
    style: str
    reason: str


@dataclass(frozen=True)
class Line:
    """A line of the documentation page, and what it promises."""

    number: int
    text: str
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Documentation:
    """The page. counts: promises by outcome; unclaimed: of them those that no claim is about.

    silent: claims of which the page says nothing. unpromised: what the contract promises by a name that the page
    does not have.
    """

    path: str
    lines: Sequence[Line]
    wrong: Sequence[Line]
    counts: Sequence[tuple[Outcome, int]]
    unclaimed: int
    silent: Sequence[Verdict]
    unpromised: Sequence[str] = ()

    @property
    def promises(self) -> int:
        """How many the page makes."""
        return sum(number for _, number in self.counts)


def documentation(subject: Subject) -> Documentation | None:
    """The page with its promises; None where the run kept none."""
    evidence = subject.evidence
    record = evidence.history.last(PageRead) if evidence is not None else None
    if evidence is None or record is None:
        return None
    verdicts = {verdict.claim: verdict for verdict in subject.verdicts}
    found = [_judged(promise, verdicts) for promise in read_of(evidence)]
    by_line: dict[int, list[Promise]] = {}
    for promise in found:
        by_line.setdefault(promise.line, []).append(promise)
    lines = [
        Line(number, text, _marks(by_line.get(number, ()), verdicts))
        for number, text in enumerate(record.data.text.splitlines(), start=1)
    ]
    outcomes = [promise.outcome for promise in found]
    promised = {promise.claim for promise in found}
    return Documentation(
        record.data.path,
        lines,
        [line for line in lines if any(mark.outcome is Outcome.FAIL for mark in line.marks)],
        [(outcome, outcomes.count(outcome)) for outcome in WORST_FIRST if outcome in outcomes],
        sum(not promise.claim for promise in found),
        [
            verdict
            for claim, verdict in verdicts.items()
            if claim.partition("/")[0] in KINDS and claim not in promised and claim.count("/") > 1
        ],
        unpromised(evidence.contract, record.data.text),
    )


def unpromised(contract: Contract, text: str) -> list[str]:
    """Metrics, alerts, dashboards and panels of a contract whose name is nowhere in a page's text.

    A metric is looked for as it is; the others in small letters and without spaces, so that `High CPU Usage` is found
    as people write it.
    """
    said, whole = _plain(text), text.replace("\\", "")
    names = [
        *(("alert", alert.name) for alert in contract.alerts),
        *(("dashboard", board.title) for board in contract.dashboards),
        *(("panel", panel.title) for board in contract.dashboards for panel in board.panels),
    ]
    metrics = [f"metric {metric.name}" for metric in contract.metrics if metric.name not in whole]
    return [*metrics, *(f"{kind} {name}" for kind, name in names if _plain(name) not in said)]


def _plain(text: str) -> str:
    return re.sub(r"[\s\\*`_-]+", "", text).lower()


def _judged(promise: Promise, verdicts: Mapping[str, Verdict]) -> Promise:
    """A row has the verdict of its claim."""
    verdict = verdicts.get(promise.claim)
    if promise.reason != ELSEWHERE or verdict is None:
        return promise
    is_here = verdict.outcome is not Outcome.FAIL or f":{promise.line}:" in verdict.reason
    outcome = verdict.outcome if is_here else Outcome.NOT_VERIFIED
    return replace(promise, outcome=outcome, reason=verdict.reason)


def _marks(promises: Sequence[Promise], verdicts: Mapping[str, Verdict]) -> list[Mark]:
    """The promises of a line; of a row its claim is enough."""
    return [
        Mark(
            promise.kind,
            promise.text if promise.kind != "row" else "",
            promise.claim if promise.claim in verdicts else "",
            promise.outcome,
            CLASSES[promise.outcome],
            promise.reason,
        )
        for promise in promises
    ]
