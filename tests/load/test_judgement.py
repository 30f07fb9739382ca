"""Verdicts on runs that are made up line by line: what is judged, and each judgement's twin that must fail."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.load import quantities
from promproof.load.account import SLOTS_AT_MOST, Account
from promproof.load.conditions import parse_condition
from promproof.load.judgement import (
    Judgement,
    Outcome,
    broken_early,
    conditions_of,
    exit_status,
    find_knee,
    invalid,
    judge,
)
from promproof.load.ledger import Ledger
from promproof.load.models import Limits, Scenario
from promproof.load.punctuality import Generator, excesses, overrun, together
from tests.load.conftest import HandClock

pytestmark = pytest.mark.unit

KEY = ("GET", "/a")


class MadeUp:
    """A run whose requests the test decides: each with its begin, its latency, and its status (0: no answer)."""

    def __init__(
        self, *conditions: str, arrival: dict[str, Any] | None = None, knee: list[str] | None = None
    ) -> None:
        stages = {"duration": "10s"} if arrival is None else {}
        self.scenario = Scenario.model_validate(
            {
                "scenario": 1,
                "name": "made up",
                "mix": [{"name": "one", "steps": [{"request": "GET /a"}, {"request": "GET /b"}]}],
                "arrival": arrival or {"model": "open", "rate": "10/s"},
                "knee": knee or [],
                **stages,
            }
        )
        self.account = Account(
            self.scenario, conditions_of([parse_condition(condition) for condition in conditions]), 0.1
        )
        self._clock = HandClock()
        self._ledger = Ledger(self._clock, 0.1)
        self.account.take({"t": 1000.0, "event": "arrivals-started", "begin": 1000.0}, None)

    def ends(self, at: float, latency: float = 0.01, status: int = 200, n: int = 1, path: str = "/a") -> None:
        """n requests that end `at` seconds after the begin."""
        for _ in range(n):
            end = 1000.0 + at
            token = self._ledger.open("GET", path, due=end - latency, at=end - latency)
            if status:
                self._ledger.close(token, status, at=end)
            else:
                self._ledger.close_unknown(token, at=end)
        self.account.take({"t": 1000.0 + at, "add": {}}, self._ledger.drain())

    def pulse(self, at: float, cpu: float) -> None:
        self.account.take({"t": 1000.0 + at, "pulse": {"cpu": cpu, "loop_lag": 0.001}}, None)

    def late(self, at: float, lag: float) -> None:
        self._ledger.lag(lag)
        self.account.take({"t": 1000.0 + at, "add": {}}, self._ledger.drain())

    def over(self, at: float = 10.0, reason: str = "end of the arrivals", **final: object) -> None:
        self.account.take({"t": 1000.0 + at, "event": "stopping", "reason": reason}, None)
        line = {"t": 1000.0 + at + 0.1, "final": True, "problems": [], "surprises": [], **final}
        self.account.take(line, None)

    def verdict(self, stopped_for: str | None = None) -> Judgement:
        (found,) = judge(self.account, invalid(self.account, stopped_for), stopped_for)
        return found


@pytest.mark.parametrize(
    ("condition", "kept", "broken"),
    [
        ("errors <= 3", 3, 4),
        ("errors == 0", 0, 1),
        ("errors <= 1%", 1, 2),
        ("5xx < 2", 1, 2),
        ("503 < 2", 1, 2),
        ("errors of GET /a <= 3", 3, 4),
    ],
)
def test_a_count_of_errors_fails_with_one_request_too_many(condition: str, kept: int, broken: int) -> None:
    for bad, outcome in ((kept, Outcome.PASS), (broken, Outcome.FAIL)):
        run = MadeUp(condition)
        run.ends(5.0, status=503, n=bad) if bad else None
        run.ends(5.0, n=100 - bad)
        run.over()
        assert run.verdict().outcome is outcome


def test_requests_without_an_answer_are_errors() -> None:
    run = MadeUp("errors == 0")
    run.ends(1.0, n=99)
    run.ends(2.0, status=0)
    run.over()
    assert run.verdict() == Judgement("errors == 0", Outcome.FAIL, "1")


@pytest.mark.parametrize(("slow", "outcome"), [(5, Outcome.PASS), (6, Outcome.FAIL)])
def test_a_percentile_turns_with_a_single_request(slow: int, outcome: Outcome) -> None:
    run = MadeUp("p95 < 250ms")
    run.ends(3.0, latency=0.1, n=100 - slow)
    run.ends(3.0, latency=0.9, n=slow)
    run.over()
    assert run.verdict().outcome is outcome


def test_a_condition_of_an_endpoint_judges_its_requests_alone() -> None:
    run = MadeUp("p95 of GET /a < 250ms")
    run.ends(3.0, latency=0.1, n=10)
    run.ends(3.0, latency=5.0, n=90, path="/b")
    run.over()
    assert run.verdict().outcome is Outcome.PASS


def test_latency_counts_from_the_planned_arrival_and_service_time_from_the_sending() -> None:
    for condition, outcome in (("p50 < 1s", Outcome.FAIL), ("service p50 < 1s", Outcome.PASS)):
        run = MadeUp(condition)
        ledger = Ledger(HandClock(), 0.1)
        for _ in range(10):
            token = ledger.open("GET", "/a", due=1001.0, at=1003.0)
            ledger.close(token, 200, at=1003.01)
        run.account.take({"t": 1003.1, "add": {}}, ledger.drain())
        run.over()
        assert run.verdict().outcome is outcome


def test_one_bad_window_among_good_ones_fails() -> None:
    run = MadeUp("p99 < 1s, over 2s")
    for second in range(9):
        run.ends(second + 0.5, latency=2.0 if second == 5 else 0.05, n=1000 if second != 5 else 30)
    run.over()
    assert run.verdict() == Judgement(
        "p99 < 1s, over 2s", Outcome.FAIL, "2.001 s from 4 s to 6 s; 1 of 5 windows"
    )
    twin = MadeUp("p99 < 1s")
    for second in range(9):
        twin.ends(second + 0.5, latency=2.0 if second == 5 else 0.05, n=1000 if second != 5 else 30)
    twin.over()
    assert twin.verdict().outcome is Outcome.PASS


def test_a_condition_with_abort_ends_the_run_after_its_first_broken_window() -> None:
    run = MadeUp("errors < 50%, over 1s, abort")
    run.ends(0.5, n=10)
    run.ends(1.5, status=500, n=10)
    assert broken_early(run.account) is None
    run.ends(2.1)
    assert broken_early(run.account) == "errors < 50%, over 1s, abort: 100.000% from 1 s to 2 s"


def test_a_run_that_was_ended_early_is_unknown() -> None:
    run = MadeUp("p95 < 1s")
    run.ends(1.0, n=10)
    run.over(2.0, reason="asked to stop")
    found = run.verdict()
    assert (found.outcome, found.seen) == (
        Outcome.UNKNOWN,
        "the run is invalid: interrupted after 2.0 s of 10 s (seen: 10.0 ms)",
    )


@pytest.mark.parametrize("broken", [False, True])
def test_an_invalid_run_is_unknown(broken: bool) -> None:
    run = MadeUp("errors == 0")
    run.ends(1.0, status=500 if broken else 200, n=10)
    run.over(problems=["3 of 100 arrivals were missed"])
    found = run.verdict()
    assert found.outcome is Outcome.UNKNOWN
    assert found.seen.startswith("the run is invalid: 3 of 100 arrivals were missed")
    assert exit_status([found], invalid(run.account)) == 2


def test_a_run_whose_generator_died_is_unknown() -> None:
    run = MadeUp("errors == 0")
    run.ends(1.0, n=10)
    assert run.verdict().outcome is Outcome.UNKNOWN
    assert "without its final line" in invalid(run.account)[0]


def test_a_run_that_measured_nothing_is_unknown() -> None:
    run = MadeUp("p95 < 1s")
    run.over()
    assert run.verdict() == Judgement("p95 < 1s", Outcome.UNKNOWN, "there was nothing to measure")
    assert exit_status([], []) == 2


def test_a_begin_long_before_the_first_request_changes_no_count() -> None:
    run = MadeUp("requests == 5")
    run.account.began = -1.0
    run.ends(1.0, n=5)
    run.over()
    assert run.verdict().outcome is Outcome.PASS


STAIRS = {
    "model": "open",
    "stages": [{"for": "2s", "rate": f"{rate}/s"} for rate in (10, 20, 40)],
}


def stairs(*latencies: float) -> MadeUp:
    run = MadeUp("knee >= 20/s", arrival=STAIRS, knee=["p95 < 500ms"])
    for number, latency in enumerate(latencies):
        run.ends(number * 2 + 1.0, latency, n=20)
        run.ends(number * 2 + 2.05)
    return run


def test_the_knee_lies_before_the_first_stage_that_breaks() -> None:
    run = stairs(0.1, 0.2, 0.9)
    run.over(6.1)
    assert str(find_knee(run.account)) == "kept at 20/s, not at 40/s: p95 < 500ms: 900.1 ms"
    assert run.verdict("the knee").outcome is Outcome.PASS
    assert "the knee is found" in str(broken_early(run.account))


def test_a_target_that_breaks_in_the_first_stage_fails() -> None:
    run = stairs(0.9)
    run.over(2.1, reason="asked to stop")
    assert run.verdict("the knee").outcome is Outcome.FAIL


def test_a_generator_at_its_own_limit_is_not_taken_for_the_knee() -> None:
    run = MadeUp("knee >= 20/s", arrival=STAIRS, knee=["p95 < 500ms"])
    run.ends(1.0, n=20)
    run.late(1.5, 0.3)
    run.ends(2.05)
    run.over(2.1, reason="asked to stop")
    knee = find_knee(run.account)
    assert knee is not None
    assert knee.generator
    assert run.verdict("the knee").outcome is Outcome.UNKNOWN


def test_a_run_whose_stages_all_hold_has_its_knee_above_them() -> None:
    run = stairs(0.1, 0.1, 0.1)
    run.over(6.1)
    assert str(find_knee(run.account)) == "no stage broke: the knee is above 40/s"
    assert run.verdict().outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"missed": 1, "planned": 10}, "1 of 10 arrivals were missed"),
        (
            {"missed": 3, "refused": 2, "limit": 500, "planned": 10},
            "3 of 10 arrivals were missed: 2 found 500 sessions under way, the limit of a process",
        ),
        ({"lags": {300_000: 5}}, "the generator was late"),
        ({"seconds": 10.0, "cpu_seconds": 9.9}, "the generator used 99% of a CPU"),
        ({"own_failures": 2}, "2 requests could not be sent for want of"),
    ],
)
def test_a_generator_that_broke_its_promise_makes_the_run_invalid(change: dict[str, Any], words: str) -> None:
    assert excesses(Generator(lags={1000: 99}, seconds=10.0, cpu_seconds=5.0), Limits()) == []
    (found,) = excesses(Generator(**change), Limits())
    assert words in found


def test_a_rate_beyond_the_machine_is_reported() -> None:
    assert overrun(0.5, 0.1, 0.99, 500, 1.0) is None
    assert overrun(2.0, 1.0, 0.3, 500, 1.0) is None
    assert overrun(4.0, 5.0, 0.3, 500, 1.0) is None
    assert "starts about 250 arrivals/s" in str(overrun(2.0, 1.0, 0.99, 500, 2.0))
    assert overrun(4.0, 3.0, 0.3, 500, 1.0) is not None


def test_the_sum_of_several_accounts_holds_each_of_them() -> None:
    parts = [
        Generator("open", 10, 9, 1, 0, 10.0, 1.0, 0.1, {1000: 9}),
        Generator("open", 10, 10, 0, 2, 10.0, 9.9, 0.2, {1000: 9, 5000: 1}),
    ]
    total = together(parts)
    assert (total.planned, total.sent, total.missed, total.own_failures) == (20, 19, 1, 2)
    assert (total.cpu, total.loop_lag_max_seconds, total.lags) == (0.99, 0.2, {1000: 18, 5000: 1})
    assert Generator.from_json(total.to_json()) == total


def test_a_long_run_is_kept_in_a_bounded_number_of_slots() -> None:
    run = MadeUp("p95 < 1s")
    for second in range(0, 4 * SLOTS_AT_MOST, 7):
        run.ends(second + 0.5)
    assert len(run.account.slots) <= SLOTS_AT_MOST
    assert run.account.slot_seconds == 4
    assert sum(slot.ended.total for slot in run.account.slots.values()) == run.account.view().requests


def test_a_condition_that_cannot_be_judged_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MadeUp("p95 < 1s", "errors == 0")
    made.ends(1.0)

    def measure(condition: Any, *rest: Any) -> Any:
        if condition.quantity != "errors":
            raise KeyError("bins")
        return quantities.measure(condition, *rest)

    monkeypatch.setattr("promproof.load.judgement.measure", measure)
    broken, kept = judge(made.account, [])
    assert broken.outcome is Outcome.UNKNOWN
    assert broken.seen.startswith("the check itself broke: KeyError: 'bins' at promproof/load/judgement.py:")
    assert kept.outcome is Outcome.PASS
    assert exit_status([broken, kept], []) == 2
