"""The panels of a page: each as Grafana would draw it, with its unit, legend and threshold, and the truth as a band.

What failed comes first, and only there are the values marked that lie outside of the truth: the verdict decides, and
not the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from promproof.report.drawings import Curve, Drawing, drawings
from promproof.report.page import svg
from promproof.report.page.claims import WORST_FIRST
from promproof.report.page.scales import Axis, shown, thinned, ticks
from promproof.report.page.subject import Subject
from promproof.report.page.svg import Element
from promproof.verdict import Outcome, Verdict

WIDTH, HEIGHT = 380.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 8.0, 8.0, 22.0
MOST_POINTS = 140
MOST_MARKS = 40
BUDGET = 800_000
"""Bytes of all charts together; panels that pass are left to panels.html beyond it."""


@dataclass(frozen=True)
class Key:
    """A line of a legend; color: the number of its colour. last, truth: its newest value, and what it may be."""

    color: int
    name: str
    last: str
    truth: str
    outside: bool = False


UNITS = {"number": "", "ratio": "share in %", "events per second": "per second"}
"""What a board's head says of a unit; others by their name."""
FIRST_KEYS = 5
"""lines of a legend that are shown at once; what lies outside of its truth is, in any case"""


@dataclass(frozen=True)
class Board:
    """A panel as the page has it. chart: empty where it shows single values, or nothing."""

    drawing: Drawing
    chart: Markup
    keys: Sequence[Key]
    told: Sequence[Verdict]
    """its claims that did not pass"""
    passed: int
    note: str

    @property
    def about(self) -> str:
        """The dashboard and the unit."""
        unit = UNITS.get(self.drawing.unit, self.drawing.unit)
        return ", ".join(text for text in (self.drawing.dashboard, unit) if text)

    @property
    def shown_keys(self) -> Sequence[Key]:
        """The lines of its legend that are seen at once."""
        if len(self.keys) <= FIRST_KEYS + 1:
            return self.keys
        return [key for number, key in enumerate(self.keys) if number < FIRST_KEYS or key.outside]

    @property
    def folded_keys(self) -> Sequence[Key]:
        """The others."""
        shown_keys = self.shown_keys
        return [key for key in self.keys if key not in shown_keys]


def boards(subject: Subject) -> list[Board]:
    """All documented panels that were judged, the worst first: a drill asks for none."""
    if subject.evidence is None or not subject.evidence.contract.dashboards:
        return []
    found = drawings(subject.evidence, subject.verdicts)
    return arranged([drawing for drawing in found if drawing.verdicts])


def arranged(found: Sequence[Drawing]) -> list[Board]:
    """Panels as the page has them, the worst first, as far as there is room for their charts."""
    made: list[Board] = []
    for drawing in sorted(found, key=lambda drawing: WORST_FIRST.index(drawing.outcome)):
        spent = sum(len(board.chart) for board in made)
        made.append(_board(drawing, spent < BUDGET or drawing.outcome is Outcome.FAIL))
    return made


def _board(drawing: Drawing, affordable: bool) -> Board:
    told = [verdict for verdict in drawing.verdicts if verdict.outcome is not Outcome.PASS]
    lines = [curve for curve in drawing.curves if len(curve.times) > 1]
    note = drawing.note
    if not drawing.curves and not note:
        note = "Nothing to draw: no series came back."
    if lines and not affordable:
        note = "Drawn in panels.html, beside this page."
    if drawing.series > len(drawing.curves):
        note = f"The {len(drawing.curves)} largest of {drawing.series} series. {note}".strip()
    return Board(
        drawing,
        chart(drawing) if lines and affordable else Markup(),
        [_key(number, curve, drawing) for number, curve in enumerate(drawing.curves)],
        told,
        len(drawing.verdicts) - len(told),
        note,
    )


def _key(number: int, curve: Curve, drawing: Drawing) -> Key:
    unit = drawing.unit
    at = next((i for i in range(len(curve.values) - 1, -1, -1) if curve.values[i] is not None), None)
    if at is None:
        return Key(number % 8, curve.name, "no value", "")
    value, low, high = curve.values[at], curve.low[at], curve.high[at]
    assert value is not None
    bounds = [] if low is None or high is None else [shown(low, unit), shown(high, unit)]
    truth = " to ".join(dict.fromkeys(bounds))  # once, where both read the same
    outside = drawing.outcome is Outcome.FAIL and curve.is_outside
    return Key(number % 8, curve.name, shown(value, unit), truth, outside)


