"""metric/NAME/window: users leave the gauge when their last request leaves the window, neither earlier nor later."""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, for_metrics, register, unknown
from promproof.contract.model import seconds
from promproof.contract.truths import UsersTruth
from promproof.evidence.evidence import Evidence
from promproof.truth.metrics import users_between
from promproof.verdict import Verdict


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Judge the samples after the last request: there the ledger knows each user's age."""
    metric = evidence.contract.metric(claim.subject)
    truth = metric.truth
    assert isinstance(truth, UsersTruth)
    evidence.need_all_ended()
    window = evidence.target_scale.seconds(seconds(truth.window))
    users, offset = evidence.ledger.users, evidence.history.monotonic
    last = max((end for _, _, end in users.values()), default=0.0) - offset
    found, aged, gone = [], 0, 0
    for t, value in sorted(point for samples in evidence.stored(metric.name).values() for point in samples):
        scrape = evidence.scrape_at(t)
        if scrape is None or scrape.begin < last or scrape.end > evidence.rest.end:
            continue
        interval = users_between(truth, evidence.ledger, scrape.begin + offset, scrape.end + offset, window)
        aged += 1
        gone += interval.high == 0
        if value not in interval:
            found.append(
                f"at {t:.2f} s, {scrape.begin - last:.2f} s after the last request, {value:g}, truth {interval}"
            )
    records = [*evidence.stored_records, *evidence.ledger_records]
    if not found and (not gone or not users):
        return unknown(claim, f"the run ended before the window of {window:g} s had passed", records)
    return findings(
        claim,
        found,
        good=f"{len(users)} users aged out over {aged} scrapes, {gone} of them at 0",
        expected=f"distinct users whose last request is at most {window:g} s old",
        tolerance="a request's start to its end; the scrape's begin to its end",
        evidence=records,
    )


CHECK = register(
    Check(
        "window",
        for_metrics("window", lambda metric: metric.truth.kind == "distinct_users"),
        judge,
        order=500,
        scope="split",
    )
)
