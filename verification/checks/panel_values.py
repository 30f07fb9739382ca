"""panel/DASHBOARD/PANEL/values: every point that the panel draws agrees with a truth that knows no PromQL.

Numbers are judged as a reader sees them, with the panel's unit. NaN agrees where the truth may be nothing divided by
nothing; a series that nobody can explain is a finding, and so is one that is missing where the truth is above 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from verification.checks.base import Check, Claim, findings, unknown
from verification.contract import Contract
from verification.contract_panels import (
    IncreaseTruth,
    MachineTruth,
    PanelTruth,
    ProcessPanelTruth,
    QuantileTruth,
    RateTruth,
    RatioTruth,
    RowsPanelTruth,
)
from verification.dashboards import counted, figures, quantiles, stored_rows
from verification.dashboards.counted import AtPoint, Bounds
from verification.dashboards.units import dimension, factor
from verification.dashboards.views import Answered, Views, views
from verification.evidence import Evidence
from verification.observe.exposition import Labels, series_text
from verification.truth import Interval
from verification.verdict import Verdict

# Prometheus prints 16 digits and adds floats in its own order.
SLIP = 1e-9
TOLERANCES = {
    "rate": "scrape phase: what completed and what started by the first and last scrape of each window",
    "increase": "scrape phase: what completed and what started by the first and last scrape of the range",
    "ratio": "scrape phase, on both sides of the division",
    "quantile": "the bucket that holds it; injected delay <= duration <= client latency",
    "rows_mean": "events that fall between two scrapes; a row is counted within the slowest undelayed request",
    "rows_total": "scrape phase at both ends of the range",
    "machine": "the kernel's readings around each scrape, and one tick",
    "process": "the kernel's readings around each scrape, and one tick",
}


@dataclass
class Tally:
    """What was judged of a panel."""

    points: int = 0
    open: int = 0
    moving: int = 0
    found: list[str] = field(default_factory=list)
    per_series: dict[Labels, int] = field(default_factory=dict)


def claims(contract: Contract) -> list[Claim]:
    """One claim for each panel with a truth."""
    return [
        Claim(f"panel/{dashboard.uid}/{panel.slug}/values", f"{dashboard.uid}/{panel.slug}")
        for dashboard in contract.dashboards
        for panel in dashboard.panels
        if panel.truth is not None
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Judge every recorded point of every query of the panel at every zoom."""
    seen = views(evidence)
    _, wanted, dashboard, panel = seen.claimed(claim.subject)
    assert wanted.truth is not None
    records = seen.records(dashboard, panel)
    numbers = [record.number for record in records]
    refused = [
        f"{record.data['path']}: {record.data['error']}" for record in records if "error" in record.data
    ]
    answers = seen.answers(dashboard, panel)
    if not answers:
        return unknown(claim, "; ".join(dict.fromkeys(refused)) or "its queries were not run", numbers)
    tally = Tally(found=list(dict.fromkeys(refused)))
    order = {target.path: index for index, target in enumerate(panel.sent)}
    size = factor(panel.unit)
    if dimension(panel.unit) != dimension(wanted.unit):
        tally.found.append(f"{panel.path}: its unit is {panel.unit or 'none'!r}, documented {wanted.unit!r}")
    for answer in answers:
        if not answer.series:
            tally.found.append(f"{answer.target.path}: empty at zoom {answer.zoom!r}")
            continue
        bounds = bounds_of(seen, wanted.truth, answer, order[answer.target.path], claim.subject)
        _judge(wanted.truth, answer, bounds, size, tally)
    if not tally.found and not tally.points:
        return unknown(claim, f"none of {tally.open} points could be judged", numbers)
    shown = f"{tally.points} points of {len(tally.per_series)} series agree"
    return findings(
        claim,
        list(dict.fromkeys(tally.found)),
        good=f"{shown}, {tally.moving} above 0; {tally.open} open",
        expected=f"{wanted.truth.kind} of {_about(wanted.truth)}, in {dimension(wanted.unit)}",
        tolerance=TOLERANCES[wanted.truth.kind],
        evidence=numbers,
    )


