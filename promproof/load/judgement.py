"""Verdicts on a run: pure functions of its account. Nothing here waits, sends or knows a clock.

A run that is invalid passes and fails nothing: every verdict is unknown, with what it would have been.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf

from promproof.crash import Keep, without_file
from promproof.load.account import Account, StageResult, Window
from promproof.load.conditions import Condition, parse_condition
from promproof.load.quantities import measure, unexpected

INTERRUPTIONS = ("asked to stop", "interrupted")


class Outcome(StrEnum):
    """What a verdict says."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Judgement:
    """One condition's verdict, with what was seen in words."""

    condition: str
    outcome: Outcome
    seen: str


@dataclass(frozen=True)
class Knee:
    """Where the target stopped keeping up: the rate of the last stage that kept the conditions, and what broke.

    held: 0 when the first stage broke. broken: the rate of the stage that did, None when all held.
    generator: the generator was at its own limit by then, so the knee lies at `held` or higher, unknown where.
    """

    held: float
    broken: float | None
    why: str
    generator: bool = False

    def __str__(self) -> str:
        if self.broken is None:
            return f"no stage broke: the knee is above {self.held:g}/s"
        return f"kept at {self.held:g}/s, not at {self.broken:g}/s: {self.why}"


UNEXPECTED = "unexpected == 0"
"""what a scenario without conditions must keep"""


def conditions_of(given: Sequence[Condition]) -> list[Condition]:
    """The conditions to judge; by default, that every answer was an expected one."""
    return list(given) or [parse_condition(UNEXPECTED)]


def invalid(account: Account, stopped_for: str | None = None) -> list[str]:
    """Why the run can prove nothing; empty when it can.

    stopped_for: why whoever judges has ended it early, which is no interruption.
    """
    reasons = [str(problem) for problem in account.final.get("problems", ())]
    if not account.final:
        reasons.append("the generator ended without its final line: what it sent last is unknown")
    elif account.stop_reason in INTERRUPTIONS and stopped_for is None:
        wanted = account.scenario.seconds
        of = f" of {wanted:g} s" if wanted is not None else ""
        reasons.append(f"interrupted after {account.seconds:.1f} s{of}")
    return reasons


def find_knee(account: Account) -> Knee | None:
    """The knee as far as the stages that have ended tell; None while no stage has."""
    held = 0.0
    for stage in account.stages:
        rate = max(stage.edges)
        if limit := _generators_limit(account, stage):
            return Knee(held, rate, limit, generator=True)
        for condition in account.scenario.knee:
            observed = measure(condition, stage.view, stage.seconds)
            if observed is None or not condition.holds(observed):
                seen = "nothing was answered" if observed is None else condition.show(observed)
                return Knee(held, rate, f"{condition}: {seen}")
        held = rate
    return Knee(held, None, "") if account.stages else None


def broken_early(account: Account) -> str | None:
    """Why the run should be ended now: a condition with abort that a window broke, or the knee."""
    for condition in account.conditions:
        if condition.abort and condition.over is not None:
            for window in account.windows(condition):
                if window.observed is not None and not condition.holds(window.observed):
                    return f"{condition}: {_at(condition, window)}"
    if account.scenario.knee and (knee := find_knee(account)) is not None and knee.broken is not None:
        return f"the knee is found: {knee}"
    return None


def judge(
    account: Account,
    reasons: Sequence[str],
    stopped_for: str | None = None,
    keep: Keep = without_file,
) -> list[Judgement]:
    """Verdicts on all conditions that the ledger can judge, in their order.

    reasons: why the run is invalid, if it is. keep: takes an exception that nobody expected, which makes its condition
    unknown and no other.
    """
    found = [
        guarded(wanted, lambda condition: _judge(account, condition), keep)
        for wanted in account.conditions
        if not wanted.asks_prometheus
    ]
    if reasons:
        return [_doubted(judgement, f"the run is invalid: {reasons[0]}") for judgement in found]
    if stopped_for is not None and not account.scenario.knee:
        # what was kept so far may not have been kept to the end
        return [
            _doubted(judgement, "the run was ended early") if judgement.outcome is Outcome.PASS else judgement
            for judgement in found
        ]
    return found


