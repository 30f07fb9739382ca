"""Waiting until the service is at rest, so that exact comparison makes sense.

At rest: no request open in the ledgers, the longest handler time passed since a client last left its request, users
aged out of their window, and two later readings with equal application counters. A request that was answered is over.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import inf

from promproof.contract.model import Contract, seconds
from promproof.contract.truths import UsersTruth
from promproof.evidence.history import Recorder
from promproof.evidence.records import Quiescence
from promproof.evidence.view import LedgerView
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
    window = max(
        (
            service.scale.seconds(seconds(metric.truth.window))
            for metric in contract.metrics
            if isinstance(metric.truth, UsersTruth)
        ),
        default=0.0,
    )
    handler = seconds(contract.target.longest_handler)
    aging = window + 3 * pace.scrape_interval if window else 0.0
    begun = time.monotonic()
    time.sleep(max([0.0, *(rest_of(traffic.seen, handler, aging) - begun for traffic in ran)]))
    waited = time.monotonic() - begun
    before: list[dict[object, float] | None] = []
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        now = [_counters(found, contract) for found in expositions(history, service, "settling")]
        if None not in now and now == before:
            break
        before = now
        time.sleep(STEP_SECONDS)
    history.add(Quiescence(waited, reached=time.monotonic() < deadline))


def rest_of(ledger: LedgerView, handler: float, aging: float) -> float:
    """The moment (s, CLOCK_MONOTONIC) from which on nothing of some traffic moves anything any more.

    handler: how long the target may go on with a request that its client left. aging: for how long a user is seen
    after a request. Of a ledger that was not ended, or has open requests, both count from its last event.
    """
    if not ledger.complete or ledger.open:
        return ledger.latest + max(handler, aging)
    users = max((ended for _, _, ended in ledger.users.values()), default=-inf)
    return max(ledger.latest, ledger.left + handler, users + aging)


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
