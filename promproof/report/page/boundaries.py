"""Where each alert's state flips: the quantities that were asked, and whether it fired there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from promproof.checks.alert_boundary import Point, flip
from promproof.contract.model import Alert
from promproof.evidence.records import Boundary
from promproof.report.page import svg
from promproof.report.page.scales import Axis, shown
from promproof.report.page.subject import Subject
from promproof.report.page.wording import limit_of, promise_of
from promproof.verdict import Outcome, Verdict

WIDTH, HEIGHT = 380.0, 84.0
LEFT, RIGHT = 58.0, 14.0
FIRES, SILENT = 26.0, 66.0
"""The heights of the two states."""


@dataclass(frozen=True)
class Flip:
    """An alert's boundary. documented: its promise; said: where it flips, in words."""

    alert: str
    documented: str
    said: str
    verdict: Verdict
    chart: Markup

    @property
    def outcome(self) -> Outcome:
        """Of the claim on it."""
        return self.verdict.outcome


def boundaries(subject: Subject) -> list[Flip]:
    """Every alert whose boundary was asked, in the order of the contract."""
    evidence = subject.evidence
    record = evidence.history.last(Boundary) if evidence is not None else None
    if evidence is None or record is None:
        return []
    verdicts = {verdict.claim: verdict for verdict in subject.verdicts}
    found = []
    for alert in evidence.contract.alerts:
        verdict = verdicts.get(f"alert/{alert.name}/boundary")
        points = [Point(*row) for row in record.data.points_of(alert.name)]
        if verdict is None or not points or alert.boundary is None:
            continue
        edge = _edge(alert, alert.boundary.threshold)
        said = verdict.reason
        if verdict.outcome is Outcome.PASS:
            said = _said(points, edge)
        found.append(Flip(alert.name, promise_of(alert), said, verdict, _chart(alert.name, points, edge)))
    return found


@dataclass(frozen=True)
class Edge:
    """Where an alert should flip: the value, how it is told, and the dimension of what is asked."""

    value: float
    label: str
    dimension: str


def _edge(alert: Alert, value: float) -> Edge:
    """Of an alert; what is asked may be another quantity than it names, a share of slow requests say."""
    if alert.unit == "state":
        return Edge(value, f"documented {limit_of(alert)}", "number")
    if alert.unit in ("ratio", "seconds") and value == alert.threshold:
        return Edge(value, f"documented {limit_of(alert)}", str(alert.unit))
    return Edge(value, f"should flip at {shown(value, 'number')}", "number")


def _said(points: Sequence[Point], edge: Edge) -> str:
    """The nearest quantities on both sides."""
    asked = [(abs(point.q - edge.value), point.q, point.fired) for point in points if point.q is not None]
    fires, silent = (min((row for row in asked if row[2] is fired), default=None) for fired in (True, False))
    if fires is None or silent is None:
        return ""
    fires_at, silent_at = (shown(row[1], edge.dimension, 5) for row in (fires, silent))
    return f"fires at {fires_at}, silent at {silent_at}; {len(points)} quantities asked"


def _chart(name: str, points: Sequence[Point], edge: Edge) -> Markup:
    documented, dimension = edge.value, edge.dimension
    asked = sorted((point.q, point.fired) for point in points if point.q is not None)
    values = [q for q, _ in asked] + [documented]
    low, high = min(values), max(values)
    pad = 0.06 * (high - low or 1.0)
    x = Axis(low - pad, high + pad, LEFT, WIDTH - RIGHT)
    children = [
        svg.text(LEFT - 8, FIRES + 4, "fires", "tick last"),
        svg.text(LEFT - 8, SILENT + 4, "silent", "tick last"),
        svg.path([(x.begin, FIRES), (x.end, FIRES)], "grid"),
        svg.path([(x.begin, SILENT), (x.end, SILENT)], "grid"),
        svg.path(
            [(x(documented), 14), (x(documented), SILENT + 14)], "threshold", "the documented threshold"
        ),
        svg.text(*_label(x(documented), 10), edge.label, "limit middle"),
    ]
    before, after = flip(points)
    if before is not None and after is not None:
        said = f"flips between {shown(before, dimension, 5)} and {shown(after, dimension, 5)}"
        middle = (x(before) + x(after)) / 2
        children.append(svg.path([(middle, FIRES), (middle, SILENT)], "flip", said))
    for q, fired in asked:
        title = f"{name} {'fires' if fired else 'is silent'} at {shown(q, dimension, 6)}"
        style = "asked fires" if fired else "asked"
        children.append(svg.element("circle", style, title, cx=x(q), cy=FIRES if fired else SILENT, r=3.6))
    return svg.drawing(WIDTH, HEIGHT, f"{name}: where it fires, and where it is silent", children, "chart")


def _label(x: float, y: float) -> tuple[float, float]:
    """A place for a centred text that stays within the drawing."""
    return min(max(x, 84.0), WIDTH - 84.0), y