def bounds_of(
    seen: Views, truth: PanelTruth, answer: Answered, ordinal: int, subject: str
) -> dict[float, Bounds]:
    """The expected bounds at every point of an answer; computed once, for the verdict and for the report.

    Raises:
        Gap: evidence of the truth is missing.
    """
    key = ("bounds", answer.record)
    if key not in seen.memo:
        at = truth_of(seen, truth, answer, ordinal, subject)
        seen.memo[key] = {t: at(t) for t in sorted({t for _, points in answer.series for t, _ in points})}
    found: dict[float, Bounds] = seen.memo[key]
    return found


def truth_of(seen: Views, truth: PanelTruth, answer: Answered, ordinal: int, subject: str) -> AtPoint:
    """The expected bounds of one query at a point in time; `subject` is `uid/slug`.

    Raises:
        Gap: evidence of the truth is missing.
    """
    match truth:
        case RateTruth() | IncreaseTruth():
            return counted.rates(seen, truth, answer)
        case RatioTruth():
            return counted.ratios(seen, truth, answer)
        case QuantileTruth():
            return quantiles.quantiles(seen, truth, answer, ordinal)
        case RowsPanelTruth():
            wanted = stored_rows.means if truth.kind == "rows_mean" else stored_rows.totals
            return wanted(seen, truth, answer, subject)
        case MachineTruth():
            return figures.machine(seen, truth, answer, ordinal)
        case ProcessPanelTruth():
            return figures.process(seen, truth, answer)


def key_of(truth: PanelTruth, labels: Labels) -> Labels:
    """The part of a series' labels by which the truth tells groups apart."""
    given = dict(labels)
    match truth:
        case RateTruth() | IncreaseTruth() | RatioTruth() | QuantileTruth():
            return tuple(sorted((name, given.get(name, "")) for name in truth.by))
        case RowsPanelTruth():
            return ((truth.label, given.get(truth.label, "")),)
        case MachineTruth() | ProcessPanelTruth():
            return figures.labels_of(truth.figure, labels)


def _judge(
    truth: PanelTruth, answer: Answered, bounds: dict[float, Bounds], size: float, tally: Tally
) -> None:
    drawn: dict[float, set[Labels]] = {t: set() for t in bounds}
    where = f"{answer.target.path}, zoom {answer.zoom!r}"
    for labels, points in answer.series:
        key = key_of(truth, labels)
        for t, value in points:
            if key in drawn[t]:
                tally.found.append(
                    f"{where}: several series for {series_text('', key)}: they were not summed"
                )
                break
            drawn[t].add(key)
            if key not in bounds[t]:
                if value not in (0.0,) and not math.isnan(value):
                    tally.found.append(
                        f"{where}: {series_text('', key)} shows {value:g}, and the truth has no such group"
                    )
                continue
            _point(bounds[t][key], value * size, f"{where}, {series_text('', key)} at {t:.2f} s", tally)
            tally.per_series[key] = tally.per_series.get(key, 0) + 1
    for t, groups in bounds.items():
        for key, interval in groups.items():
            if key not in drawn[t] and interval is not None and interval.low > 0 and _is_drawn(truth):
                tally.found.append(
                    f"{where}: {series_text('', key)} is missing at {t:.2f} s, truth {interval}"
                )


def _is_drawn(truth: PanelTruth) -> bool:
    """Whether every group of the truth must be drawn: devices and mounts may be filtered."""
    return not isinstance(truth, MachineTruth)


def _point(interval: Interval | None, value: float, what: str, tally: Tally) -> None:
    if interval is None:
        tally.open += 1
        return
    slip = SLIP * max(abs(interval.high), 1e-3)
    tally.points += 1
    tally.moving += interval.high > 0
    if not interval.low - slip <= value <= interval.high + slip:
        tally.found.append(f"{what}: {value:.6g}, truth {interval.low:.6g} to {interval.high:.6g}")


def _about(truth: PanelTruth) -> str:
    match truth:
        case RateTruth() | IncreaseTruth() | RatioTruth() | QuantileTruth():
            return f"{truth.metric} by {', '.join(truth.by) or 'nothing'} in the ledger"
        case RowsPanelTruth():
            return f"rows by {truth.label} in the database"
        case MachineTruth() | ProcessPanelTruth():
            return f"{truth.figure} as the kernel has it"


CHECK = Check("panel-values", claims, judge)
