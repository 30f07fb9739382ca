"""What a check is: the claims it can judge, and a pure function from (claim, evidence) to a verdict.

Each module of this folder holds one kind of claim and registers its check; adding one touches no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from promproof.checks.scope import Scope, judged
from promproof.contract.model import Contract, Metric
from promproof.crash import Keep, without_file
from promproof.evidence.evidence import Evidence, Gap, NotShown
from promproof.evidence.records import Trouble
from promproof.exposition import Labels, series_text
from promproof.registry import Registry
from promproof.truth.metrics import ZERO, Expected, Interval
from promproof.verdict import Outcome, Verdict

LAST = 1000
"""The order of a check from a plugin folder: its claims follow those of the library."""
SHOWN = 5  # findings named in a reason; the rest is counted


@dataclass(frozen=True)
class Claim:
    """One promise to judge: its id, and the metric or alert it is about."""

    id: str
    subject: str = ""


@dataclass(frozen=True)
class Check:
    """A kind of claim: which ones a contract makes, and how one is judged.

    order: where its claims stand in reports; each module has a number of its own. scope: of which of several instances
    it is.
    """

    name: str
    claims: Callable[[Contract], Iterable[Claim]]
    judge: Callable[[Claim, Evidence], Verdict]
    order: int = LAST
    scope: Scope = "run"


CHECKS: Registry[Check] = Registry("check", "promproof.checks", lambda check: check.order)
"""Every check there is, in the order of reports."""


def register(check: Check) -> Check:
    """Have a check judge the claims that it finds in the contract of every run."""
    return CHECKS.add(check.name, check)


def for_metrics(aspect: str, wanted: Callable[[Metric], bool]) -> Callable[[Contract], list[Claim]]:
    """Claims `metric/NAME/aspect` for the metrics that are wanted."""
    return lambda contract: [
        Claim(f"metric/{metric.name}/{aspect}", metric.name) for metric in contract.metrics if wanted(metric)
    ]


Pairs = Sequence[tuple[Check, Claim]]


def claims_of(check: Check, contract: Contract) -> list[tuple[Check, Claim]]:
    """The claims of one check; of one that cannot even name them, a claim that says so."""
    try:
        return [(check, claim) for claim in check.claims(contract)]
    except Exception as error:
        raised = error

    def say(claim: Claim, evidence: Evidence) -> Verdict:
        raise raised

    return [(Check(check.name, check.claims, say), Claim(f"config/claims-of/{check.name}"))]


def judge_each(
    pairs: Pairs, evidence: Evidence, keep: Keep = without_file, stop: Callable[[], str] = lambda: ""
) -> Iterator[Verdict]:
    """A verdict for each claim in order, each with the run's time scale.

    stop: asked before each claim; why nothing more is judged, or nothing.
    """
    scale = evidence.scale.factor
    for check, claim in pairs:
        why = stop()
        verdict = not_judged(claim, why) if why else judge(check, claim, evidence, keep)
        yield replace(verdict, time_scale=scale)


def judge(check: Check, claim: Claim, evidence: Evidence, keep: Keep = without_file) -> Verdict:
    """Judge one claim; evidence that is missing makes it unknown, and so does an exception that nobody expected.

    What is unknown in a run that broke off is a symptom of that.
    """
    try:
        verdict = judged(check.scope, claim.id, partial(check.judge, claim), evidence)
    except NotShown as gap:
        return not_verified(claim, str(gap))
    except Gap as gap:
        verdict = unknown(claim, str(gap))
    except Exception as error:
        return unknown(claim, f"the check itself broke: {keep(f'judging {claim.id}', error)}")
    trouble = next(evidence.history.of(Trouble), None)
    if verdict.outcome is not Outcome.UNKNOWN or trouble is None:
        return verdict
    reason = f"{verdict.reason}; the run broke off: {first_line(trouble.data.error)}"
    return replace(verdict, reason=reason, evidence=(*verdict.evidence, trouble.number), symptom=True)


def not_judged(claim: Claim, why: str) -> Verdict:
    """Nobody looked: the run was ended before."""
    return Verdict(claim.id, Outcome.UNKNOWN, f"not judged: {why}", symptom=True)


def first_line(text: object) -> str:
    """The first line of a text, which of an error says what happened."""
    return next(iter(str(text).splitlines()), "")


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
