"""Three ledgers of one fault: what it injected, what the clients saw, and what Prometheus stored.

When they do not agree within the derived bound, nobody knows what the alert was shown: the verdict is unknown, whatever
the alert did. For CPU and memory the three are the proc folder, the exporter's own exposition and Prometheus.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.contract.model import Contract, RequestsTruth, TallyTruth, seconds
from promproof.drills.drill import Drill
from promproof.evidence.evidence import Evidence, Gap, Samples
from promproof.exposition import Labels
from promproof.faults.kinds import Dosed, Resource, TargetState

NODE = "stored_node"
BUCKETS = "stored_buckets"


@dataclass(frozen=True)
class Agreement:
    """What was compared, in words, and what did not agree."""

    shown: str
    troubles: tuple[str, ...]


@dataclass(frozen=True)
class Phase:
    """A dose that was held, from the moment it was in effect to the moment it was asked to change (run time)."""

    begin: float
    end: float
    dose: float


def compare(
    evidence: Evidence, drill: Drill, begun: float, ended: float, phases: Sequence[Phase]
) -> Agreement:
    """The ledgers of one drill.

    Raises:
        Gap: one of them was not recorded.
    """
    fault = drill.fault
    if isinstance(fault, Dosed):
        troubles = [*_traffic(evidence, ended), *_doses(evidence, drill)]
        shown, differences = _dosed(evidence, drill, fault, begun, ended)
        return Agreement(shown, (*troubles, *differences))
    if isinstance(fault, Resource):
        return _resource(evidence, drill, fault, phases)
    return _state(evidence, drill, phases)


def _traffic(evidence: Evidence, ended: float) -> list[str]:
    """Traffic must outlive the judgement: an alert may come on the tail of a traffic that stopped."""
    latest = evidence.history.from_monotonic(evidence.ledger.latest)
    if latest < ended - 1.0:
        return [f"the traffic ended at {latest:.2f} s, before the drill did at {ended:.2f} s"]
    return []


def _doses(evidence: Evidence, drill: Drill) -> list[str]:
    """Each fault must have ended by the drill's own doing, with exactly its dose injected."""
    found = []
    for one in _faults(evidence, drill.name, drill.fault.kind):
        if one["ended"] not in ("deleted", "replaced"):
            found.append(f"the fault ended by {one['ended']}, not by the drill")
        if abs(one["injected"] - one["seen"] * one["rate"]) > 1:
            found.append(f"{one['injected']} of {one['seen']} were injected at a dose of {one['rate']:g}")
    return found


def _dosed(
    evidence: Evidence, drill: Drill, fault: Dosed, begun: float, ended: float
) -> tuple[str, list[str]]:
    injected = sum(one["injected"] for one in _faults(evidence, drill.name, fault.kind))
    if not injected:
        return "nothing injected", ["the fault injected nothing"]
    if fault.kind == "slow":
        return _slow(evidence, drill, injected, begun, ended)
    if fault.kind == "errors":
        seen = _errors_seen(evidence, fault.status, begun, ended)
        name, label = _request_metric(evidence.contract)
        stored = increase(evidence.stored(name), {label: str(fault.status)}, begun, ended)
    else:
        metric, tally = _tally_metric(evidence.contract, drill.alert)
        seen = _tallies_seen(evidence, tally, fault.marks, begun, ended)
        stored = increase(evidence.stored(metric), fault.marks, begun, ended)
    lost = _unscraped(evidence, drill, fault)
    shown = f"{injected} injected, {seen} seen by clients, {stored:g} stored"
    troubles = [] if injected == seen and injected - lost <= stored <= injected else [shown]
    return shown, troubles


def _slow(
    evidence: Evidence, drill: Drill, injected: int, begun: float, ended: float
) -> tuple[str, list[str]]:
    """A request can be slow by itself, so both others may count more; how many more leaves the dose in doubt."""
    alert = evidence.contract.alert(drill.alert)
    stored = 0.0
    for name in alert.metrics:
        every = increase(evidence.stored(f"{name}_count"), {}, begun, ended)
        fast = increase(_series(evidence, BUCKETS, f"{name}_bucket"), {}, begun, ended)
        stored += every - fast
    marks = [evidence.need("ledger_mark", drill=drill.name, edge=edge).data for edge in ("begin", "end")]
    seen = marks[1]["slow"] - marks[0]["slow"]
    distance = min(abs(dose - alert.boundary.threshold) for dose in (_share(drill.below), drill.above or 0))
    window = evidence.scale.seconds(seconds(alert.window or "0s"))
    bound = max(0.0, (drill.decided or 0) * window * distance - drill.accumulators - 2)
    shown = f"{injected} injected, {seen} seen by clients, {stored:g} stored"
    if 0 <= stored - injected <= bound and 0 <= seen - injected <= bound:
        return shown, []
    return shown, [f"{shown}; up to {bound:.0f} may be slow by themselves"]


