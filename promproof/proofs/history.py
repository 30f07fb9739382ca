"""Alerts whose value depends on what was before: two looks at one metric, at two times or over two windows.

Steady series say the same to both looks. So the series take a turn, once: before it they were otherwise (another
value, another rate, more or fewer of them), and the newer look sees only what is since. The alert is then silent before
the turn, fires a while after it, and resolves when the older look has caught up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promproof.proofs.shapes import Recorded
from promproof.proofs.tree import Call, Node, Selector, Window, walk
from promproof.proofs.windows import COUNTED
from promproof.proofs.world import BEFORE, CHANGES, LEVEL, PAST, RESETS, SLOPE, Family

DEEPEST = 8
"""Recording rules of recording rules that are followed."""
SIZES = ("avg_over_time", "max_over_time", "min_over_time", "last_over_time")
SOON = 12.0
"""Windows until a counter has grown so much that its growth is small beside it."""
WITHIN = ("count_over_time", "stddev_over_time", "stdvar_over_time")
Look = tuple[float, float]
"""How far back an expression looks for a metric, in seconds: to its newest and to its oldest sample."""


@dataclass(frozen=True)
class Past:
    """metrics: those that are looked at twice. age: of the turn at which the alert is asked; reach: the oldest look.

    begins: whether nothing is counted before the turn.
    """

    metrics: frozenset[str]
    age: float
    reach: float
    begins: bool = False


def past(root: Node, recorded: Recorded, step: float, moment: float) -> Past | None:
    """What of the past decides; None where there is one look at each metric. moment: when it is asked, for `@`."""
    found: dict[str, set[Look]] = {}
    for metric, look in _looks(root, recorded, moment, 0.0, 0.0, 0):
        found.setdefault(metric, set()).add(look)
    twice = {metric: looks for metric, looks in found.items() if metric and len(looks) > 1}
    if not twice:
        return _grown(root, step) or _within(root, step)
    newest = max(min(far for _, far in looks) for looks in twice.values())
    age = max(2.0, math.ceil(newest / step)) * step
    reach = max(far for looks in twice.values() for _, far in looks)
    return Past(frozenset(twice), age, reach) if age < reach else None


def _grown(root: Node, step: float) -> Past | None:
    """Of a counter whose growth is compared with its own size: it begins to count, and is soon too large again."""
    grown: dict[str, float] = {}
    sizes: set[str] = set()
    for node in walk(root):
        if isinstance(node, Call):
            for window in node.args:
                if isinstance(window, Window) and isinstance(window.inner, Selector) and window.inner.name:
                    if node.name in COUNTED:
                        grown[window.inner.name] = window.seconds
                    elif node.name in SIZES:
                        sizes.add(window.inner.name)
    both = {name: seconds for name, seconds in grown.items() if name in sizes}
    if not both:
        return None
    longest = max(both.values())
    age = max(2.0, math.ceil(longest / 2 / step)) * step
    return Past(frozenset(both), age, SOON * longest, begins=True)


def _within(root: Node, step: float) -> Past | None:
    """Of a window that says how much changed in it, or how often it was scraped: a turn in its last quarter."""
    for node in walk(root):
        if isinstance(node, Call) and node.name in WITHIN:
            window = next((arg for arg in node.args if isinstance(arg, Window)), None)
            if window is not None and isinstance(window.inner, Selector) and window.seconds >= 8 * step:
                return _lately(window, window.inner.name, step)
    return _spread(root, step)


def _lately(window: Window, metric: str, step: float) -> Past:
    age = math.ceil(window.seconds / 4 / step) * step
    return Past(frozenset({metric}), age, window.shift + window.seconds)


def _spread(root: Node, step: float) -> Past | None:
    """Of one window that is read in two ways, as `max_over_time(x[1h]) - min_over_time(x[1h])`."""
    read: dict[str, set[str]] = {}
    for node in walk(root):
        window = (
            next((arg for arg in node.args if isinstance(arg, Window)), None)
            if isinstance(node, Call)
            else None
        )
        if window is None or not isinstance(node, Call) or node.name not in (*SIZES, "quantile_over_time"):
            continue
        if isinstance(window.inner, Selector) and window.inner.name and window.seconds >= 8 * step:
            ways = read.setdefault(window.text, set())
            ways.add(node.text)
            if len(ways) > 1:
                return _lately(window, window.inner.name, step)
    return None


def give_past(families: Sequence[Family], told: Past, moment: float) -> None:
    """The families of these metrics take their turn so long before the moment."""
    for family in families:
        if family.metric in told.metrics and not family.knobs.keys() & {CHANGES, RESETS}:
            family.turn = moment - told.age
            family.knobs |= {PAST: 0.0, BEFORE: 0.0}
            if family.knobs.get(SLOPE, 0.0) > 0:
                family.knobs.pop(LEVEL, None)  # what counts is as large as it has counted
                family.knobs[PAST] = -family.knobs[SLOPE] if told.begins else 0.0
            elif LEVEL in family.knobs:
                family.knobs.pop(SLOPE, None)


def _looks(
    node: Node, recorded: Recorded, moment: float, shift: float, span: float, depth: int
) -> Iterator[tuple[str, Look]]:
    if isinstance(node, Window):
        shift = (shift if node.at is None else moment - node.at) + node.shift
        span += node.seconds
        if isinstance(node.inner, Selector):
            yield from _at(node.inner, recorded, moment, shift, span, depth)
            return
    if isinstance(node, Selector):
        shift = (shift if node.at is None else moment - node.at) + node.shift
        yield from _at(node, recorded, moment, shift, span, depth)
        return
    for child in node.children():
        yield from _looks(child, recorded, moment, shift, span, depth)


def _at(
    node: Selector, recorded: Recorded, moment: float, shift: float, span: float, depth: int
) -> Iterator[tuple[str, Look]]:
    rules = recorded.get(node.name, ()) if node.name and depth < DEEPEST else ()
    if not rules:
        yield node.name, (shift, shift + span)
    for expression, _ in rules:
        yield from _looks(expression, recorded, moment, shift, span, depth + 1)
