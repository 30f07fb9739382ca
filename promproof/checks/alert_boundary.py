"""alert/NAME/boundary: in virtual time the alert is silent just below its documented threshold and fires just above.

Judged on points that promtool answered for the deployed rule files: the state must change between two points that
enclose the documented threshold and lie within one percent of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.checks.boundary_worlds import BEFORE, EARLY, FIRING, fault, worlds
from promproof.contract.model import Alert, Contract
from promproof.contract.model import Boundary as Promised
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Record
from promproof.evidence.records import Boundary
from promproof.verdict import Verdict

RESOLUTION = 0.005
_EVALUATION = re.compile(r"rule: .*(duplicate series|many-to-many|same labelset)")


@dataclass(frozen=True)
class Point:
    """One asked case: the alert, its quantity `q` (None: no series at all), and whether the alert fired."""

    alert: str
    q: float | None
    fired: bool


def flip(points: Iterable[Point]) -> tuple[float | None, float | None]:
    """The neighbours between which an alert's state changes, (lower, upper); None where there is no such point.

    With one state everywhere, the pair says on which side of all points the change must lie.
    """
    asked = sorted((point.q, point.fired) for point in points if point.q is not None)
    if not asked:
        return None, None
    for (low, before), (high, after) in pairwise(asked):
        if before != after:
            return low, high
    # One state everywhere: below all points when it always fired, above them when it never did.
    return (None, asked[0][0]) if asked[0][1] else (asked[-1][0], None)


def claims(contract: Contract) -> list[Claim]:
    """One claim for each alert."""
    return [Claim(f"alert/{alert.name}/boundary", alert.name) for alert in contract.alerts]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare where the alert flips with where the documentation says it does."""
    alert = evidence.contract.alert(claim.subject)
    if alert.boundary is None:
        return _of_rule(claim, alert, evidence.history.last(Boundary))
    record = evidence.need(Boundary)
    if record.data.error:
        return unknown(claim, record.data.error, [record.number])
    points = [Point(*row) for row in record.data.points_of(alert.name)]
    said = refusals(alert, record.data)
    if said:
        return refused(claim, said, [record.number])
    if not points:
        return unknown(claim, "no point was asked", [record.number])
    low, high = flip(points)
    edge = alert.boundary.threshold
    found = (
        _state_findings(alert.boundary, points)
        if alert.unit == "state"
        else _findings(alert, alert.boundary, points, low, high)
    )
    absent = next((point.fired for point in points if point.q is None), None)
    if absent is not None and absent != alert.vanished:
        found.append("fires without any series" if absent else "does not fire for a target that vanished")
    asked = len(record.data.worlds_of(alert.name))
    beside = f", {asked} further worlds" if asked else ""
    if not found:  # what is wrong with one world alone is wrong with all of them
        found = world_findings(alert, record.data)
    return findings(
        claim,
        found,
        good=f"flips between {_share(low)} and {_share(high)}, {len(points)} points{beside}",
        expected=f"silent on one side of {_share(edge)}, firing on the other",
        tolerance=f"{RESOLUTION:.1%} of the threshold, the distance of the nearest points",
        evidence=[record.number],
    )


def refusals(alert: Alert, record: Boundary) -> list[str]:
    """What promtool said of an alert instead of answering, each once."""
    said = [record.refused[alert.name]] if alert.name in record.refused else []
    said += [row.refused for row in record.worlds_of(alert.name) if row.refused]
    return list(dict.fromkeys(said))


def refused(claim: Claim, said: list[str], evidence: list[int]) -> Verdict:
    """Prometheus can't evaluate it where its documented series are: that is a fact; all else is unknown."""
    broken = [text for text in said if _EVALUATION.search(text)]
    if not broken:
        return unknown(claim, said[0], evidence)
    return findings(
        claim,
        [f"Prometheus can't evaluate it with these series: {broken[0]}"],
        good="",
        expected="an answer for every series that the contract names",
        evidence=evidence,
    )


def world_findings(alert: Alert, record: Boundary) -> list[str]:
    """What is wrong in the further worlds; whether it resolves is a claim of its own."""
    said = {row.world: row.counts for row in record.worlds_of(alert.name)}
    found = []
    for world in worlds(alert):
        counts = said.get(world.name)
        if counts is None:
            continue
        if not world.is_course:
            wrong = fault(world, counts)
            found += [f"{world.name}: {wrong}"] if wrong else []
            continue
        if counts[BEFORE]:
            found.append(f"{world.name}: it is active before the cause")
        if counts[EARLY]:
            found.append(f"{world.name}: it fires before its window and `for` have passed")
        if not counts[FIRING]:
            found.append(f"{world.name}: it does not fire after {_times(alert)}")
    return found