def _errors_seen(evidence: Evidence, status: int, begun: float, ended: float) -> int:
    """Answers with a status between two instants at which none was under way."""
    view, offset = evidence.ledger, evidence.history.monotonic
    return sum(
        view.completed_before(key, ended + offset) - view.completed_before(key, begun + offset)
        for key in view.counts
        if key[2] == status
    )


def _tallies_seen(evidence: Evidence, tally: str, marks: dict[str, str], begun: float, ended: float) -> int:
    view, offset = evidence.ledger, evidence.history.monotonic
    return sum(
        view.tally_completed_before(key, ended + offset) - view.tally_completed_before(key, begun + offset)
        for key in view.tallies
        if key[0] == tally and marks.items() <= dict(key[1]).items()
    )


def _unscraped(evidence: Evidence, drill: Drill, fault: Dosed) -> float:
    """Events between the last scrape and a restart of the target are lost to Prometheus: a scrape interval's worth."""
    if drill.disturb is None or drill.disturb.what != "target_restarts":
        return 0.0
    return (drill.decided or 0.0) * _share(drill.below) * 2 * evidence.interval + 1


def _resource(evidence: Evidence, drill: Drill, fault: Resource, phases: Sequence[Phase]) -> Agreement:
    writer = evidence.need("proc_folder").data
    exporter = [one.data for one in evidence.history.of("node_reading") if one.data["drill"] == drill.name]
    troubles, shown = [], []
    late = [one for one in writer["gaps"] if one["end"] - one["begin"] > writer["most"]]
    if fault.kind == "memory":
        late = []  # it does not depend on when it is written
    for one in late:
        if any(phase.begin <= one["end"] and one["begin"] <= phase.end for phase in phases):
            troubles.append(f"the proc folder was not written for {one['end'] - one['begin']:.2f} s")
    for phase in phases:
        if fault.kind == "cpu":
            stored = _cpu_share(evidence, phase)
            bound = _tick_bound(fault.cpus, phase)
        else:
            stored = _memory_shares(evidence, phase)
            bound = 1e-6
        readings = _exposed(exporter, fault.kind, phase)
        for name, values in (("Prometheus stored", stored), ("the exporter showed", readings)):
            if not values:
                troubles.append(f"{name} nothing at {phase.dose:.1%}")
            troubles += [
                f"{name} {value:.3%} at a dose of {phase.dose:.1%}"
                for value in values
                if abs(value - phase.dose) > bound
            ]
            if values:
                shown.append(f"{name} {values[-1]:.2%}")
    return Agreement("; ".join(shown), tuple(troubles))


def _tick_bound(cpus: int, phase: Phase) -> float:
    """Four modes of each CPU are rounded down, at both ends, on all ticks of the phase but its cut ends."""
    ticks = 100 * cpus * max(phase.end - phase.begin - 1.0, 0.1)
    return 8 * cpus / ticks


def _cpu_share(evidence: Evidence, phase: Phase) -> list[float]:
    """Used CPU time between the first and the last scrape inside a phase, as a share of all of it."""
    idle = every = 0.0
    for labels, values in _stored_inside(evidence, "node_cpu_seconds_total", phase).items():
        if len(values) < 2:
            return []
        every += values[-1] - values[0]
        idle += values[-1] - values[0] if dict(labels)["mode"] == "idle" else 0.0
    return [1 - idle / every] if every else []


def _memory_shares(evidence: Evidence, phase: Phase) -> list[float]:
    free, total = (
        [value for values in _stored_inside(evidence, name, phase).values() for value in values]
        for name in ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes")
    )
    return [1 - one / every for one, every in zip(free, total, strict=False)]


