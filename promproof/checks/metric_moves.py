"""metric/NAME/moves: the metric moved under its stimulus, as Prometheus stored it.

A metric that exists and stands still proves nothing; neither does one that is NaN.
"""

from __future__ import annotations

import math

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register, unknown
from promproof.checks.metric_parked import NEVER_KNOWN
from promproof.contract.model import Metric
from promproof.contract.truths import ProcessTruth
from promproof.evidence.evidence import LOST_SHARE, Evidence
from promproof.evidence.figures import BATCH
from promproof.evidence.records import Kernel
from promproof.evidence.senders import ledger_of
from promproof.evidence.torn import goes_back_and_forth
from promproof.truth.metrics import between, sample_name
from promproof.verdict import Verdict

BY_KERNEL = "the process, by the kernel's readings"
NEVER_MET = (
    "it stood still whenever it was scraped, and nothing says that a scrape meets it away from its rest"
)
SEVERAL = "several processes behind one port, each with its own counts"

LISTING = 2.0
"""Descriptors that a target's own count may hold more than an outsider sees: the listing's, a scrape's connection."""


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """A counter must have risen, a gauge must have shown more than one value, nothing may be NaN."""
    metric = evidence.contract.metric(claim.subject)
    name = sample_name(metric)
    series = evidence.stored(name)
    values = [value for samples in series.values() for _, value in samples]
    found = []
    lost = evidence.cut_off_between(0.0, math.inf)
    if not values and (why := lost.get(evidence.contract.target.job)):
        return unknown(claim, f"{name} was never stored: {why}", evidence.stored_records)
    if not values:
        found.append(f"{name} was never stored")
    if any(math.isnan(value) for value in values):
        found.append(f"{name} was NaN")
    if metric.truth.kind == "none" and metric.type in (
        "counter",
        "histogram",
        "summary",
    ):  # others have their counts
        torn = sum(goes_back_and_forth(value for _, value in samples) for samples in series.values())
        if torn:
            found.append(f"{torn} of {len(series)} series go back and forth between scrapes: {SEVERAL}")
    moved = [samples for samples in series.values() if len({value for _, value in samples}) > 1]
    # A series that is born with its first event has moved from nothing.
    born = [samples for samples in series.values() if samples and samples[0][1] > 0]
    born = born if metric.labels or metric.any_labels else []
    if values and not moved and not born:
        if not found and metric.truth.kind == "rest":
            return not_verified(claim, NEVER_MET)
        if not found and metric.truth.kind == "open_requests" and not evidence.ledger.makes_wait:
            return not_verified(claim, NEVER_KNOWN)
        if not found and metric.truth.kind == "open_requests" and not _met(metric, evidence):
            return unknown(claim, "no scrape met an open request", evidence.stored_records)
        if not found and _process_stood_still(metric, evidence, values[0]):
            return not_verified(claim, f"{name} stood still at {values[0]:g}, and so did {BY_KERNEL}")
        if not found and (missed := _missed(metric, evidence)):
            reason = f"{name} stood still at {values[0]:g}, and {missed}"
            return unknown(claim, reason, evidence.stored_records)
        if not found and metric.truth.kind not in ("requests", "durations") and evidence.unplayed:
            reason = f"{name} stood still at {values[0]:g}, and {evidence.unplayed}"
            return unknown(claim, reason, evidence.stored_records)
        found.append(f"{name} stood still at {values[0]:g} through {len(values)} samples")
    return findings(
        claim,
        found,
        good=f"{len(moved)} of {len(series)} series moved, {len(values)} samples",
        expected="movement under traffic",
        evidence=evidence.stored_records,
    )


def _met(metric: Metric, evidence: Evidence) -> bool:
    """Whether some request was certainly open during a whole scrape."""
    offset = evidence.history.monotonic
    return any(
        interval.low > 0
        for scrape in evidence.scrapes
        if scrape.up
        for interval in between(
            metric,
            ledger_of(evidence, metric),
            scrape.begin + offset,
            scrape.end + offset,
            evidence.longest_handler,
        ).values()
    )


def _process_stood_still(metric: Metric, evidence: Evidence, value: float) -> bool:
    """Whether the kernel's figure was always the value, as far as it can be told from another (as in metric_kernel)."""
    record = evidence.history.last(Kernel)
    truth = metric.truth
    if record is None or not isinstance(truth, ProcessTruth) or truth.figure == "cpu_seconds":
        return False
    readings = record.data.figures
    if truth.figure == "open_descriptors":
        told = [(float(reading.open_descriptors), LISTING) for reading in readings]
    else:
        told = [(float(reading.resident_bytes), float(BATCH * reading.threads)) for reading in readings]
    return bool(told) and all(abs(figure - value) <= slack for figure, slack in told)


def _missed(metric: Metric, evidence: Evidence) -> str:
    """What failed scrapes may have hidden of a movement, empty for nothing.

    A counter keeps what moved it: a scrape before the traffic and one after it show that. A gauge may have come back,
    but not between all scrapes of a traffic most of which were good.
    """
    failed = [scrape for scrape in evidence.scrapes if not scrape.up]
    if not failed:
        return ""
    begin, end = evidence.phase("traffic")
    good = [scrape for scrape in evidence.scrapes if scrape.up]
    if metric.type != "gauge":
        if any(scrape.end <= begin for scrape in good) and any(scrape.begin >= end for scrape in good):
            return ""
        return f"{len(failed)} scrapes failed: none is left on one side of the traffic"
    during = [scrape for scrape in evidence.scrapes if scrape.end >= begin and scrape.begin <= end]
    lost = sum(not scrape.up for scrape in during)
    if lost == 0 or lost < LOST_SHARE * len(during):
        return ""
    return f"{lost} of {len(during)} scrapes failed during the traffic"


CHECK = register(
    Check("moves", for_metrics("moves", lambda metric: True), judge, order=440, scope="together")
)
