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
from promproof.proofs.world import BEFORE, CHANGES, LEVEL, PAST, RESETS, SLOPE, Family

DEEPEST = 8
"""Recording rules of recording rules that are followed."""
WITHIN = ("count_over_time", "stddev_over_time", "stdvar_over_time")
Look = tuple[float, float]
"""How far back an expression looks for a metric, in seconds: to its newest and to its oldest sample."""


@dataclass(frozen=True)
class Past:
    """metrics: those that are looked at twice. age: of the turn at which the alert is asked; reach: the oldest look."""

    metrics: frozenset[str]
    age: float
    reach: float


def past(root: Node, recorded: Recorded, step: float) -> Past | None:
    """What of the past decides; None where there is one look at each metric."""
    found: dict[str, set[Look]] = {}
    for metric, look in _looks(root, recorded, 0.0, 0.0, 0):
        found.setdefault(metric, set()).add(look)
    twice = {metric: looks for metric, looks in found.items() if metric and len(looks) > 1}
    if not twice:
        return _within(root, step)
    newest = max(min(far for _, far in looks) for looks in twice.values())
    age = max(2.0, math.ceil(newest / step)) * step
    reach = max(far for looks in twice.values() for _, far in looks)
    return Past(frozenset(twice), age, reach) if age < reach else None


def _within(root: Node, step: float) -> Past | None:
    """Of a window that says how much changed in it, or how often it was scraped: a turn in its last quarter."""
    for node in walk(root):
        if isinstance(node, Call) and node.name in WITHIN:
            window = next((arg for arg in node.args if isinstance(arg, Window)), None)
            if window is not None and isinstance(window.inner, Selector) and window.seconds >= 8 * step:
                age = math.ceil(window.seconds / 4 / step) * step
                return Past(frozenset({window.inner.name}), age, window.shift + window.seconds)
    return None


def give_past(families: Sequence[Family], told: Past, moment: float) -> None:
    """The families of these metrics take their turn so long before the moment."""
    for family in families:
        if family.metric in told.metrics and not family.knobs.keys() & {CHANGES, RESETS}:
            family.turn = moment - told.age
            family.knobs |= {PAST: 0.0, BEFORE: 0.0}
            if LEVEL in family.knobs:
                family.knobs.pop(SLOPE, None)


def _looks(
    node: Node, recorded: Recorded, shift: float, span: float, depth: int
) -> Iterator[tuple[str, Look]]:
    if isinstance(node, Window):
        shift, span = shift + node.shift, span + node.seconds
        if isinstance(node.inner, Selector):
            yield from _at(node.inner, recorded, shift, span, depth)
            return
    if isinstance(node, Selector):
        yield from _at(node, recorded, shift + node.shift, span, depth)
    for child in node.children():
        yield from _looks(child, recorded, shift, span, depth)


def _at(
    node: Selector, recorded: Recorded, shift: float, span: float, depth: int
) -> Iterator[tuple[str, Look]]:
    rules = recorded.get(node.name, ()) if node.name and depth < DEEPEST else ()
    if not rules:
        yield node.name, (shift, shift + span)
    for expression, _ in rules:
        yield from _looks(expression, recorded, shift, span, depth + 1)