def _stored_inside(evidence: Evidence, name: str, phase: Phase) -> dict[Labels, list[float]]:
    """Values that Prometheus stored of a node metric, of the scrapes that lie wholly inside a phase.

    A sample carries the time at which its scrape began: the exporter may have read its source after a change that came
    while the scrape was under way, so that such a scrape may show either dose.
    """
    ups, durations = (
        {t: value for samples in _series(evidence, NODE, of).values() for t, value in samples}
        for of in ("up", "scrape_duration_seconds")
    )
    wanted = {
        t
        for t, scrape in evidence.scrapes_of(ups, durations).items()
        if phase.begin < scrape.begin and scrape.end <= phase.end
    }
    return {
        labels: [value for t, value in samples if t in wanted]
        for labels, samples in _series(evidence, NODE, name).items()
    }


def _exposed(readings: Iterable[dict[str, Any]], kind: str, phase: Phase) -> list[float]:
    """Shares from readings of the exporter itself inside a phase; CPU needs two of them."""
    inside = [one for one in readings if phase.begin < one["begin"] and one["end"] <= phase.end + 0.001]
    if kind == "memory":
        return [1 - one["available"] / one["total"] for one in inside]
    if len(inside) < 2:
        return []
    every = inside[-1]["cpu"] - inside[0]["cpu"]
    return [1 - (inside[-1]["idle"] - inside[0]["idle"]) / every] if every else []


def _state(evidence: Evidence, drill: Drill, phases: Sequence[Phase]) -> Agreement:
    """Every scrape wholly inside the fault must have failed, or not have taken place."""
    if not isinstance(drill.fault, TargetState):
        return Agreement("a fault of somebody else's target keeps no ledger", ())
    broken = [phase for phase in phases if phase.dose == 1.0]
    inside = [
        one for one in evidence.scrapes if any(p.begin < one.begin and one.end <= p.end for p in broken)
    ]
    troubles = []
    answered = [one for one in inside if one.up == 1]
    if drill.fault.kind == "undiscovered":
        answered = inside  # there should be none at all
    elif not inside:
        troubles.append("no scrape fell into the fault")
    if answered:
        troubles.append(
            f"{len(answered)} scrapes were answered during the fault, at {answered[0].begin:.2f} s first"
        )
    return Agreement(
        f"{len(inside)} scrapes during the fault, {len(answered)} of them answered", tuple(troubles)
    )


def increase(series: dict[Labels, Samples], wanted: dict[str, str], begun: float, ended: float) -> float:
    """Growth of counters between two instants, from raw samples: a value below the one before began anew."""
    total = 0.0
    for labels, samples in series.items():
        if not wanted.items() <= dict(labels).items():
            continue
        before = [value for t, value in samples if t <= begun]
        previous = before[-1] if before else 0.0
        for _, value in ((t, v) for t, v in samples if begun < t <= ended):
            total += value - previous if value >= previous else value
            previous = value
    return total


def _faults(evidence: Evidence, drill: str, kind: str) -> list[dict[str, Any]]:
    return [
        one.data
        for one in evidence.history.of("fault")
        if one.data.get("drill") == drill
        and one.data["kind"] == kind
        and "/metrics" not in str(one.data["routes"])
    ]


def _series(evidence: Evidence, kind: str, name: str) -> dict[Labels, Samples]:
    found: dict[Labels, Samples] = {}
    for record in evidence.history.of(kind):
        for one in record.data["series"]:
            if one["name"] == name:
                labels = tuple(sorted(one["labels"].items()))
                found[labels] = tuple((t, v) for t, v in one["samples"])
    if not found:
        raise Gap(f"no stored samples of {name} were recorded")
    return found


def _request_metric(contract: Contract) -> tuple[str, str]:
    for metric in contract.metrics:
        if isinstance(metric.truth, RequestsTruth):
            return metric.name, metric.truth.status
    raise Gap("the contract has no metric whose truth is 'requests'")


def _tally_metric(contract: Contract, alert: str) -> tuple[str, str]:
    for metric in contract.metrics:
        if metric.name in contract.alert(alert).metrics and isinstance(metric.truth, TallyTruth):
            return metric.name, metric.truth.tally
    raise Gap(f"the contract has no metric of {alert} whose truth is a tally")


def _share(below: object) -> float:
    return below if isinstance(below, float) else 0.0
