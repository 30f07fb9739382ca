"""Drills of alerts whose windows no run can wait for: they begin a run, before anything else is done to their metrics.

Of burn-rate alerts over hours and days even the short window is longer than a run. Whatever an earlier drill has dosed
would be in it to the end. So such a drill is the first of its run, and two of them that look at the same metrics are
two runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from promproof.contract.model import Alert, Contract, seconds
from promproof.drills.aging import LONGEST_WAIT
from promproof.drills.drill import Loaded
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence, Gap


def is_needed(drill: Loaded, alert: Alert) -> bool:
    """Whether a drill has to be the first: it doses a share over two windows, one of which no run waits for."""
    if alert.window is None or alert.short_window is None or drill.plan.above is None:
        return False
    return drill.plan.decided is not None and seconds(alert.window) > LONGEST_WAIT


def refuse_two(drills: Sequence[Loaded], contract: Contract) -> None:
    """Refuse two drills that would both have to be the first.

    Raises:
        InputError: with file and line of the second.
    """
    first = [drill for drill in drills if is_needed(drill, contract.alert(drill.plan.alert))]
    for one, other in combinations(first, 2):
        metrics, others = (set(contract.alert(drill.plan.alert).metrics) for drill in (one, other))
        if metrics and others and not metrics & others:
            continue
        window = contract.alert(other.plan.alert).window
        raise InputError(
            what=f"the windows of {other.plan.alert}, up to {window}, would hold what {one.plan.name} has dosed",
            where=other.where("alert"),
            expected="one such drill in a run, before anything else is done to its metrics",
            todo=f"drive {one.plan.name} and {other.plan.name} one after the other",
        )


def lost(evidence: Evidence, alert: Alert, since: float) -> float:
    """Events that no rate over its metrics counts: those with which series came to be after the traffic began."""
    total = 0.0
    for name in alert.metrics:
        try:
            series = evidence.stored(name)
        except Gap:
            continue
        firsts = (samples[0] for samples in series.values() if samples)
        total += sum(value for t, value in firsts if t > since)
    return total
