"""The ledgers that a metric is compared with: all senders, and where it counts them the requests for the metrics."""

from __future__ import annotations

from promproof.contract.labels import RequestTruth
from promproof.contract.model import Metric
from promproof.evidence.bins import bucket_top
from promproof.evidence.evidence import Evidence, Shot
from promproof.evidence.instances import Together
from promproof.evidence.records import ExpositionRead
from promproof.evidence.scrapes import UNKNOWN, Asked, as_ledger, between_readings
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView

LATE_SECONDS = 0.01
"""Chosen: two turns of a thread in the target's own process."""


def late(evidence: Evidence, metric: Metric) -> float:
    """How long (s) after its answer a request may be uncounted: as long as this machine made an arrival wait."""
    if not isinstance(metric.truth, RequestTruth) or metric.truth.before_answer:
        return 0.0
    return max(LATE_SECONDS, longest_wait(evidence))


def longest_wait(evidence: Evidence) -> float:
    """How long (s) this machine made an arrival wait at most: as long may any process on it have stood still."""
    return max(map(bucket_top, evidence.ledger.lags), default=0) / 1e6


def ledger_of(evidence: Evidence, metric: Metric, at: Shot | None = None) -> LedgerView:
    """All senders' ledgers; of a metric that counts them too, with the requests for the metrics themselves.

    at: the reading that is judged; what was asked for later is left out.
    """
    if not isinstance(metric.truth, RequestTruth) or not metric.truth.scrapes:
        return evidence.ledger
    return merge([evidence.ledger, scrape_ledger(evidence, at)])


def scrape_ledger(evidence: Evidence, at: Shot | None = None) -> LedgerView:
    """The requests for the metrics of all instances, since the baseline if there is one."""
    width = evidence.ledger.bin_seconds
    if not isinstance(evidence, Together):
        return _scrapes(evidence, at, width)
    return merge([_scrapes(part, part.shot(at.label) if at else None, width) for part in evidence.parts])


def _scrapes(evidence: Evidence, at: Shot | None, bin_seconds: float) -> LedgerView:
    asked = [Asked(scrape.begin, scrape.end, 200 if scrape.up else UNKNOWN) for scrape in evidence.scrapes]
    reads = [record.data for record in evidence.history.of(ExpositionRead)]
    asked += [Asked(read.begin, read.end, read.status or UNKNOWN) for read in reads]
    since = None if evidence.run.managed else evidence.shot("baseline").span
    met = between_readings(asked, since, at.span if at is not None else None)
    own = ("GET", evidence.contract.target.metrics_path)
    return as_ledger(met, own, bin_seconds, evidence.history.monotonic)