def chart(drawing: Drawing) -> Markup:
    """The lines of a panel over their truth."""
    curves = drawing.curves
    times = [t for curve in curves for t in curve.times]
    values = [value for curve in curves for value in curve.values if value is not None]
    values += [drawing.line] if drawing.line is not None else []
    low, high = min([0.0, *values]), max(values, default=1.0)
    x = Axis(min(times), max(times), LEFT, WIDTH - RIGHT)
    y = Axis(low, high + 0.12 * (high - low or 1.0), HEIGHT - BOTTOM, TOP)
    children = [*_axes(x, y, drawing.unit)]
    for number, curve in enumerate(curves):
        children += _band(curve, x, y, number % 8)
    if drawing.line is not None:
        said = f"threshold {shown(drawing.line, drawing.unit)}"
        children.append(svg.path([(x.begin, y(drawing.line)), (x.end, y(drawing.line))], "threshold", said))
    for number, curve in enumerate(curves):
        children += _line(curve, x, y, number % 8)
    if drawing.outcome is Outcome.FAIL:
        children += _outside(drawing, x, y)
    label = f"{drawing.title}: {len(curves)} series, and what they should be"
    return svg.drawing(WIDTH, HEIGHT, label, children, "chart")


def _axes(x: Axis, y: Axis, unit: str) -> Iterator[Element]:
    for value in ticks(y.low, y.high, 4, unit):
        yield svg.path([(x.begin, y(value)), (x.end, y(value))], "grid")
        yield svg.text(x.begin - 6, y(value) + 4, shown(value, unit, 3), "tick last")
    for t in ticks(x.low, x.high, 5):
        yield svg.text(x(t), HEIGHT - 6, f"{t:g} s", "tick middle")


def _stretches(curve: Curve) -> Iterator[list[int]]:
    """Numbers of points that follow each other with a value."""
    present = enumerate(value is not None for value in curve.values)
    for there, group in groupby(present, key=lambda item: item[1]):
        if there:
            yield [number for number, _ in group]


def _line(curve: Curve, x: Axis, y: Axis, color: int) -> Iterator[Element]:
    for stretch in _stretches(curve):
        points = [(curve.times[i], value) for i in stretch if (value := curve.values[i]) is not None]
        places = [(x(t), y(value)) for t, value in thinned(points, MOST_POINTS)]
        if len(places) == 1:
            places = [places[0], (places[0][0] + 1.5, places[0][1])]
        yield svg.path(places, f"curve c{color}", curve.name)


def _band(curve: Curve, x: Axis, y: Axis, color: int) -> Iterator[Element]:
    bounds = list(zip(curve.times, curve.low, curve.high, strict=True))
    for there, group in groupby(bounds, key=lambda item: item[1] is not None and item[2] is not None):
        rows = list(group)
        if not there:
            continue
        low = thinned([(t, least) for t, least, _ in rows if least is not None], MOST_POINTS)
        high = thinned([(t, most) for t, _, most in rows if most is not None], MOST_POINTS)
        upper, lower = [(x(t), y(v)) for t, v in high], [(x(t), y(v)) for t, v in low]
        if len(rows) > 1:
            yield svg.path([*upper, *reversed(lower)], f"band c{color}", closed=True)


def _outside(drawing: Drawing, x: Axis, y: Axis) -> Iterator[Element]:
    marked = 0
    for curve in drawing.curves:
        for t, value, low, high in zip(curve.times, curve.values, curve.low, curve.high, strict=True):
            if value is None or low is None or high is None or low <= value <= high or marked >= MOST_MARKS:
                continue
            marked += 1
            unit = drawing.unit
            title = f"{curve.name} at {t:.2f} s: {shown(value, unit)}, truth {shown(low, unit)} to {shown(high, unit)}"
            yield svg.element("circle", "outside", title, cx=x(t), cy=y(value), r=4.0)
