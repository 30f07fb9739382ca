"""What the report draws of each panel: its own query results, the bounds of the truth next to them, its verdicts.

Only the widest zoom is drawn. Of many series those outside of the truth and the largest are, and the page says how
many there were.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from promproof.checks.panel_values import bounds_of, truth_of
from promproof.contract.panels import PanelClaim
from promproof.crash import describe
from promproof.evidence.evidence import Evidence, Gap
from promproof.exposition import Labels
from promproof.grafana import legends
from promproof.grafana.dashboard import Panel
from promproof.grafana.units import dimension, factor
from promproof.truth.metrics import Interval
from promproof.truth.views import Answered, Views, views
from promproof.verdict import Outcome, Verdict

MOST_SERIES = 8
ZOOM = "whole"


@dataclass(frozen=True)
class Curve:
    """One series: its name, run times (s), values, and the truth's bounds; None where there is none. In base units."""

    name: str
    times: tuple[float, ...]
    values: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]

    @property
    def is_outside(self) -> bool:
        """Whether a value of it lies outside of the truth."""
        return any(
            value is not None and low is not None and high is not None and not low <= value <= high
            for value, low, high in zip(self.values, self.low, self.high, strict=True)
        )


@dataclass(frozen=True)
class Drawing:
    """One panel of the report. `line` is its threshold; `series` counts what came back, drawn or not."""

    claim: str
    dashboard: str
    title: str
    unit: str
    queries: tuple[str, ...]
    curves: tuple[Curve, ...]
    series: int
    verdicts: tuple[Verdict, ...]
    line: float | None = None
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        """The worst of its verdicts; a panel that nobody judged is not green."""
        if not self.verdicts:
            return Outcome.NOT_VERIFIED
        order = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_VERIFIED)
        outcomes = {verdict.outcome for verdict in self.verdicts}
        return next((outcome for outcome in order if outcome in outcomes), Outcome.PASS)


def drawings(evidence: Evidence, verdicts: Sequence[Verdict]) -> list[Drawing]:
    """A drawing for every documented panel, in the contract's order; a panel without data says why."""
    seen = views(evidence)
    result = []
    for dashboard in evidence.contract.dashboards:
        for wanted in dashboard.panels:
            claim = f"panel/{dashboard.uid}/{wanted.slug}"
            mine = tuple(verdict for verdict in verdicts if verdict.claim.startswith(f"{claim}/"))
            try:
                result.append(_drawing(seen, claim, dashboard.title, wanted, mine))
            except Exception as error:  # one panel that cannot be drawn takes no other's drawing
                note, unit = f"cannot be drawn: {describe(error)}", dimension(wanted.unit or "")
                result.append(Drawing(claim, dashboard.title, wanted.title, unit, (), (), 0, mine, note=note))
    return result


def _drawing(
    seen: Views, claim: str, dashboard: str, wanted: PanelClaim, verdicts: tuple[Verdict, ...]
) -> Drawing:
    subject = claim.removeprefix("panel/")
    unit = dimension(wanted.unit or "")
    try:
        _, _, file, panel = seen.claimed(subject)
        answers = [answer for answer in seen.answers(file, panel) if answer.zoom == ZOOM]
    except Gap as gap:
        return Drawing(claim, dashboard, wanted.title, unit, (), (), 0, verdicts, note=str(gap))
    order = {target.path: index for index, target in enumerate(panel.sent)}
    curves: list[Curve] = []
    note = ""
    for answer in answers:
        found, gap_note = _curves(seen, wanted, panel, answer, order[answer.target.path], subject)
        curves += found
        note = note or gap_note
    largest = sorted(curves, key=lambda curve: (curve.is_outside, _size(curve)), reverse=True)[:MOST_SERIES]
    line = _finite(panel.thresholds[0] * factor(panel.unit)) if panel.thresholds and wanted.alert else None
    queries = tuple(" ".join(answer.expanded.split()) for answer in answers)
    return Drawing(
        claim, dashboard, wanted.title, unit, queries, tuple(largest), len(curves), verdicts, line, note
    )


def _curves(
    seen: Views, wanted: PanelClaim, panel: Panel, answer: Answered, ordinal: int, subject: str
) -> tuple[list[Curve], str]:
    bounds: dict[float, dict[Labels, Interval | None]] = {}
    note = ""
    truth = truth_of(wanted)
    try:
        if truth is not None and answer.series:
            bounds = bounds_of(seen, truth, answer, ordinal, subject)
    except Gap as gap:
        note = f"no truth to draw: {gap}"
    size = factor(panel.unit)
    result = []
    for labels, points in answer.series:
        key = truth.key(labels) if truth is not None else labels
        intervals = [bounds.get(t, {}).get(key) for t, _ in points]
        result.append(
            Curve(
                legends.render(answer.target.legend, dict(labels), answer.expanded),
                tuple(t for t, _ in points),
                tuple(_finite(value * size) for _, value in points),
                tuple(_finite(interval.low) if interval is not None else None for interval in intervals),
                tuple(_finite(interval.high) if interval is not None else None for interval in intervals),
            )
        )
    return result, note


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _size(curve: Curve) -> float:
    return max((abs(value) for value in curve.values if value is not None), default=0.0)
