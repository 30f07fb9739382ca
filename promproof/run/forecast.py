"""How long a run will take, from its plan: only for the progress line, never for a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promproof.contract.model import seconds
from promproof.drills import fresh
from promproof.drills.aging import awaited
from promproof.drills.batching import Stage
from promproof.drills.drill import Loaded
from promproof.drills.plan import steps
from promproof.load import scenario as scenarios
from promproof.run.mixing import staged
from promproof.run.pace import pace_of, timing_of
from promproof.run.prepared import Prepared
from promproof.run.senders import SCRAPES

UP_SECONDS = 15.0
"""until everything is up and the first scrape is there, as a rule"""
REST_SECONDS = 15.0
"""connections, memory and every panel"""
END_SECONDS = 20.0
"""judging and tear-down, on a machine that is not busy"""


def of_main_job(prepared: Prepared) -> float | None:
    """Seconds of the main job at most; None when the plan does not tell."""
    try:
        return UP_SECONDS + _traffic(prepared) + REST_SECONDS + _handlers(prepared) + END_SECONDS
    except Exception:  # a forecast is worth no run
        return None


def of_drills(prepared: Prepared, drills: Sequence[Loaded]) -> float | None:
    """Seconds of drills at most; None when the plan does not tell."""
    try:
        timings = [timing_of(prepared, prepared.contract.alert(drill.plan.alert)) for drill in drills]
        settling = max(timing.group_interval for timing in timings)
        driven = sum(_stage(prepared, stage) for stage in staged(prepared, drills))
        return UP_SECONDS + settling + driven + END_SECONDS
    except Exception:  # as above
        return None


def _stage(prepared: Prepared, stage: Stage) -> float:
    """The longest of its drills, or of those that follow each other."""
    ends: dict[str, float] = {}
    for drill in stage.drills:
        before = max((ends[name] for name in stage.after.get(drill.plan.name, ())), default=0.0)
        ends[drill.plan.name] = before + _steps(prepared, drill)
    return max(ends.values())


def _traffic(prepared: Prepared) -> float:
    pace = pace_of(prepared)
    lasts = scenarios.load(prepared.reconcile).seconds or 0.0
    total = max(lasts, SCRAPES * pace.scrape_interval)
    if prepared.drill is None:
        return total
    windows = map(pace.scale.seconds, awaited(prepared.contract, prepared.rules, prepared.drill.plan.may))
    return total + max(windows, default=0.0) + _steps(prepared, prepared.drill)


def _handlers(prepared: Prepared) -> float:
    return seconds(prepared.contract.target.longest_handler)


def _steps(prepared: Prepared, drill: Loaded) -> float:
    alert = prepared.contract.alert(drill.plan.alert)
    timing = replace(drill.plan.timed(timing_of(prepared, alert)), fresh=fresh.is_needed(drill, alert))
    return sum(step.seconds for step in steps(drill.plan, timing, 0.0))
