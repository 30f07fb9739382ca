"""Of which instances a check is about, where a run has several, and what their verdicts come to.

A check knows one target. It is handed the evidence of each instance in turn, or that of all together, and does not
change: what is exact for each instance is exact for their sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from promproof.evidence.evidence import Evidence, Gap, NotShown
from promproof.evidence.instances import instances, nobody_knows, of_each, together
from promproof.verdict import Outcome, Verdict

Scope = Literal["run", "each", "counted", "split", "together", "first", "alone"]
"""run: the run as a whole. each: every instance by itself. counted: every instance, or their sum where nobody knows
which of them answered. split: every instance, and nothing where that is not known. together: all in one. first: the
one that things are done to. alone: a service of one instance only.
"""
WORST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_VERIFIED)
Judge = Callable[[Evidence], Verdict]


def judged(scope: Scope, claim: str, judge: Judge, evidence: Evidence) -> Verdict:
    """The verdict on a claim in a run over any number of instances.

    Raises:
        Gap: as the check does.
        NotShown: the claim cannot be judged for several instances.
    """
    number = len(instances(evidence))
    if not number or scope == "run":
        return judge(evidence)
    if scope == "alone":
        raise NotShown(f"it is judged for a service of one instance, and this one has {number}")
    is_known = not evidence.run.balanced
    if scope == "split" and not is_known:
        raise NotShown(nobody_knows(number))
    if scope == "together" or (scope == "counted" and not is_known):
        verdict = judge(together(evidence))
        if verdict.outcome is not Outcome.PASS or is_known:
            return verdict
        return _with(verdict, f"{verdict.reason}; the sum of {number} instances, {nobody_knows(number)}")
    parts = of_each(evidence)
    if scope == "first":
        verdict = judge(parts[evidence.run.instance])
        return _with(verdict, f"{verdict.reason} ({evidence.run.instance} alone, one of {number} instances)")
    return _told({instance: _tried(claim, judge, part) for instance, part in parts.items()}, number)


def _tried(claim: str, judge: Judge, evidence: Evidence) -> Verdict:
    """As the check says of one instance; what is missing of one hides nothing of the others."""
    try:
        return judge(evidence)
    except NotShown as gap:
        return Verdict(claim, Outcome.NOT_VERIFIED, str(gap))
    except Gap as gap:
        return Verdict(claim, Outcome.UNKNOWN, str(gap))


def _told(verdicts: Mapping[str, Verdict], number: int) -> Verdict:
    """The worst of several verdicts, with what is said of each instance that has it."""
    outcomes = {verdict.outcome for verdict in verdicts.values()}
    outcome = next((worst for worst in WORST if worst in outcomes), Outcome.PASS)
    mine = {instance: verdict for instance, verdict in verdicts.items() if verdict.outcome is outcome}
    whose: dict[str, list[str]] = {}
    for instance, verdict in mine.items():
        whose.setdefault(verdict.reason, []).append(instance)
    said = "; ".join(f"{', '.join(named)}: {reason}" for reason, named in whose.items())
    records = tuple(dict.fromkeys(record for verdict in mine.values() for record in verdict.evidence))
    reason = f"{number} instances, {said}" if outcome is Outcome.PASS else said
    return replace(_with(next(iter(mine.values())), reason), evidence=records)


def _with(verdict: Verdict, reason: str) -> Verdict:
    observed = reason if verdict.observed == verdict.reason else verdict.observed
    return replace(verdict, reason=reason, observed=observed)