def guarded(condition: Condition, judge: Callable[[Condition], Judgement], keep: Keep) -> Judgement:
    """A judgement; unknown when judging raises what nobody expected."""
    try:
        return judge(condition)
    except Exception as error:
        said = keep(f"judging {condition.text}", error)
        return Judgement(condition.text, Outcome.UNKNOWN, f"the check itself broke: {said}")


def exit_status(judgements: Sequence[Judgement], reasons: Sequence[str]) -> int:
    """1 when a condition is broken, 2 when the run is invalid or something is unknown, else 0."""
    outcomes = {judgement.outcome for judgement in judgements}
    if Outcome.FAIL in outcomes:
        return 1
    return 2 if reasons or not outcomes or Outcome.UNKNOWN in outcomes else 0


def _judge(account: Account, condition: Condition) -> Judgement:
    if condition.over is not None:
        return _judge_windows(condition, account.windows(condition))
    if condition.quantity == "knee":
        return _judge_knee(account, condition)
    if condition.stage is not None:
        stage = next((stage for stage in account.stages if stage.name == condition.stage), None)
        if stage is None:
            return Judgement(
                condition.text, Outcome.UNKNOWN, f"the run did not come to the end of {condition.stage}"
            )
        observed = measure(condition, stage.view, stage.seconds)
    elif condition.quantity == "unexpected":
        observed = unexpected(condition, account.final.get("surprises", ()), account.view())
    elif condition.quantity == "missed":
        generator = account.final.get("generator", {})
        missed, planned = generator.get("missed"), generator.get("planned")
        observed = (
            missed if missed is None or condition.unit != "share" else missed / planned if planned else None
        )
    else:
        observed = measure(condition, account.view(), account.seconds)
    if observed is None:
        return Judgement(condition.text, Outcome.UNKNOWN, "there was nothing to measure")
    return Judgement(condition.text, _outcome(condition, observed), condition.show(observed))


def _judge_windows(condition: Condition, windows: Sequence[Window]) -> Judgement:
    seen = [window for window in windows if window.observed is not None]
    if not seen:
        return Judgement(
            condition.text, Outcome.UNKNOWN, f"no window of {condition.over:g} s was measured to its end"
        )
    broken = [
        window for window in seen if window.observed is not None and not condition.holds(window.observed)
    ]
    if broken:
        text = f"{_at(condition, broken[0])}; {len(broken)} of {len(seen)} windows"
        return Judgement(condition.text, Outcome.FAIL, text)
    worst = max if condition.comparator in ("<", "<=") else min
    most = worst(seen, key=lambda window: window.observed if window.observed is not None else -inf)
    return Judgement(condition.text, Outcome.PASS, f"{_at(condition, most)} at worst; {len(seen)} windows")


def _judge_knee(account: Account, condition: Condition) -> Judgement:
    knee = find_knee(account)
    if knee is None:
        return Judgement(condition.text, Outcome.UNKNOWN, "no stage was completed")
    # a generator at its own limit, or stages that all held, bound the knee from below only
    certain = knee.broken is not None and not knee.generator
    if condition.comparator in (">", ">=") and condition.holds(knee.held):
        return Judgement(condition.text, Outcome.PASS, str(knee))
    if not certain:
        return Judgement(condition.text, Outcome.UNKNOWN, str(knee))
    return Judgement(condition.text, _outcome(condition, knee.held), str(knee))


def _generators_limit(account: Account, stage: StageResult) -> str | None:
    limits = account.scenario.generator
    lag = stage.lag(99.0)
    if lag is not None and lag > limits.lag:
        return f"the generator itself was {lag:.3f} s late in stage {stage.name}"
    if stage.cpu is not None and stage.cpu > limits.cpu:
        return f"the generator itself used {stage.cpu:.0%} of a CPU in stage {stage.name}"
    return None


def _outcome(condition: Condition, observed: float) -> Outcome:
    return Outcome.PASS if condition.holds(observed) else Outcome.FAIL


def _at(condition: Condition, window: Window) -> str:
    shown = "nothing" if window.observed is None else condition.show(window.observed)
    return f"{shown} from {window.begin:g} s to {window.end:g} s"


def _doubted(judgement: Judgement, why: str) -> Judgement:
    if judgement.outcome is Outcome.UNKNOWN:
        return judgement
    return replace(judgement, outcome=Outcome.UNKNOWN, seen=f"{why} (seen: {judgement.seen})")
