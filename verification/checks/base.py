"""What a check is: the claims it can judge, and a pure function from (claim, evidence) to a verdict.

Each module of this folder holds one kind of claim; adding one touches no other. The registry in `__init__` knows all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from verification.contract import Contract, Metric
from verification.evidence import Evidence, Gap
from verification.observe.exposition import Labels, series_text
from verification.truth import ZERO, Expected, Interval
from verification.verdict import Outcome, Verdict

SHOWN = 5  # findings named in a reason; the rest is counted


@dataclass(frozen=True)
class Claim:
    """One promise to judge: its id, and the metric or alert it is about."""

    id: str
    subject: str = ""


@dataclass(frozen=True)
class Check:
    """A kind of claim: which ones a contract makes, and how one is judged."""

    name: str
    claims: Callable[[Contract], Iterable[Claim]]
    judge: Callable[[Claim, Evidence], Verdict]


def for_metrics(aspect: str, wanted: Callable[[Metric], bool]) -> Callable[[Contract], list[Claim]]:
    """Claims `metric/NAME/aspect` for the metrics that are wanted."""
    return lambda contract: [
        Claim(f"metric/{metric.name}/{aspect}", metric.name) for metric in contract.metrics if wanted(metric)
    ]


def judge(check: Check, claim: Claim, evidence: Evidence) -> Verdict:
    """Judge one claim; evidence that is missing makes it unknown."""
    try:
        return check.judge(claim, evidence)
    except Gap as gap:
        trouble = evidence.history.last("trouble")
        if trouble is None:
            return Verdict(claim.id, Outcome.UNKNOWN, str(gap))
        first = str(trouble.data["error"]).splitlines()[0]
        return Verdict(
            claim.id, Outcome.UNKNOWN, f"{gap}; the run broke off: {first}", evidence=(trouble.number,)
        )


def findings(
    claim: Claim,
    found: list[str],
    *,
    good: str,
    expected: str,
    observed: str = "",
    tolerance: str = "exact",
    evidence: Iterable[int] = (),
) -> Verdict:
    """Fail with the first findings named, or pass with what was shown to hold."""
    if not found:
        return Verdict(claim.id, Outcome.PASS, good, expected, observed or good, tolerance, tuple(evidence))
    shown = "; ".join(found[:SHOWN]) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
    return Verdict(claim.id, Outcome.FAIL, shown, expected, observed or shown, tolerance, tuple(evidence))


def unknown(claim: Claim, reason: str, evidence: Iterable[int] = ()) -> Verdict:
    """The evidence does not tell."""
    return Verdict(claim.id, Outcome.UNKNOWN, reason, evidence=tuple(evidence))


def not_verified(claim: Claim, reason: str) -> Verdict:
    """This machine or target cannot show it."""
    return Verdict(claim.id, Outcome.NOT_VERIFIED, reason)


def compare(name: str, observed: Mapping[Labels, float], expected: Expected) -> list[str]:
    """Differences between counts by label set and their expected intervals; an absent series counts as 0.

    NaN lies in no interval, so it is a difference.
    """
    found = []
    for labels in sorted(observed.keys() | expected.keys()):
        interval: Interval = expected.get(labels, ZERO)
        value = observed.get(labels)
        if (0.0 if value is None else value) not in interval:
            shown = "no series" if value is None else f"{value:g}"
            origin = "" if labels in expected else " (nobody sent that)"
            found.append(f"{series_text(name, labels)} is {shown}, truth {interval}{origin}")
    return found
