"""A drill's lanes as SVG, twice: with the names beside the lanes for a wide page, and above them for a narrow one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from promproof.report.page import svg
from promproof.report.page.scales import Axis, shown, thinned, ticks
from promproof.report.page.shapes import Bar, Curve, Lane, Swim
from promproof.report.page.svg import Element

MOST_POINTS = 400
TOP = 42.0
"""above the first lane: the names of the moments, and the seconds"""
LETTER = 7.0
"""the width of a letter of a moment's name"""
GAP = 9.0


@dataclass(frozen=True)
class Form:
    """Sizes in pixels. beside: the width of the column of names; 0 puts each above its lane."""

    width: float
    beside: float
    curve: float
    lane: float
    ticks: int

    @property
    def above(self) -> float:
        """What a name above its lane takes."""
        return 0.0 if self.beside else 17.0


WIDE = Form(860.0, 128.0, 96.0, 28.0, 12)
NARROW = Form(345.0, 0.0, 84.0, 26.0, 6)


def draw(swim: Swim, form: Form) -> Markup:
    """The drawing."""
    axis = Axis(swim.begin, swim.end, form.beside + 2, form.width - 8)
    back: list[Element] = []
    front: list[Element] = []
    y = TOP
    for curve in swim.curves:
        place = y + form.above
        back += _ground(curve.name, axis, place, form, form.curve)
        front += _curve(swim, curve, axis, place, form.curve)
        y += form.above + form.curve + GAP + 4
    for lane in swim.lanes:
        place = y + form.above
        back += [*_ground(lane.name, axis, place, form, form.lane), *_bands(lane, axis, place, form.lane)]
        front += _lane(swim, lane, axis, place, form.lane)
        y += form.above + form.lane + GAP
    label = f"{swim.name}: what was done, seen and admissible, in seconds after the fault"
    children = [
        *back,
        *_grid(axis, y, form),
        *_moments(swim, axis, y, form.width),
        *_seconds(swim, axis, y, form),
        *front,
    ]
    return svg.drawing(form.width, y + (10 if swim.ended > swim.end else 0), label, children, "swim")


def _grid(axis: Axis, bottom: float, form: Form) -> Iterator[Element]:
    for t in ticks(axis.low, axis.high, form.ticks):
        yield svg.path([(axis(t), TOP - 6), (axis(t), bottom - GAP)], "grid")


def _seconds(swim: Swim, axis: Axis, bottom: float, form: Form) -> Iterator[Element]:
    """The numbers of the grid; over the lines of the moments, which would go through them."""
    for t in ticks(axis.low, axis.high, form.ticks):
        x = axis(t)
        if x < form.width - 14:
            yield svg.text(x, TOP - 10, f"{t:g}", "tick middle")
    yield svg.text(form.width - 1, TOP - 10, "s", "tick last")
    if swim.ended > swim.end + 0.05:
        yield svg.text(form.width - 8, bottom + 5, f"then quiet until {swim.ended:.1f} s", "tick last")


def _moments(swim: Swim, axis: Axis, bottom: float, width: float) -> Iterator[Element]:
    """Lines with their names: on the left where there is room, else on the right as far as the drawing goes."""
    right = -1e9
    for moment in sorted(swim.moments, key=lambda moment: moment.t):
        x = axis(moment.t)
        yield svg.path(
            [(x, 16), (x, bottom - GAP)], f"moment {moment.style}", f"{moment.name} at {moment.t:.2f} s"
        )
        length = LETTER * len(moment.name)
        left, over = x - length - 5 > right + 6, x + 5 + length > width
        place = x - 5 if left else width - 1 if over else x + 5
        last = " last" if left or over else ""
        yield svg.text(place, 12, moment.name, f"name {moment.style}{last}")
        right = x if left else x + length + 5


def _name(name: str, y: float, form: Form, height: float) -> Element:
    if form.beside:
        return svg.text(form.beside - 10, y + height / 2 + 4, _short(name, 19), "lane last")
    return svg.text(1, y - 5, _short(name, 48), "lane")


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _ground(name: str, axis: Axis, y: float, form: Form, height: float) -> Iterator[Element]:
    yield _name(name, y, form, height)
    yield svg.rectangle(axis.begin, axis.end, y, height, "ground")


def _bands(lane: Lane, axis: Axis, y: float, height: float) -> Iterator[Element]:
    for band in lane.bands:
        if band.end > axis.low and band.begin < axis.high:
            words = "must be here" if band.certain else "may be here"
            title = f"{lane.name} {words}: {band.begin:.2f} to {band.end:.2f} s"
            style = "must" if band.certain else "may"
            yield svg.rectangle(axis(band.begin), axis(band.end), y, height, style, title)


