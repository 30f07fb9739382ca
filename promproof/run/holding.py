"""Whether a machine keeps up with a run's traffic at its time scale, and what a run does when it can't.

A target that answers every request of the drills and has no time left for its scrapes shows nothing: every alert is
blind. That is seen while clean traffic fills the windows, before any fault. With a smaller time scale the windows are
longer, so that fewer requests a second are as many in a window: rate and scale go down together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from promproof.config.timescale import TimeScale
from promproof.drills.drill import Loaded
from promproof.errors import InputError
from promproof.run.bench import Bench
from promproof.run.options import DEFAULT_TIME_SCALE
from promproof.run.prepared import Prepared
from promproof.run.scaling import gate, smaller
from promproof.verdict import Outcome, Verdict

SHARE = 0.1
"""of the scrapes may be slow by themselves: a pause of the machine, a first request"""
MAIN_SHARE = 0.25
"""of them in a main job: it has one drill, whose target is idle half of the time, and other ways to tell at its end"""
FEWEST = 8
"""scrapes, of which a tenth says nothing"""
LIVE = "/live/"
"""in the id of a claim: what an alert did in the main job's drill"""
STEP = 2.0
"""by which rate and scale go down: a target that is busy all the time is then busy half of it"""


class TooMuch(InputError):
    """The machine does not hold the traffic at this time scale; nothing was dosed, and all was ended again."""


def slow(
    ups: Mapping[float, float], durations: Mapping[float, float], timeout: float, share: float = SHARE
) -> str:
    """What is wrong with the scrapes of a target under clean traffic, in words; empty when nothing is.

    ups, durations: samples of `up` and `scrape_duration_seconds` by their time stamps; timeout: seconds. A scrape is
    slow when it takes more than half of its time-out; one that fails at once meets another trouble, which a smaller
    time scale does not mend. share: so many of them say nothing.
    """
    late = [stamp for stamp in ups if durations.get(stamp, timeout) > timeout / 2]
    if len(ups) < FEWEST or len(late) <= share * len(ups):
        return ""
    return f"{len(late)} of {len(ups)} scrapes took more than half of their {timeout * 1000:.0f} ms"


def seen_slow(bench: Bench, filled: float, share: float = SHARE) -> str:
    """What is wrong with the scrapes of the run's target in the last `filled` seconds; empty when nothing is."""

    def stored(name: str) -> dict[float, float]:
        found = bench.monitoring.prometheus.samples(f"{name}{{{bench.service.selector}}}", filled)
        return {stamp: value for series in found for stamp, value in series.samples}

    return slow(stored("up"), stored("scrape_duration_seconds"), bench.pace.scrape_timeout, share)


def refuse_doubt(prepared: Prepared, verdicts: Sequence[Verdict]) -> None:
    """End a run beyond the default time scale that left claims in doubt, so that it is driven again at that one.

    In doubt is what is unknown, and what an alert did live: the target was sent more than the drill is written for, and
    one that can't answer it is slow, or fails, by that alone. What failed besides has nothing to do with it.

    Raises:
        TooMuch: something is in doubt, and nothing else failed.
    """
    failed = [verdict for verdict in verdicts if verdict.outcome is Outcome.FAIL]
    is_red = not all(LIVE in verdict.claim for verdict in failed)
    if prepared.scale.factor <= DEFAULT_TIME_SCALE or is_red or with_less(prepared) is None:
        return
    _refuse_doubtful(prepared, verdicts)


def refuse_doubtful_drills(
    prepared: Prepared,
    drills: Sequence[Loaded],
    refuse: Callable[[Prepared, Sequence[Loaded]], None],
    verdicts: Sequence[Verdict],
) -> None:
    """End a run of drills beyond the default time scale that left claims in doubt; all of them are about alerts live.

    Raises:
        TooMuch: something failed or is unknown, and the default may be taken.
    """
    if prepared.scale.factor > DEFAULT_TIME_SCALE and lowered(prepared, drills, refuse) is not None:
        _refuse_doubtful(prepared, verdicts)


def _refuse_doubtful(prepared: Prepared, verdicts: Sequence[Verdict]) -> None:
    failed = [verdict for verdict in verdicts if verdict.outcome is Outcome.FAIL]
    doubtful = [*failed, *(verdict for verdict in verdicts if verdict.outcome is Outcome.UNKNOWN)]
    if doubtful:
        first, more = doubtful[0], f", and {len(doubtful) - 1} more" if len(doubtful) > 1 else ""
        said = "failed" if failed else "unknown"
        raise TooMuch(
            what=f"time scale {prepared.scale} leaves {first.claim} {said}{more}: {first.reason}",
            where="--time-scale",
            expected="a smaller one",
            todo="run it when nothing else runs, or name a smaller one",
        )


def with_less(prepared: Prepared) -> Prepared | None:
    """The main job at a smaller time scale, and its drill with less; None where that can't be, or nobody may."""
    if prepared.drill is None:
        return None
    less = lowered(prepared, [prepared.drill], lambda scaled, fewer: gate(scaled, fewer[0]))
    return None if less is None else replace(less[0], drill=less[1][0])


def lowered(
    prepared: Prepared, drills: Sequence[Loaded], refuse: Callable[[Prepared, Sequence[Loaded]], None]
) -> tuple[Prepared, list[Loaded]] | None:
    """The same drills at half the time scale and with half the rate; None where that can't be, or nobody may.

    One beyond the default falls to that: the machine was thought to have time to spare, and has not.
    A time scale that was asked for stays. refuse: raises InputError for drills that can't be told apart.
    """
    if prepared.options.time_scale is not None:
        return None
    before = prepared.scale.factor
    for scale in smaller(prepared, DEFAULT_TIME_SCALE if before > DEFAULT_TIME_SCALE else before / STEP):
        fewer = [drill.at_rate(scale.factor / before) for drill in drills]
        why = f"at {prepared.scale}: more requests a second than this machine holds beside its scrapes"
        found = replace(prepared, scale=scale, scale_reason=why)
        try:
            refuse(found, fewer)
        except InputError:
            continue
        return found, fewer
    return None


def too_much(seen: str, rate: float, scale: TimeScale) -> TooMuch:
    """The error about a machine that can't keep up. rate: sessions a second of all traffic."""
    return TooMuch(
        what=f"this machine does not hold {rate:g} sessions a second at time scale {scale}: {seen}",
        where="--time-scale",
        expected="a smaller one",
        todo="run it when nothing else runs, or name a smaller one",
    )
