"""metric/NAME/stored: at rest, what Prometheus stored equals what the target exposes.

`process_*` never rests; its stored values are judged against the kernel's readings in `metric_kernel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promproof.checks.base import Check, Claim, findings, for_metrics, register, unknown
from promproof.config.relabel_exact import EXPORTED
from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.exposition import Labels, series_text
from promproof.truth.metrics import sample_name
from promproof.truth.requests import may_count
from promproof.verdict import Verdict

RISING = ("counter", "histogram", "summary")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the last stored samples with the two direct readings around their scrape."""
    metric = evidence.contract.metric(claim.subject)
    name = sample_name(metric)
    before, after = evidence.rest, evidence.shot("rest-later")
    scrapes = [
        scrape
        for scrape in evidence.scrapes
        if before.end <= scrape.begin and scrape.end <= after.begin and scrape.up
    ]
    records = [before.record, after.record, *evidence.stored_records]
    if not scrapes:
        return unknown(claim, "no scrape lies between the two direct readings at rest", records)
    low, high = before.exposition.series(name), after.exposition.series(name)
    if not low and not high:
        return findings(claim, [f"{name} is not exposed"], good="", expected="a series", evidence=records)
    resting = set(scrapes)
    stored = {
        labels: [v for t, v in samples if evidence.scrape_at(t) in resting]
        for labels, samples in evidence.stored(name).items()
    }
    path = evidence.contract.target.metrics_path
    found = []
    for labels in sorted(low.keys() | high.keys()):
        ends = sorted(value for value in (low.get(labels), high.get(labels)) if value is not None)
        values = stored.get(labels, [])
        if not values:
            found.append(f"{series_text(name, labels)} is exposed and was not stored")
        found += [
            f"{series_text(name, labels)} was stored as {value:g}, exposed as {ends[0]:g} to {ends[-1]:g}"
            for value in values
            if value not in ends
            and not _may_move(metric, may_count(metric, dict(labels), path), values, ends, value)
        ]
    found += [
        f"{series_text(name, labels)} was stored and is not exposed"
        for labels, values in stored.items()
        if values and labels not in low and labels not in high
    ]
    return findings(
        claim,
        found,
        good=f"{len(high)} series equal over {len(scrapes)} scrapes at rest" + _renamed(high, evidence),
        expected="stored value = exposed value",
        evidence=records,
    )


def _may_move(
    metric: Metric, counts_scrapes: bool, values: Sequence[float], ends: Sequence[float], value: float
) -> bool:
    """Whether the metric may have been at a value between two readings without any traffic.

    What counts the scrapes themselves rises with each. Others may as well, by an alert that the target itself is told
    of, say: what only rises was between its ends. Of a gauge without a truth nobody knows what moves it: one that was
    seen to move may have been anywhere.
    """
    if counts_scrapes or metric.type in RISING:
        return ends[0] <= value <= ends[-1]
    return metric.truth.kind == "none" and (ends[0] != ends[-1] or len(set(values)) > 1)


def _renamed(exposed: Iterable[Labels], evidence: Evidence) -> str:
    """The labels that a query finds under another name, as a clause to append; empty for none."""
    scraping = evidence.scraping
    clashes = sorted(
        {name for labels in exposed for name, value in labels if value and name in scraping.target}
    )
    if scraping.honor or not clashes:
        return ""
    names = ", ".join(f"{name} is stored as {EXPORTED}{name}" for name in clashes)
    return f"; its label {names}, for the target has one of that name (honor_labels in its scrape job would keep it)"


CHECK = register(
    Check(
        "stored",
        for_metrics("stored", lambda metric: metric.truth.kind != "process"),
        judge,
        order=450,
        scope="each",
    )
)
