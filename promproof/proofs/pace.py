"""How often series are scraped and rules evaluated in a proof, and when it asks: all windows are full then."""

from __future__ import annotations

import math
from collections.abc import Sequence

from promproof.config.durations import format_duration
from promproof.proofs.shapes import Recorded
from promproof.proofs.tree import Call, Node, Selector, Window, walk

SCRAPE = 15.0
LOOKBACK = 285.0
"""An instant selector sees samples of five minutes: none may be further apart."""
SAMPLES = 1500
PAIRS = ("rate", "increase", "irate", "delta", "idelta", "deriv", "predict_linear")
"""What says nothing of a single sample."""
DEAR = 6 * 3600.0
"""A subquery over more seconds."""
IN_WINDOW, ENOUGH = 3000, 600
"""Samples of a longest window: at most, and where their number does not matter. promtool copies all at each evaluation.

It refuses a query that reads over 10,000.
"""
COUNTS = ("count_over_time", "changes", "resets")
"""What depends on the number of samples."""


def at_least(step: float, moment: float, root: Node) -> tuple[float, float, float]:
    raw = [n.seconds for n in walk(root) if isinstance(n, Window) and isinstance(n.inner, Selector)]
    step = max(step, min([LOOKBACK, moment / SAMPLES, *(seconds / 4 for seconds in raw)]))
    every = step * max(1, int(moment / step / 24))
    return step, every, math.ceil(moment / every) * every


def one_scrape(root: Node, recorded: Recorded, scrape: float) -> str:
    """Of a rate over a window that never holds two samples: the reason."""
    for node in all_nodes(root, recorded):
        if isinstance(node, Call) and node.name in PAIRS:
            for window in node.args:
                if not isinstance(window, Window) or _is_recorded(window.inner, recorded):
                    continue
                if isinstance(window.inner, Selector) and window.seconds <= scrape:
                    return (
                        f"scraped every {format_duration(scrape)}, the window holds one sample: {node.text}"
                    )
    return ""


def times(root: Node, recorded: Recorded, scrape: float | None) -> tuple[float, float, float]:
    """Seconds between samples and between evaluations, and when to ask: all windows are full then."""
    found = list(all_nodes(root, recorded))
    raw = [n.seconds for n in found if isinstance(n, Window) and isinstance(n.inner, Selector)]
    step = scrape or min([SCRAPE, *(seconds / 2 for seconds in raw)])
    span = _span(root, recorded) + 4 * step
    if span / step > SAMPLES:
        widest = LOOKBACK if _has_instants(root, recorded) else _widest(root, recorded, span)
        step = max(step, min([widest, *(seconds / 4 for seconds in raw)]))
    # what is evaluated again and again inside is dear: a few evaluations are enough for a moment
    many = 4 if any(isinstance(n, Window) and n.step and n.seconds > DEAR for n in found) else 24
    count = 1 if any(_reads_back(n, recorded) for n in found) else max(1, int(span / step / many))
    every = step * count
    return step, every, max(2.0, math.ceil(span / every)) * every


def _widest(root: Node, recorded: Recorded, span: float) -> float:
    """Seconds between samples of what is read by windows alone."""
    counts = any(isinstance(node, Call) and node.name in COUNTS for node in all_nodes(root, recorded))
    most = IN_WINDOW if counts else ENOUGH
    return max(LOOKBACK, math.ceil(span / most / SCRAPE) * SCRAPE)


def _has_instants(root: Node, recorded: Recorded) -> bool:
    """Whether a scraped series is read without a window, or a recorded one at another moment than it is recorded at."""
    found = all_nodes(root, recorded)
    within = {id(node.inner) for node in found if isinstance(node, Window)}
    return any(
        isinstance(node, Selector)
        and id(node) not in within
        and (not _is_recorded(node, recorded) or node.shift != 0 or node.at is not None)
        for node in found
    )


def _reads_back(node: Node, recorded: Recorded) -> bool:
    """Whether the past of a recording rule is read, so that it has to be evaluated at its usual pace."""
    if isinstance(node, Window):
        return any(_is_recorded(part, recorded) for part in walk(node))
    return isinstance(node, Selector) and _is_recorded(node, recorded) and node.shift != 0


def _is_recorded(node: Node, recorded: Recorded) -> bool:
    return isinstance(node, Selector) and node.name in recorded


def has_windows(root: Node, recorded: Recorded) -> bool:
    """Whether the past decides."""
    return any(isinstance(node, Window) for node in all_nodes(root, recorded))


def has_limits(root: Node) -> bool:
    """Whether a value counts only from some size on."""
    return any(isinstance(node, Call) and node.name.startswith("clamp") for node in walk(root))


def has_spans(root: Node) -> bool:
    """Whether one metric is looked at over several windows."""
    spans: dict[str, set[float]] = {}
    for node in walk(root):
        if isinstance(node, Window) and isinstance(node.inner, Selector):
            spans.setdefault(node.inner.name, set()).add(node.seconds)
    return any(len(found) > 1 for found in spans.values())


def all_nodes(node: Node, recorded: Recorded, depth: int = 0) -> Sequence[Node]:
    """Those of an expression, and of the recording rules that it reads."""
    found = list(walk(node))
    for part in list(found):
        if isinstance(part, Selector) and part.name in recorded and depth < 8:
            for expression, _ in recorded[part.name]:
                found += all_nodes(expression, recorded, depth + 1)
    return found


def _span(node: Node, recorded: Recorded, depth: int = 0) -> float:
    inner = max((_span(child, recorded, depth) for child in node.children()), default=0.0)
    if isinstance(node, Window):
        shift = 0.0 if isinstance(node.inner, Selector) else node.shift
        return inner + node.seconds + max(0.0, shift)
    if isinstance(node, Selector):
        further = [_span(e, recorded, depth + 1) for e, _ in recorded.get(node.name, ())] if depth < 8 else []
        return max([0.0, *further]) + max(0.0, node.shift) + (node.at or 0.0)
    return inner
