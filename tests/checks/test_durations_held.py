"""What a target says of requests that it was made to hold: small distortions of the durations, from records by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from promproof.checks import metric_durations
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.verdict import Outcome
from tests.records import record

pytestmark = pytest.mark.unit
HELD, TOOK, WAITED = 1.02, 1.024, 1.03
"""Seconds: what the target certainly held a request, what it took, and what the client waited."""
EDGES = (0.1, 1.0, 1.5, 2.5)
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "metrics": [
            {
                "name": "took_seconds",
                "type": "histogram",
                "unit": "seconds",
                "labels": {"method": {}, "endpoint": {}},
                "buckets": list(EDGES),
                "truth": {"kind": "durations", "before_answer": True},
            }
        ],
    }
)


def failed(said: Callable[[float], float], number: int = 4) -> set[str]:
    """The claims that are red when the target says this of what a request took."""
    now = 100.0
    ledger = Ledger(lambda: now, 0.01)
    for _ in range(number):
        token = ledger.open("PUT", "/a", at=now)
        ledger.close(token, 200, HELD, at=now + WAITED)
    labels = 'method="PUT",endpoint="/a"'
    values = [said(TOOK)] * number
    lines = ["# TYPE took_seconds histogram"]
    for edge in (*EDGES, float("inf")):
        count = sum(value <= edge for value in values)
        lines.append(
            f'took_seconds_bucket{{{labels},le="{"+Inf" if edge == float("inf") else edge}"}} {count}'
        )
    lines += [f"took_seconds_count{{{labels}}} {number}", f"took_seconds_sum{{{labels}}} {sum(values)}", ""]
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": True, "instance": "i"}),
        (
            "exposition",
            {"label": "rest", "begin": 110.0, "end": 110.1, "text": "\n".join(lines), "status": 200},
        ),
        ("ledger", {"source": "reconcile", "view": ledger.snapshot().to_json()}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(n, 9.0, kind, data) for n, (kind, data) in enumerate(rows))
    evidence = Evidence(CONTRACT, history)
    checks = {"buckets": metric_durations.BUCKETS, "sum": metric_durations.SUM}
    verdicts = {name: judge(check, Claim(name, "took_seconds"), evidence) for name, check in checks.items()}
    return {name for name, verdict in verdicts.items() if verdict.outcome is Outcome.FAIL}


def test_true_durations_and_rounded_ones_are_no_finding() -> None:
    assert failed(lambda seconds: seconds) == set()
    assert failed(lambda seconds: round(seconds, 3)) == set()


@pytest.mark.parametrize(
    ("said", "red"),
    [
        (lambda seconds: round(seconds, 1), {"buckets", "sum"}),
        (lambda seconds: float(int(seconds)), {"buckets", "sum"}),
        (lambda seconds: seconds * 1.05, {"sum"}),
        (lambda seconds: seconds * 0.9, {"buckets", "sum"}),
        (lambda seconds: seconds - HELD, {"buckets", "sum"}),
        (lambda seconds: seconds * 1000, {"buckets", "sum"}),
    ],
    ids=[
        "rounded",
        "whole seconds",
        "a twentieth longer",
        "a tenth shorter",
        "from the whole body",
        "milliseconds",
    ],
)
def test_a_small_distortion_is_red(said: Callable[[float], float], red: set[str]) -> None:
    assert failed(said) == red
