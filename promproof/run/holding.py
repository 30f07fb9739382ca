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
from promproof.run.prepared import Prepared
from promproof.run.scaling import smaller

SHARE = 0.1
"""of the scrapes may be slow by themselves: a pause of the machine, a first request"""
FEWEST = 8
"""scrapes, of which a tenth says nothing"""
STEP = 2.0
"""by which rate and scale go down: a target that is busy all the time is then busy half of it"""


class TooMuch(InputError):
    """The machine does not hold the traffic at this time scale; nothing was dosed, and all was ended again."""


def slow(ups: Mapping[float, float], durations: Mapping[float, float], timeout: float) -> str:
    """What is wrong with the scrapes of a target under clean traffic, in words; empty when nothing is.

    ups, durations: samples of `up` and `scrape_duration_seconds` by their time stamps; timeout: seconds. A scrape is
    slow when it fails or takes more than half of its time-out.
    """
    late = [stamp for stamp, up in ups.items() if up == 0 or durations.get(stamp, timeout) > timeout / 2]
    if len(ups) < FEWEST or len(late) <= SHARE * len(ups):
        return ""
    return f"{len(late)} of {len(ups)} scrapes failed or took more than half of their {timeout * 1000:.0f} ms"


def lowered(
    prepared: Prepared, drills: Sequence[Loaded], refuse: Callable[[Prepared, Sequence[Loaded]], None]
) -> tuple[Prepared, list[Loaded]] | None:
    """The same drills at half the time scale and with half the rate; None where that can't be, or nobody may.

    A time scale that was asked for stays. refuse: raises InputError for drills that can't be told apart.
    """
    if prepared.options.time_scale is not None:
        return None
    for scale in smaller(prepared, prepared.scale.factor / STEP):
        fewer = [drill.at_rate(scale.factor / prepared.scale.factor) for drill in drills]
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
