"""What a drill needs of the target and of the stack, so that one that can't be driven is told before it begins."""

from __future__ import annotations

from promproof.drills.drill import Drill, NearMiss
from promproof.faults.kind import Need
from promproof.stack.choice import Can


def needs_of(drill: Drill) -> tuple[set[Need], set[Can]]:
    """What a drill needs of target and stack: for its fault, its harmless side, and its disturbance."""
    needs, able = set(drill.fault.needs), set(drill.fault.stack_needs)
    what = drill.disturb.what if drill.disturb is not None else ""
    if (isinstance(drill.below, NearMiss) and drill.below.lasts is None) or what == "scrapes_fail":
        needs.add(Need.FAULT_PORT)
    if what == "target_restarts":
        needs.add(Need.TARGET)
    if what in ("alertmanager_restarts", "prometheus_restarts"):
        able.add(Can.CONTROL)
    return needs, able
