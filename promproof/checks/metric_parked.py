"""metric/NAME/parked: n requests parked on purpose read n, and 0 when all is at rest.

Parked requests need no special marks: wherever the ledger knows the number of open requests exactly over a whole
scrape, the gauge must read that number. The claim needs at least one such scrape with three or more of them. A gauge
without the route has other requests in it as well: there it must lie between those that certainly are open, three at
least, and those that may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promproof.checks.base import Check, Claim, findings, for_metrics, not_verified, register, unknown
from promproof.evidence.evidence import Evidence
from promproof.evidence.senders import late, ledger_of
from promproof.exposition import Labels, series_text
from promproof.truth.metrics import ZERO, between
from promproof.truth.requests import label_from, told
from promproof.verdict import Verdict

ENOUGH = 3
NEVER_KNOWN = "the scenario makes no request wait (`floor`), so how many are open is never known"


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Look for scrapes during which the number of open requests is certain."""
    metric = evidence.contract.metric(claim.subject)
    series = evidence.stored(metric.name)
    at = _by_scrape(series)
    offset = evidence.history.monotonic
    ledger = ledger_of(evidence, metric)
    # a target that counts the scrape counts it while it answers
    told_apart = bool(label_from(metric, "route"))
    after = late(evidence, metric)
    own = 0 if ledger is evidence.ledger else 1
    found, parked, most = [], 0, 0.0
    for scrape_time in sorted(at):
        values = told(metric, at[scrape_time])
        scrape = evidence.scrape_at(scrape_time)
        if scrape is None or not scrape.up:
            continue
        begin, end = scrape.begin + offset - after, scrape.end + offset
        for labels, interval in between(metric, ledger, begin, end, evidence.longest_handler).items():
            if (told_apart and interval.high - interval.low > own) or interval.low < ENOUGH:
                continue
            parked, most = parked + 1, max(most, interval.low)
            shown = values.get(labels)
            if shown is None or shown not in interval:
                found.append(
                    f"at {scrape_time:.2f} s {series_text(metric.name, labels)} is {shown}, parked {interval}"
                )
    resting = told(metric, evidence.rest.exposition.series(metric.name))
    begin, end = evidence.rest.begin + offset, evidence.rest.end + offset
    reading = between(metric, ledger, begin, end, evidence.longest_handler) if own else {}
    found += [
        f"{series_text(metric.name, labels)} is {value:g} at rest"
        for labels, value in resting.items()
        if value not in reading.get(labels, ZERO)
    ]
    records = [evidence.rest.record, *evidence.stored_records, *evidence.ledger_records]
    if not parked and not found and not evidence.ledger.makes_wait:
        return not_verified(claim, NEVER_KNOWN)
    if not parked and not found:
        return unknown(claim, f"no scrape with {ENOUGH} or more requests certainly open", records)
    return findings(
        claim,
        found,
        good=f"{parked} scrapes with a known number of parked requests (up to {most:g}) read it; 0 at rest",
        expected="the number of open requests, 0 at rest",
        evidence=records,
    )


def _by_scrape(series: Mapping[Labels, Sequence[tuple[float, float]]]) -> dict[float, dict[Labels, float]]:
    """What each scrape stored, by its time."""
    at: dict[float, dict[Labels, float]] = {}
    for labels, samples in series.items():
        for stamp, value in samples:
            at.setdefault(stamp, {})[labels] = value
    return at


CHECK = register(
    Check(
        "parked",
        for_metrics("parked", lambda metric: metric.truth.kind == "open_requests"),
        judge,
        order=470,
        scope="split",
    )
)
