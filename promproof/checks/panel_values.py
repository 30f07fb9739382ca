"""panel/DASHBOARD/PANEL/values: every point that the panel draws agrees with a truth that knows no PromQL.

Numbers are judged as a reader sees them, with the panel's unit. NaN agrees where the truth may be nothing divided by
nothing; a series that nobody can explain is a finding, and so is one that is missing where the truth is above 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from promproof.checks import lacking_labels
from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.checks.panel_findings import beyond
from promproof.config.jobs import shared
from promproof.contract.model import Contract
from promproof.contract.panels import PanelClaim
from promproof.evidence.evidence import Evidence, NotShown
from promproof.evidence.instances import instances
from promproof.exposition import Labels, series_text
from promproof.grafana.units import dimension, factor
from promproof.truth.before import REASON, is_blind
from promproof.truth.metrics import Interval
from promproof.truth.panel import Bounds, Truth
from promproof.truth.siblings import read_by
from promproof.truth.views import Answered, Views, views
from promproof.verdict import Verdict

# The history keeps stamps to a microsecond; the samples of a window are at least a scrape of 0.1 s apart, and the
# quotient of two such differences is off by 2 x 2e-6 / 0.1 at most. Prometheus' own floats are far closer.
SLIP = 4e-5


@dataclass
class Tally:
    """What was judged of a panel: points by series of each query, and the relative widths of their bounds."""

    points: Counter[tuple[str, Labels]] = field(default_factory=Counter)
    moving: Counter[str] = field(default_factory=Counter)
    open: int = 0
    known: bool = False
    """Whether there was a time of which the run knows all that a window holds."""
    found: list[str] = field(default_factory=list)
    doubt: str = ""
    lack: str = ""
    widths: list[float] = field(default_factory=list)

    def take(self, path: str, key: Labels, interval: Interval) -> None:
        """Count a point that was judged; one whose truth is above 0 is moving."""
        self.points[path, key] += 1
        if interval.high > 0:
            self.moving[path] += 1
        if interval.low > 0:
            self.widths.append((interval.high - interval.low) / interval.high)

    @property
    def still(self) -> list[str]:
        """Queries of which nothing but 0 could be seen."""
        return [path for path in dict.fromkeys(path for path, _ in self.points) if not self.moving[path]]

    def __str__(self) -> str:
        width = f", bounds {median(self.widths):.0%} wide in the median" if self.widths else ""
        moving = self.moving.total()
        return (
            f"{self.points.total()} points of {len(self.points)} series agree, {moving} above 0{width}; "
            f"{self.open} open"
        )


def claims(contract: Contract) -> list[Claim]:
    """One claim for each panel with a truth."""
    return [
        Claim(f"panel/{dashboard.uid}/{panel.slug}/values", f"{dashboard.uid}/{panel.slug}")
        for dashboard in contract.dashboards
        for panel in dashboard.panels
        if panel.truth is not None
    ]


def truth_of(panel: PanelClaim) -> Truth | None:
    """The truth that a contract names for a panel."""
    assert panel.truth is None or isinstance(panel.truth, Truth)
    return panel.truth


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Judge every recorded point of every query of the panel at every zoom."""
    seen = views(evidence)
    _, wanted, dashboard, panel = seen.claimed(claim.subject)
    if reason := beyond(panel):
        return not_verified(claim, reason)
    truth = truth_of(wanted)
    assert truth is not None
    records = seen.records(dashboard, panel)
    numbers = [record.number for record in records]
    refused = [
        f"{record.data.path}: {record.data.error}" for record in records if record.data.error is not None
    ]
    if reason := truth.beyond(evidence):
        return not_verified(claim, reason)
    answers = seen.answers(dashboard, panel)
    if not answers:
        return unknown(claim, "; ".join(dict.fromkeys(refused)) or "its queries were not run", numbers)
    tally = Tally(found=list(dict.fromkeys(refused)))
    order = {target.path: index for index, target in enumerate(panel.sent)}
    size = factor(panel.unit)
    mine = instances(evidence) or (evidence.run.instance,)
    identity = {"job": (evidence.contract.target.job,), "instance": mine}
    unit = panel.unit if wanted.unit is None else wanted.unit
    if dimension(panel.unit) != dimension(unit):
        tally.found.append(f"{panel.path}: its unit is {panel.unit or 'none'!r}, documented {wanted.unit!r}")
    for answer in answers:
        if not answer.series:
            text = f"{answer.target.path}: empty at zoom {answer.zoom!r}"
            if why := lacking_labels.asked(answer.expanded, evidence):
                tally.lack = f"{text}: {why}"
            elif why := seen.cut_off(answer.expanded, answer.times):
                tally.doubt = f"{text}: {why}"
            else:
                tally.found.append(text)
            continue
        bounds = bounds_of(seen, truth, answer, order[answer.target.path], claim.subject)
        tally.known = tally.known or bool(bounds)
        _judge(told_apart(truth, answer, mine), answer, bounds, size, tally, identity)
    if not tally.found and tally.doubt:
        return unknown(claim, tally.doubt, numbers)
    if not tally.found and tally.lack:
        return not_verified(claim, tally.lack)
    if not tally.found and not tally.points:
        none = f"none of {tally.open} points could be judged"
        return unknown(claim, none, numbers) if tally.known else not_verified(claim, REASON)
    if not tally.found and tally.still:
        return _unmoved(claim, truth, tally, numbers)
    return findings(
        claim,
        list(dict.fromkeys(tally.found)),
        good=str(tally),
        expected=f"{truth.kind} of {truth.about}, in {dimension(unit)}",
        tolerance=truth.tolerance,
        evidence=numbers,
    )


