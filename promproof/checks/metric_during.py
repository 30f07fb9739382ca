"""metric/NAME/during: every sample that Prometheus stored lies between what was completed and what was started."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from promproof.checks.base import Check, Claim, compare, findings, for_metrics, register, unknown
from promproof.contract.model import Metric, seconds
from promproof.contract.truths import TallyTruth, UsersTruth
from promproof.evidence.evidence import Evidence, Samples, Scrape
from promproof.evidence.records import Rows
from promproof.evidence.senders import late, ledger_of, longest_wait
from promproof.exposition import Labels
from promproof.truth.metrics import ZERO, Expected, Interval, between, sample_name, users_between
from promproof.truth.requests import told
from promproof.verdict import Verdict

KINDS = ("requests", "durations", "tally", "open_requests", "distinct_users")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Judge each stored sample against the truth's interval at its scrape."""
    metric = evidence.contract.metric(claim.subject)
    if isinstance(metric.truth, TallyTruth | UsersTruth):
        evidence.need_all_ended()
    name = sample_name(metric)
    by_time = {t: told(metric, values) for t, values in _by_time(evidence.stored(name)).items()}
    # A scrape of a target that was down stores nothing; one before the first series existed holds nothing to judge.
    # The harness's own ledger ends with the reading at rest.
    known = evidence.rest.end
    # What a target that ran already had counted is known from its baseline on.
    since = float("-inf") if evidence.run.managed else evidence.shot("baseline").end
    scrapes = [
        (t, scrape)
        for t in by_time
        if (scrape := evidence.scrape_at(t)) is not None
        and scrape.up
        and since <= scrape.begin
        and scrape.end <= known
    ]
    first, last = _traffic(evidence)
    inside = [(t, scrape) for t, scrape in scrapes if first <= scrape.begin <= last]
    if len(inside) < 3:
        return unknown(
            claim, f"only {len(inside)} scrapes of {name} were stored during traffic", evidence.stored_records
        )
    wait = longest_wait(evidence)
    found, doubtful = _differences(name, by_time, scrapes, _Truth(metric, evidence), wait)
    if doubtful and not found:
        why = f"a scrape may begin as long after its time stamp as this machine made an arrival wait, {wait:.3g} s"
        return unknown(claim, f"{doubtful[0]}; {why}", evidence.stored_records)
    allowed = lateness(late(evidence, metric))
    return findings(
        claim,
        found,
        good=f"{len(scrapes)} scrapes, {len(inside)} of them during traffic, each between completed and started",
        expected="completed before the scrape began <= value <= started before it ended",
        tolerance=f"scrape phase: its begin and end, widened by the clocks' uncertainty{allowed}",
        evidence=[*evidence.stored_records, *evidence.ledger_records],
    )


def _differences(
    name: str,
    by_time: dict[float, dict[Labels, float]],
    scrapes: list[tuple[float, Scrape]],
    truth: _Truth,
    wait: float,
) -> tuple[list[str], list[str]]:
    """What differs from the truth for certain, and what a scrape explains that ended up to `wait` seconds later.

    Prometheus takes the time stamp first and begins to measure the duration then; in between it may stand still.
    """
    found: list[str] = []
    doubtful: list[str] = []
    for t, scrape in scrapes:
        seen = by_time[t]
        texts = [f"at {t:.2f} s: {text}" for text in compare(name, seen, truth.at(scrape, seen))]
        later = replace(scrape, end=scrape.end + wait)
        is_certain = bool(texts and compare(name, seen, truth.at(later, seen)))
        (found if is_certain else doubtful).extend(texts)
    return found, doubtful


def lateness(seconds: float) -> str:
    """What a tolerance says of a target that may count a request after its answer; nothing of one that doesn't."""
    if not seconds:
        return ""
    return f"; {seconds * 1000:.0f} ms after the answer, as long as this machine made an arrival wait (10 ms at least)"


def _by_time(series: dict[Labels, Samples]) -> dict[float, dict[Labels, float]]:
    by_time: dict[float, dict[Labels, float]] = {}
    for labels, samples in series.items():
        for t, value in samples:
            by_time.setdefault(t, {})[labels] = value
    return dict(sorted(by_time.items()))


def _traffic(evidence: Evidence) -> tuple[float, float]:
    begin, _ = evidence.phase("traffic")
    return begin, evidence.rest.begin


class _Truth:
    """What a metric may read at a scrape; what all scrapes have in common is worked out once."""

    def __init__(self, metric: Metric, evidence: Evidence) -> None:
        self._metric, self._evidence = metric, evidence
        truth = metric.truth
        if isinstance(truth, UsersTruth):
            return
        self._late, self._ledger = late(evidence, metric), ledger_of(evidence, metric)
        name = sample_name(metric)
        self._base = (
            told(
                metric,
                {labels: value for (sample, labels), value in evidence.baseline.items() if sample == name},
            )
            if metric.type != "gauge"
            else {}
        )
        # A subject that was deleted takes its series with it: no series is right from then on.
        self._died: set[Any] = (
            set(evidence.need(Rows, what=f"ids of {truth.subject}", label="rest").data.values)
            if isinstance(truth, TallyTruth)
            else set()
        )

    def at(self, scrape: Scrape, observed: dict[Labels, float]) -> Expected:
        """Expected values by label set."""
        evidence, truth = self._evidence, self._metric.truth
        offset = evidence.history.monotonic
        begin, end = scrape.begin + offset, scrape.end + offset
        if isinstance(truth, UsersTruth):
            window = evidence.target_scale.seconds(seconds(truth.window))
            return {(): users_between(truth, evidence.ledger, begin, end, window)}
        expected = between(
            self._metric, self._ledger, begin - self._late, end, evidence.longest_handler, observed
        )
        for labels, value in self._base.items():
            expected[labels] = expected.get(labels, ZERO) + Interval(value, value)
        if not isinstance(truth, TallyTruth):
            return expected
        return {
            labels: interval
            for labels, interval in expected.items()
            if labels in observed or dict(labels).get(truth.subject) in self._died
        }


CHECK = register(
    Check(
        "during",
        for_metrics("during", lambda metric: metric.truth.kind in KINDS),
        judge,
        order=430,
        scope="split",
    )
)
