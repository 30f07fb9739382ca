"""Waiting until the service is at rest, so that exact comparison makes sense.

At rest: no request open in the ledgers, the longest handler time passed since the last client event, users aged out
of their window, and two later readings with equal application counters.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from promproof.contract.model import Contract, seconds
from promproof.contract.truths import UsersTruth
from promproof.evidence.history import Recorder
from promproof.evidence.records import Quiescence
from promproof.exposition import Exposition
from promproof.run.bench import Service
from promproof.run.pace import Pace
from promproof.run.reading import expositions
from promproof.run.traffic import Traffic
from promproof.truth.metrics import sample_name
from promproof.truth.requests import may_count

LIMIT_SECONDS = 15.0
STEP_SECONDS = 0.2


def settle(
    service: Service, pace: Pace, contract: Contract, history: Recorder, ran: Sequence[Traffic]
) -> None:
    """Wait for rest; the record `quiescence` says whether it was reached.

    Counters that still move are evidence: the comparison at rest will say which.
    """
    latest = max((traffic.latest for traffic in ran), default=time.monotonic())
    window = max(
        (
            service.scale.seconds(seconds(metric.truth.window))
            for metric in contract.metrics
            if isinstance(metric.truth, UsersTruth)
        ),
        default=0.0,
    )
    wait = seconds(contract.target.longest_handler)
    if window:
        wait = max(wait, window + 3 * pace.scrape_interval)
    time.sleep(max(0.0, latest + wait - time.monotonic()))
    before: list[dict[object, float] | None] = []
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        now = [_counters(found, contract) for found in expositions(history, service, "settling")]
        if None not in now and now == before:
            break
        before = now
        time.sleep(STEP_SECONDS)
    history.add(Quiescence(wait, reached=time.monotonic() < deadline))


def _counters(exposition: Exposition | None, contract: Contract) -> dict[object, float] | None:
    if exposition is None:
        return None
    metrics = {sample_name(metric): metric for metric in contract.metrics if metric.truth.kind != "process"}
    path = contract.target.metrics_path
    return {
        key: value
        for key, value in exposition.values.items()
        if key[0] in metrics and not may_count(metrics[key[0]], dict(key[1]), path)
    }
