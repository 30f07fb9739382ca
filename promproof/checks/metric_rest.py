"""metric/NAME/back: a gauge reads at rest what it read before the traffic, label set by label set.

What goes up and never comes down again, such as requests in flight that are not counted down, is a difference at rest,
also where each request is too quick for any scrape to meet it. Others may use the target for a moment: the gauge
must be away from its start at two readings some scrapes apart.
"""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, for_metrics, register, unknown
from promproof.evidence.evidence import Evidence
from promproof.exposition import Labels, series_text
from promproof.verdict import Verdict

READINGS = ("rest", "rest-later")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the readings at rest with the one before the first request."""
    name = evidence.contract.metric(claim.subject).name
    first = evidence.shot("baseline")
    before = first.exposition.series(name)
    shots = [evidence.shot(label) for label in READINGS]
    away = [_away(before, shot.exposition.series(name)) for shot in shots]
    always = sorted(away[0].keys() & away[1].keys())
    records = [first.record, *(shot.record for shot in shots)]
    if not always and all(away):
        return unknown(claim, "it was away from its start at both readings, each time other series", records)
    found = [
        f"{series_text(name, labels)} is {away[0][labels]:g} at rest, and was {before.get(labels, 0.0):g} before"
        for labels in always
    ]
    seen = {**shots[0].exposition.series(name), **before}
    return findings(
        claim,
        found,
        good=f"{len(seen)} series read at rest what they read before the traffic",
        expected="at rest what it read before the traffic; a series that was not there is at 0",
        tolerance="exact, at one of two readings some scrapes apart",
        evidence=records,
    )


def _away(before: dict[Labels, float], after: dict[Labels, float]) -> dict[Labels, float]:
    """The series that read other than before, with what they read; one that is not there reads 0."""
    every = {*before, *after}
    return {
        labels: after.get(labels, 0.0)
        for labels in every
        if after.get(labels, 0.0) != before.get(labels, 0.0)
    }


CHECK = register(
    Check(
        "back",
        for_metrics("back", lambda metric: metric.truth.kind == "rest"),
        judge,
        order=475,
        scope="each",
    )
)
