"""Faults of instrumentation and exposition on the evidence of a run that was recorded: no target, no traffic, seconds.

What the run read of the target's exposition, and what Prometheus stored of it, is rewritten in the order of time as the
fault would have it. Prometheus itself is not asked: of a series that is there twice the first sample counts, one with a
timestamp of long ago is dropped, and of what can't be read nothing is stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from promproof.catalogue.judging import Red
from promproof.catalogue.model import Fault
from promproof.catalogue.rewriting import Job, Sample, fitting, rewritten, samples_of
from promproof.catalogue.scoring import Scored, exposed, unplaced
from promproof.checks.base import CHECKS, claims_of, judge
from promproof.contract.model import Contract
from promproof.errors import EvidenceError
from promproof.evidence.evidence import IDENTITY, Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records import ExpositionRead, Series, Stored
from promproof.exposition import parse
from promproof.verdict import Outcome

UNREADABLE = ("garbage", "page", "empty")
"""Ways of which nothing is stored."""


def score_recorded(
    faults: Sequence[Fault], contract: Contract, history: History, places: int
) -> list[Scored]:
    """Judge every fault on the history of a run of `verify`.

    Raises:
        EvidenceError: the run has no reading of the target's exposition.
    """
    if history.last(ExpositionRead) is None or history.last(Stored) is None:
        raise EvidenceError(
            "run", "it has not read the target's metrics", (), "name a finished run of verify"
        )
    wanted = [
        (fault, number, metric.name)
        for fault in faults
        for number, metric in enumerate(fitting(contract, fault.change.of)[:places])
    ]
    evidence = Evidence(contract, history)
    baseline = {metric: red_of(evidence, metric) for metric in {metric for _, _, metric in wanted}}
    results = [unplaced(fault) for fault in faults if not fitting(contract, fault.change.of)]
    for fault, number, metric in wanted:
        job = Job(metric, dict(fault.change.by))

        def red(way: str = fault.change.rewrite, job: Job = job) -> list[Red]:
            return red_of(Evidence(contract, as_if(history, way, job)), job.metric)

        results.append(exposed(fault, number, metric, red, baseline[metric]))
    return results


def red_of(evidence: Evidence, metric: str) -> list[Red]:
    """The claims about the target and one of its metrics that fail: a fault touches no other."""
    about = (f"metric/{metric}/", "target/")
    pairs = [pair for check in CHECKS for pair in claims_of(check, evidence.contract)]
    verdicts = [judge(check, claim, evidence) for check, claim in pairs if claim.id.startswith(about)]
    return [Red(verdict.claim, verdict.reason) for verdict in verdicts if verdict.outcome is Outcome.FAIL]


def as_if(history: History, way: str, job: Job) -> History:
    """The history as it would be with the fault."""
    names = {series.name for record in history.of(Stored) for series in record.data.series}
    scrapes: dict[float, list[tuple[Sample, tuple[tuple[str, str], ...]]]] = defaultdict(list)
    for record in history.of(Stored):
        for series in record.data.series:
            if job.is_about(series.name):
                own = tuple((name, value) for name, value in series.labels.items() if name not in IDENTITY)
                identity = tuple((name, value) for name, value in series.labels.items() if name in IDENTITY)
                for t, value in series.samples:
                    scrapes[t].append((Sample(series.name, own, value), identity))
    reads = {record.number: record for record in history.of(ExpositionRead) if not record.data.error}
    events = sorted(
        [*((t, 0, None) for t in scrapes), *((record.t, 1, record) for record in reads.values())],
        key=lambda event: event[:2],
    )
    stored: dict[tuple[str, tuple[tuple[str, str], ...]], dict[float, float]] = defaultdict(dict)
    texts: dict[int, ExpositionRead] = {}
    for t, _, read in events:
        if read is not None:
            texts[read.number] = _read(read.data, way, job)
            continue
        lines = "".join(f"{sample}\n" for sample, _ in scrapes[t])
        if way in UNREADABLE:
            continue
        for sample in samples_of(rewritten(lines, way, job)):
            if not sample.rest and sample.name in names:
                stored[sample.name, (*sample.labels, *scrapes[t][0][1])].setdefault(t, sample.value)
    records = [_record(record, texts, stored, job) for record in history.records]
    return History(history.run, history.monotonic, history.epoch, records)


def _read(read: ExpositionRead, way: str, job: Job) -> ExpositionRead:
    text = rewritten(read.text, way, job)
    try:
        parse(text)
    except ValueError as error:
        return replace(read, text=text, error=str(error))
    return replace(read, text=text, page=way == "page")


def _record(record: Record[Any], texts: dict[int, ExpositionRead], stored: Any, job: Job) -> Record[Any]:
    if record.number in texts:
        return Record(record.number, record.t, texts[record.number])
    if not isinstance(record.data, Stored):
        return record
    kept = tuple(series for series in record.data.series if not job.is_about(series.name))
    if len(kept) == len(record.data.series):
        return record
    mine = {series.name for series in record.data.series if job.is_about(series.name)}
    new = tuple(
        Series(name, dict(labels), tuple(sorted(samples.items())))
        for (name, labels), samples in stored.items()
        if name in mine
    )
    return Record(record.number, record.t, replace(record.data, series=(*kept, *new)))