def _times(alert: Alert) -> str:
    parts = [
        text
        for text in (alert.window and f"a window of {alert.window}", alert.hold and f"for {alert.hold}")
        if text
    ]
    return " and ".join(parts) or "all of its windows and `for`"


def _findings(
    alert: Alert, boundary: Promised, points: list[Point], low: float | None, high: float | None
) -> list[str]:
    threshold = boundary.threshold
    wanted = f"{alert.comparator or ('>' if boundary.fires_when == 'above' else '<')} {_share(threshold)}"
    fires = [point.q for point in points if point.fired and point.q is not None]
    if low is None and fires:
        return [f"fires at {_share(min(fires))} already, documented {wanted}"]
    if high is None:
        return [f"never fires, asked up to {_share(low)}, documented {wanted}"]
    assert low is not None
    if not (low <= threshold <= high and high - low <= 2.1 * RESOLUTION * threshold):
        return [f"flips between {_share(low)} and {_share(high)}, documented {wanted}"]
    above = next(point.fired for point in points if point.q == high)
    if above != (boundary.fires_when == "above"):
        return [f"fires {'above' if above else 'below'} {_share(threshold)}, documented the other side"]
    return []


def _of_rule(claim: Claim, alert: Alert, record: Record[Boundary] | None) -> Verdict:
    """Of an alert whose contract says nothing about series: what its rule does, if it has the documented number."""
    none = "the contract has no `boundary`"
    if record is None or alert.name not in record.data.rules:
        return not_verified(claim, f"{none}: nothing says which series move its quantity")
    verdict, flips, reason = record.data.rules[alert.name]
    if alert.always:
        return findings(
            claim,
            [] if flips == "always" else [f"its rule is {verdict}, and flips at {flips or 'nothing'}"],
            good="fires always",
            expected="always firing, whatever there is",
            evidence=[record.number],
        )
    if verdict in ("dead", "contradicted"):
        return findings(
            claim,
            [f"its rule is {verdict}: {reason}"],
            good="",
            expected="silent on one side of its threshold, firing on the other",
            evidence=[record.number],
        )
    if verdict == "proven" and alert.threshold is None and flips not in ("", "-"):
        return findings(
            claim,
            [],
            good=f"its rule flips at {flips}, by series made from its expression; no number is documented",
            expected="silent on one side of what it asks for, firing on the other",
            evidence=[record.number],
        )
    points = [Point(*row) for row in record.data.points_of(alert.name)]
    if verdict != "proven" or alert.threshold is None or not points:
        known = f"its rule flips at {flips}" if verdict == "proven" else f"its rule is {verdict}: {reason}"
        return not_verified(claim, f"{none}, and {known}")
    fired = [point.q for point in points if point.fired and point.q is not None]
    silent = [point.q for point in points if not point.fired and point.q is not None]
    found: list[str] = []
    if not fired or not silent:
        return not_verified(claim, f"{none}, and its rule was asked on one side alone")
    if alert.comparator in (">", ">=") and max(silent) > min(fired):
        found = [f"fires below {_share(alert.threshold)}, documented the other side"]
    if alert.comparator in ("<", "<=") and min(silent) < max(fired):
        found = [f"fires above {_share(alert.threshold)}, documented the other side"]
    return findings(
        claim,
        found,
        good=f"its rule flips at {flips}, by series made from its expression",
        expected=f"{alert.comparator} {_share(alert.threshold)}",
        evidence=[record.number],
    )


def _state_findings(boundary: Promised, points: list[Point]) -> list[str]:
    found = []
    for point in points:
        if point.q is None:
            continue
        wanted = (point.q > boundary.threshold) == (boundary.fires_when == "above")
        if point.fired != wanted:
            found.append(f"at state {point.q:g} it {'fires' if point.fired else 'is silent'}")
    return found


def _share(q: float | None) -> str:
    return "beyond all points" if q is None else f"{q:.4g}"


CHECK = register(Check("boundary", claims, judge, order=620))
