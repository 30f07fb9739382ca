"""What a target says of how long its requests took: small distortions, and standstills, from records by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from promproof.checks import metric_durations
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.load.ledger import Ledger
from promproof.verdict import Outcome, Verdict
from tests.records import record

pytestmark = pytest.mark.unit
HELD, TOOK, WAITED = 1.02, 1.024, 1.03
"""Seconds: what the target certainly held a request, what it took, and what the client waited."""
EDGES = (0.1, 1.0, 1.5, 2.5)


def contract(before_answer: bool) -> Contract:
    """A histogram of durations; its clock stops before the last byte of the answer leaves, or some time after."""
    metric = {
        "name": "took_seconds",
        "type": "histogram",
        "unit": "seconds",
        "labels": {"method": {}, "endpoint": {}},
        "buckets": list(EDGES),
        "truth": {"kind": "durations", "before_answer": before_answer},
    }
    return Contract.model_validate({"contract": 1, "service": "shop", "metrics": [metric]})


def failed(said: Callable[[float], float], number: int = 4) -> set[str]:
    """The claims that are red when the target says this of what a request took."""
    ledger = Ledger(lambda: 100.0, 0.01)
    for _ in range(number):
        token = ledger.open("PUT", "/a", at=100.0)
        ledger.close(token, 200, HELD, at=100.0 + WAITED)
    verdicts = judged(ledger, [said(TOOK)] * number, contract(before_answer=True))
    return {name for name, verdict in verdicts.items() if verdict.outcome is Outcome.FAIL}


def judged(
    ledger: Ledger, values: Sequence[float], promised: Contract, scrape: float = 0.01, summed: float = 1.0
) -> dict[str, Verdict]:
    """The verdicts on what a target says its requests took. scrape: seconds that a scrape of it took.

    summed: what the sum is multiplied by.
    """
    number = len(values)
    labels = 'method="PUT",endpoint="/a"'
    lines = ["# TYPE took_seconds histogram"]
    for edge in (*EDGES, float("inf")):
        count = sum(value <= edge for value in values)
        lines.append(
            f'took_seconds_bucket{{{labels},le="{"+Inf" if edge == float("inf") else edge}"}} {count}'
        )
    lines += [
        f"took_seconds_count{{{labels}}} {number}",
        f"took_seconds_sum{{{labels}}} {sum(values) * summed}",
        "",
    ]
    scraped = {"up": 1.0, "scrape_duration_seconds": scrape}
    series = [{"name": name, "labels": {}, "samples": [[5.0, value]]} for name, value in scraped.items()]
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"managed": True, "instance": "i"}),
        (
            "exposition",
            {"label": "rest", "begin": 110.0, "end": 110.1, "text": "\n".join(lines), "status": 200},
        ),
        ("ledger", {"source": "reconcile", "view": ledger.snapshot().to_json()}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("stored", {"series": series}),
    ]
    history = History("by hand", 0.0, 0.0)
    history.records.extend(record(n, 9.0, kind, data) for n, (kind, data) in enumerate(rows))
    evidence = Evidence(promised, history)
    checks = {"buckets": metric_durations.BUCKETS, "sum": metric_durations.SUM}
    return {name: judge(check, Claim(name, "took_seconds"), evidence) for name, check in checks.items()}


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


def after_answer(
    values: Sequence[float], waited: Sequence[float], scrape: float = 0.01
) -> dict[str, tuple[Outcome, str]]:
    """What is said of a middleware that stops its clock after the answer. waited: by the clients, one after another."""
    ledger = Ledger(lambda: 100.0, 0.01)
    for number, seconds in enumerate(waited):
        token = ledger.open("PUT", "/a", at=10.0 + 2 * number)
        ledger.close(token, 200, at=10.0 + 2 * number + seconds)
    verdicts = judged(ledger, values, contract(before_answer=False), scrape)
    return {name: (verdict.outcome, verdict.reason) for name, verdict in verdicts.items()}


def test_a_clock_that_stood_still_after_the_answer_is_unknown_where_the_run_shows_such_a_wait() -> None:
    waited, stalled = [0.07] * 8, [0.06] * 7 + [0.3]
    found = after_answer(stalled, waited, scrape=0.4)
    assert {name: outcome for name, (outcome, _) in found.items()} == {"buckets": "unknown", "sum": "unknown"}
    assert "something waited 0.4 s for it" in found["sum"][1]
    # nothing waited there, so nothing explains it
    found = after_answer(stalled, waited)
    assert {name: outcome for name, (outcome, _) in found.items()} == {"buckets": "fail", "sum": "fail"}
    # another request that was stuck is a witness as well
    found = after_answer([*stalled, 0.35], [*waited, 0.36])
    assert {name: outcome for name, (outcome, _) in found.items()} == {"buckets": "unknown", "sum": "unknown"}


@pytest.mark.parametrize("factor", [2, 1000], ids=["doubled", "milliseconds"])
def test_a_distortion_is_red_beside_a_standstill_too(factor: float) -> None:
    waited = [0.09] * 12
    assert after_answer([0.085] * 12, waited, scrape=0.4)["sum"][0] == "pass"
    assert after_answer([0.085 * factor] * 12, waited, scrape=0.4)["sum"][0] == "fail"


def test_a_clock_that_stops_before_the_answer_hides_no_standstill() -> None:
    ledger = Ledger(lambda: 100.0, 0.01)
    ledger.close(ledger.open("PUT", "/a", at=10.0), 200, at=10.09)
    found = judged(ledger, [0.3], contract(before_answer=True), scrape=0.4)
    assert {name: verdict.outcome for name, verdict in found.items()} == {"buckets": "fail", "sum": "fail"}


def quick(seconds: Sequence[float], summed: float = 1.0) -> Verdict:
    """What is said of the sum of a target that took so long and whose clients waited 50 ms; the sum times a factor."""
    ledger = Ledger(lambda: 100.0, 0.01)
    for _ in seconds:
        token = ledger.open("PUT", "/a", at=100.0)
        ledger.close(token, 200, 0.0, at=100.05)
    return judged(ledger, seconds, contract(before_answer=True), summed=summed)["sum"]


@pytest.mark.parametrize("seconds", [2e-4, 6e-5, 0.04])
def test_a_sum_that_would_be_right_in_milliseconds_too_says_so(seconds: float) -> None:
    found = quick([seconds] * 4)
    assert (found.outcome, metric_durations.NO_UNIT in found.reason) == (Outcome.PASS, True)


def test_milliseconds_of_a_handler_of_microseconds_are_no_plain_pass() -> None:
    assert metric_durations.NO_UNIT not in quick([2e-6] * 4).reason, "nothing takes 2 ns"
    assert metric_durations.NO_UNIT in quick([2e-6] * 4, summed=1000.0).reason


@pytest.mark.parametrize(
    ("factor", "outcome"), [(1.0, Outcome.PASS), (1000.0, Outcome.FAIL), (0.001, Outcome.FAIL)]
)
def test_one_request_beyond_the_first_bucket_tells_the_unit(factor: float, outcome: Outcome) -> None:
    ledger = Ledger(lambda: 100.0, 0.01)
    for _ in range(2):
        ledger.close(ledger.open("PUT", "/a", at=100.0), 200, 0.0, at=200.0)
    found = judged(ledger, [0.02, 0.11], contract(before_answer=True), summed=factor)["sum"]
    assert found.outcome is outcome, found.reason
    assert ("by its own buckets" in found.reason) is (outcome is Outcome.FAIL)