def _unmoved(claim: Claim, truth: Truth, tally: Tally, records: list[int]) -> Verdict:
    """Zeros agree with zeros whatever is asked, so a query that nothing moved is not shown to be right."""
    where = ", ".join(tally.still)
    if truth.unmoved:
        return not_verified(claim, f"{where}: {truth.unmoved}")
    return unknown(claim, f"{where}: the scenario caused nothing that it shows", records)


def told_apart(truth: Truth, answer: Answered, mine: Sequence[str]) -> Truth:
    """The truth by instance, where there are several and the answer has a series of each."""
    apart = len(mine) > 1 and any(dict(labels).get("instance") for labels, _ in answer.series)
    return truth.by_instance() if apart else truth


def bounds_of(seen: Views, truth: Truth, answer: Answered, ordinal: int, subject: str) -> dict[float, Bounds]:
    """The expected bounds at every time an answer is about; computed once, for the verdict and for the report.

    A time at which a window reaches back before the run has none.

    Raises:
        Gap: evidence of the truth is missing.
        NotShown: the query reads other instances of the target's job.
    """
    evidence = seen.evidence
    job, siblings = evidence.contract.target.job, evidence.siblings
    mine = instances(evidence)
    if truth.of_target and not truth.of_instances and read_by(answer.expanded, job, mine[1:]):
        raise NotShown(
            f"{answer.target.path} reads {len(mine)} instances, and its truth is known of {mine[0]} alone"
        )
    if truth.of_target and siblings and read_by(answer.expanded, job, siblings):
        raise NotShown(f"{answer.target.path} reads all of them: {shared(job, siblings)}")
    key = ("bounds", answer.record)
    if key not in seen.memo:
        at = told_apart(truth, answer, mine).bounds(seen, answer, ordinal, subject)
        drawn = {t for _, points in answer.series for t, _ in points}
        times = sorted({*answer.times, *drawn})
        seen.memo[key] = {t: at(t) for t in times if not is_blind(seen, answer, t)}
    found: dict[float, Bounds] = seen.memo[key]
    return found


def _judge(
    truth: Truth,
    answer: Answered,
    bounds: dict[float, Bounds],
    size: float,
    tally: Tally,
    identity: Mapping[str, Sequence[str]],
) -> None:
    """`identity` is the target's job and its instances."""
    drawn: dict[float, set[Labels]] = {t: set() for t in bounds}
    where = f"{answer.target.path}, zoom {answer.zoom!r}"
    for labels, points in answer.series:
        if stranger := _stranger(truth, labels, identity):
            tally.found.append(f"{where}: {stranger}")
            continue
        key = truth.key(labels)
        for t, value in points:
            if t not in bounds:
                tally.open += 1
                continue
            if key in drawn[t]:
                tally.found.append(f"{where}: several series for {_name(key)}: they were not summed")
                break
            drawn[t].add(key)
            if key not in bounds[t]:
                if value not in (0.0,) and not math.isnan(value):
                    tally.found.append(
                        f"{where}: {_name(key)} shows {value:g}, and the truth has no such group"
                    )
                continue
            interval = bounds[t][key]
            if interval is None:
                tally.open += 1
                continue
            tally.take(answer.target.path, key, interval)
            shown = value * size
            slip = SLIP * max(abs(interval.high), 1e-3)
            if not interval.low - slip <= shown <= interval.high + slip:
                truth_text = f"truth {interval.low:.6g} to {interval.high:.6g}"
                tally.found.append(f"{where}: {_name(key)} at {t:.2f} s is {shown:.6g}, {truth_text}")
    for t, groups in bounds.items():
        for key, interval in groups.items():
            if key not in drawn[t] and interval is not None and interval.low > 0 and truth.complete:
                tally.found.append(f"{where}: {_name(key)} is missing at {t:.2f} s, truth {interval}")


def _stranger(truth: Truth, labels: Labels, identity: Mapping[str, Sequence[str]]) -> str:
    """Whose series it is when it is not the target's; the machine's are Node Exporter's."""
    if not truth.of_target:
        return ""
    given = dict(labels)
    foreign = {name: given[name] for name, mine in identity.items() if given.get(name, mine[0]) not in mine}
    if not foreign:
        return ""
    return f"a series of {series_text('', tuple(foreign.items()))}, which is not the target"


def _name(key: Labels) -> str:
    return series_text("", key) if key else "the series"


CHECK = register(Check("panel-values", claims, judge, order=740))