def _lane(swim: Swim, lane: Lane, axis: Axis, y: float, height: float) -> Iterator[Element]:
    for bar in lane.bars:
        yield _bar(bar, axis, y, height)
    for mark in lane.marks:
        x = axis(mark.t)
        yield svg.path([(x, y + 2), (x, y + height - 2)], f"told {mark.style}", mark.title)
        down = mark.style == "resolved"
        tip, back = (y + height - 3, y + height - 13) if down else (y + 3, y + 13)
        yield svg.path([(x - 6, back), (x + 6, back), (x, tip)], f"tip {mark.style}", mark.title, closed=True)
    if lane.note:
        yield svg.text(axis.begin + 6, y + height / 2 + 4, lane.note, "value")
    # beside what is told by a mark, on what is told by a bar
    yield from _numbers(swim, lane.hops, axis, y + height / 2, 15.0 if lane.marks else 0.0)


def _bar(bar: Bar, axis: Axis, y: float, height: float) -> Element:
    inner = height - 8
    each = inner / bar.stripes
    top = y + 4 + bar.stripe * each
    size = each - (1.5 if bar.stripes > 1 else 0.0)
    title = f"{bar.title}: {bar.begin:.2f} to {bar.end:.2f} s"
    return svg.rectangle(axis(bar.begin), axis(bar.end), top, size, f"bar {bar.style}", title)


def _curve(swim: Swim, curve: Curve, axis: Axis, y: float, height: float) -> Iterator[Element]:
    if not curve.points:
        yield svg.text(
            (axis.begin + axis.end) / 2, y + height / 2 + 4, "nothing was recorded", "value middle"
        )
        return
    low, high = _range(curve)
    scale = Axis(low, high, y + height, y)
    if curve.extents:
        upper = [(axis(t), scale(most)) for t, _, most in curve.extents]
        lower = [(axis(t), scale(least)) for t, least, _ in reversed(curve.extents)]
        yield svg.path([*upper, *lower], "extent", "what the rule's window may hold of it", closed=True)
    yield from _limits(curve, axis, scale)
    points = [(axis(t), scale(v)) for t, v in thinned(curve.points, MOST_POINTS)]
    yield svg.path(points, f"curve {curve.style}", curve.name)
    yield from _levels(curve, axis, scale) if curve.stepped else _peaks(curve, axis, scale)
    yield from _numbers(swim, curve.hops, axis, y + height - 10)


def _limits(curve: Curve, axis: Axis, scale: Axis) -> Iterator[Element]:
    """Each threshold as a line; of two the upper one is named above itself, and the lower one below."""
    upper = max((limit.value for limit in curve.limits), default=0.0)
    for number, limit in enumerate(curve.limits):
        at = scale(limit.value)
        said = f"{limit.said} {limit.comparator} {shown(limit.value, curve.dimension)}".strip()
        yield svg.path([(axis.begin, at), (axis.end, at)], "threshold", f"threshold {said}")
        above = limit.value == upper and (number == 0 or limit.value != curve.limits[0].value)
        yield svg.text(axis.end - 3, at - 4 if above else at + 13, said, "limit last")


def _range(curve: Curve) -> tuple[float, float]:
    """What the axis shows: of doses what lies around the threshold, of other values all of them."""
    values = [*(v for _, v in curve.points), *(limit.value for limit in curve.limits)]
    if curve.stepped and curve.threshold is not None:
        near = sorted(abs(value - curve.threshold) for value in set(values) if value != curve.threshold)
        reach = 2.6 * (near[1] if len(near) > 1 else max(near, default=1.0))
        reach = max(reach, *(1.3 * abs(limit.value - curve.threshold) for limit in curve.limits))
        return curve.threshold - reach, curve.threshold + reach
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = min(low, 0.0) if low < 0.7 * high else low
    pad = (high - low or 1.0) * 0.16
    return low - (pad if low else 0.0), high + pad


def _levels(curve: Curve, axis: Axis, scale: Axis) -> Iterator[Element]:
    """The values of a dose, each at its step; one that lies off the axis says so."""
    for (begin, value), (end, same) in pairwise(curve.points):
        said = shown(value, curve.dimension)
        off = "" if scale.holds(value) else (" ↓" if value < scale.low else " ↑")
        if value == same and axis(end) - axis(begin) > 7 * len(said) + 14:
            above = -5 if value >= (curve.threshold or 0.0) or off else 14
            yield svg.text((axis(begin) + axis(end)) / 2, scale(value) + above, said + off, "value middle")


def _peaks(curve: Curve, axis: Axis, scale: Axis) -> Iterator[Element]:
    """The greatest value, where it does not meet the threshold."""
    t, value = max(curve.points, key=lambda point: point[1], default=(0.0, 0.0))
    if curve.points and (curve.threshold is None or abs(scale(value) - scale(curve.threshold)) > 12):
        yield svg.text(axis(t), scale(value) - 4, shown(value, curve.dimension), "value middle")


def _numbers(swim: Swim, hops: Sequence[int], axis: Axis, y: float, beside: float = 0.0) -> Iterator[Element]:
    for step in swim.steps:
        if step.number in hops and step.at is not None:
            x = axis(step.at) + beside
            title = f"{step.hop.name} at {step.at:.2f} s"
            yield svg.element("circle", "hop", title, cx=x, cy=y, r=7.5)
            yield svg.text(x, y + 3.6, str(step.number), "hop middle")
