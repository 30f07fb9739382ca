"""The metrics of a page: what was sent, what the target exposes and what Prometheus stored, with their difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promproof.checks.metric_exact import KINDS, told_at_rest
from promproof.contract.model import Metric
from promproof.crash import describe
from promproof.evidence.evidence import Evidence, Gap
from promproof.exposition import Labels, series_text
from promproof.report.causes.model import RED
from promproof.report.page.claims import CLASSES, WORST_FIRST
from promproof.report.page.scales import shown
from promproof.report.page.subject import Subject
from promproof.truth.metrics import Interval, sample_name
from promproof.verdict import Outcome, Verdict

MOST_DIFFERENCES = 12
FRESH = 4
"""Scrape intervals within which a series that is still there has a sample."""
TRUTHS = {
    "rows": "the database",
    "rows_sum": "the database",
    "process": "the kernel",
    "distinct_users": "the ledgers' users",
    "rest": "its own start",
    "none": "its form alone",
}
"""What a metric is judged by that no sender counts, by the kind of its truth."""
_UNITS = (("_bytes", "bytes"), ("_seconds", "seconds"), ("_usd", "USD"), ("_ratio", "ratio"))


@dataclass(frozen=True)
class Count:
    """A metric in numbers, each as a text; empty where nobody counts or nothing was seen.

    differences: label sets whose value is not what was sent, each in words; more: how many are not named.
    """

    name: str
    type: str
    outcome: Outcome
    sent: str
    exposed: str
    stored: str
    difference: str
    label_sets: int
    differences: Sequence[str] = ()
    more: int = 0
    note: str = ""
    verdicts: Sequence[Verdict] = ()
    truth: str = ""
    """what its claims are judged by where nobody counts it"""

    @property
    def told(self) -> bool:
        """Whether one of its red claims says already what its note says."""
        red = (verdict for verdict in self.verdicts if verdict.outcome in RED)
        return any(verdict.reason.startswith(self.note) for verdict in red)


def counts(subject: Subject) -> list[Count]:
    """Every documented metric, the worst first; one that can't be counted says why."""
    evidence = subject.evidence
    if evidence is None:
        return []
    found = []
    for metric in evidence.contract.metrics:
        mine = [verdict for verdict in subject.verdicts if verdict.claim.startswith(f"metric/{metric.name}/")]
        if not mine:
            continue
        outcomes = {verdict.outcome for verdict in mine}
        outcome = next(outcome for outcome in WORST_FIRST if outcome in outcomes)
        try:
            found.append(_count(metric, evidence, outcome, mine))
        except Exception as error:  # a metric that can't be counted takes no other's line
            note = str(error) if isinstance(error, Gap) else describe(error)
            found.append(
                Count(metric.name, metric.type, outcome, "", "", "", "", 0, note=note, verdicts=mine)
            )
    return sorted(found, key=lambda count: WORST_FIRST.index(count.outcome))


def style(count: Count) -> str:
    """Its class."""
    return CLASSES[count.outcome]


def _count(metric: Metric, evidence: Evidence, outcome: Outcome, verdicts: Sequence[Verdict]) -> Count:
    name = sample_name(metric)
    unit = unit_of(metric)
    exposed = evidence.rest.exposition.series(name)
    stored = _stored(evidence, name)
    sent: Mapping[Labels, Interval] = {}
    if metric.truth.kind in KINDS:
        exposed, sent = told_at_rest(metric, evidence)
    differing = [
        labels
        for labels in sorted(exposed.keys() | sent.keys())
        if sent and exposed.get(labels, 0.0) not in sent.get(labels, Interval(0, 0))
    ]
    return Count(
        metric.name,
        metric.type,
        outcome,
        _sum_of(sent) if sent else "",
        figure(sum(exposed.values()), unit) if exposed else "no series",
        figure(sum(stored.values()), unit) if stored else "",
        f"{len(differing)} of {len(exposed.keys() | sent.keys())}" if sent else "",
        len(exposed),
        [_difference(name, labels, exposed, sent) for labels in differing[:MOST_DIFFERENCES]],
        max(len(differing) - MOST_DIFFERENCES, 0),
        verdicts=verdicts,
        truth=TRUTHS.get(metric.truth.kind, ""),
    )


def unit_of(metric: Metric) -> str:
    """What its name says that it counts; `number` where it says nothing, and of a histogram, which counts events."""
    plain = "" if metric.type in ("histogram", "summary") else metric.name.removesuffix("_total")
    return next((unit for ending, unit in _UNITS if plain.endswith(ending)), "number")


def figure(value: float, unit: str) -> str:
    """A sum: a count in full, everything else in its unit."""
    return f"{value:.10g}" if unit == "number" else shown(value, unit, 4 if unit == "bytes" else 6)


def _sum_of(sent: Mapping[Labels, Interval]) -> str:
    total = sum(sent.values(), Interval(0, 0))
    return str(Interval(round(total.low, 6), round(total.high, 6)))


def _difference(
    name: str, labels: Labels, exposed: Mapping[Labels, float], sent: Mapping[Labels, Interval]
) -> str:
    value = exposed.get(labels)
    seen = "no series" if value is None else f"{value:g}"
    return f"{series_text(name, labels)}: {seen}, sent {sent.get(labels, Interval(0, 0))}"


def _stored(evidence: Evidence, name: str) -> dict[Labels, float]:
    """The newest stored value of each series that was still there when the target was last read at rest."""
    try:
        end = evidence.shot("rest-later").begin
    except Gap:
        end = evidence.rest.end
    begin = end - FRESH * evidence.interval
    found = {}
    for labels, samples in evidence.stored(name).items():
        fresh = [value for t, value in samples if begin <= t <= end]
        if fresh:
            found[labels] = fresh[-1]
    return found
