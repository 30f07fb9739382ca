"""Worlds beside the boundaries: where a search begins, what silences an alert without a comparison, what turns it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from promproof.proofs.flips import Boundary, Point, boundary
from promproof.proofs.search import REFUSED, Key, Knobs, Problem, candidates, is_counter
from promproof.proofs.tree import Binary, Call, Selector, Window, walk
from promproof.proofs.world import BEFORE, COPIES, DEFAULTS, LEVEL, PAST, QUANTILE, SLOPE

LASTING = ("_over_time", "irate", "idelta")
"""How functions end whose window still holds a series for a while that is gone."""
CROWDED = 8
"""Families of one metric with others that are left out in turn."""


def ways(problem: Problem, fired: Knobs) -> list[tuple[Knobs, Knobs]]:
    """For each family that can turn the alert: worlds just on either side, the firing one first.

    The last is without any series.
    """
    found = []
    for key, value in fired.items():
        if key[1] not in (LEVEL, SLOPE, QUANTILE):
            continue
        for factor in (0.0, 0.5, 0.9, 1.1, 2.0, 100.0, -1.0):
            yes, no = value, value * factor if value else factor
            if no == yes or (no < 0 and is_counter(problem, key)) or problem.fires({**fired, key: no}):
                continue
            for _ in range(12):
                middle = (yes + no) / 2
                yes, no = (middle, no) if problem.fires({**fired, key: middle}) else (yes, middle)
            found.append(({**fired, key: yes}, {**fired, key: no}))
            break
    gone = {key: 0.0 if key[1] == COPIES else value for key, value in fired.items()}
    return found if problem.fires(gone) else [*found, (fired, gone)]


def gone(problem: Problem, fired: Knobs) -> list[tuple[Knobs, Knobs]]:
    """Worlds without the series of one metric whose last sample counts for a while: only that shows for how long."""
    metrics = {
        window.inner.name
        for node in walk(problem.root)
        if isinstance(node, Call) and node.name.endswith(LASTING) and node.name != "absent_over_time"
        for window in node.args
        if isinstance(window, Window) and isinstance(window.inner, Selector)
    }
    found = []
    most = max((value for key, value in fired.items() if key[1] == COPIES), default=0.0)
    for metric in sorted(metrics):
        numbers = {family.number for family in problem.families if family.metric == metric}
        silent = {
            key: 0.0 if key[1] == COPIES and key[0] in numbers else value for key, value in fired.items()
        }
        there = {
            key: most if key[1] == COPIES and key[0] in numbers else value for key, value in fired.items()
        }
        if silent != fired and not problem.fires(silent):
            found.append((fired, silent))
        elif problem.fires(silent) and not problem.fires(there):  # it silences until it is long gone
            found.append((silent, there))
    return found


def elsewhere(problem: Problem, pairs: Sequence[tuple[Knobs, Knobs]]) -> list[tuple[Knobs, Knobs]]:
    """Worlds on either side without one family, where another alternative of an `or` decides in its place."""
    if not any(isinstance(node, Binary) and node.op == "or" for node in walk(problem.root)):
        return []
    found = []
    for family in problem.families:
        key = (family.number, COPIES)
        for pair in pairs:
            fired, silent = ({**knobs, key: 0.0} for knobs in pair)
            if pair[0].get(key) and problem.fires(fired) and not problem.fires(silent):
                found.append((fired, silent))
    return found


def mirrored(problem: Problem, fired: Knobs) -> list[Knobs]:
    """Of series that took a turn, the same turn the other way: up shows another window of a span than down."""
    found = []
    for key, by in fired.items():
        level: Key = (key[0], LEVEL)
        if key[1] != PAST or not by or level not in fired:
            continue
        other = {**fired, key: -by, level: fired[level] + by}
        if problem.fires(other):
            found.append(other)
    return found


def instead(problem: Problem, pairs: Sequence[tuple[Knobs, Knobs]]) -> list[tuple[Knobs, Knobs]]:
    """Worlds in which another family turns the alert in place of the one that does: the other addend of `a + b > 0`."""
    found = []
    for fired, silent in pairs:
        turned = [key for key, value in fired.items() if silent.get(key) != value]
        for key in [key for key, value in silent.items() if not value] if len(turned) == 1 else ():
            other = {**silent, key: fired[turned[0]]}
            if key[1] == turned[0][1] in (LEVEL, SLOPE) and key != turned[0] and problem.fires(other):
                found.append((other, silent))
    return found


def presence(problem: Problem, fired: Knobs) -> Boundary | None:
    """Series there and not there, for an alert that no comparison decides."""
    for key, value in fired.items():
        if key[1] not in (COPIES, BEFORE):
            continue
        changed = {**fired, key: 0.0 if value else 1.0}
        if not problem.fires(changed) and problem.miss(changed) != REFUSED:
            return Boundary(None, (Point(dict(fired), True), Point(changed, False)), key)
    whole = problem.knobs()
    for key in (key for key in whole if key[1] == COPIES):
        there, gone = {**whole, key: max(1.0, whole[key])}, {**whole, key: 0.0}
        if problem.fires(gone) and not problem.fires(there) and problem.miss(there) != REFUSED:
            return Boundary(None, (Point(gone, True), Point(there, False)), key)
    return None


def accompanied(problem: Problem, fired: Knobs, node: Binary) -> Boundary | None:
    """The boundary where what stays has as many series as what went: `x offset 1h unless x unless up == 0`."""
    if not problem.age:
        return None
    counts = [
        copies + fired.get((number, BEFORE), 0.0)
        for (number, name), copies in fired.items()
        if name == COPIES
    ]
    most = max(counts, default=0.0)
    crowd = {
        key: most if key[1] == COPIES and value and problem.families[key[0]].turn is None else value
        for key, value in fired.items()
    }
    return boundary(problem, crowd, node) if crowd != fired and problem.fires(crowd) else None


def uncrowded(problem: Problem, fired: Knobs, node: Binary) -> Boundary | None:
    """The boundary without the further series that kept it firing: of `x unless y > 0` those that no `y` goes with."""
    usual = {key: value for key, value in problem.knobs().items() if key[1] == COPIES}
    if usual.items() <= fired.items():
        return None
    single = {**fired, **usual}
    for key in [key for key in single if key[1] in (LEVEL, SLOPE)]:
        for value in candidates(problem, key, single, negative=True):
            if problem.fires({**single, key: value}):
                return boundary(problem, {**single, key: value}, node)
    return None


def restarts(problem: Problem) -> Iterator[Knobs]:
    """Where a search may begin: as the families are (first with as many series as before), and with all larger."""
    if problem.age:
        yield {key: value for key, value in problem.knobs().items() if key[1] != BEFORE}
    yield from _thinned(problem)
    yield problem.knobs()
    yield {
        key: DEFAULTS[key[1]] if key[1] == COPIES else value * 50 for key, value in problem.knobs().items()
    }


def _thinned(problem: Problem) -> Iterator[Knobs]:
    """Where PromQL refuses all families at once: without one, or two, of those that share a metric with others."""
    whole = problem.knobs()
    if problem.miss(whole) != REFUSED:
        return
    metrics = [family.metric for family in problem.families]
    crowded = [family.number for family in problem.families if metrics.count(family.metric) > 1][:CROWDED]
    fewer = [{**whole, (n, COPIES): 0.0} for n in reversed(crowded)]
    fewer += [{**whole, (n, COPIES): 0.0, (m, COPIES): 0.0} for n, m in combinations(reversed(crowded), 2)]
    misses = [(problem.miss(knobs), place) for place, knobs in enumerate(fewer)]
    best = min(misses, default=(REFUSED, 0))
    if best[0] < REFUSED:
        yield fewer[best[1]]
