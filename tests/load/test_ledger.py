"""The ledger's arithmetic: counts, bounds at a moment, merging, files."""

from __future__ import annotations

import random
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.errors import InputError
from promproof.evidence import bins
from promproof.evidence.ledgerfile import LedgerWriter, read
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.load.arrivals import even, keep
from promproof.load.ledger import Ledger
from tests.load.conftest import HandClock

pytestmark = pytest.mark.unit
GET = ("GET", "/x", 200)
Request = tuple[int, float, float, str]
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from([200, 404, 503]),
        st.floats(0, 100, allow_nan=False),
        st.floats(0, 5, allow_nan=False),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=60,
)


def play(requests: list[Request]) -> LedgerView:
    clock = HandClock()
    ledger = Ledger(clock, 0.1)
    for status, start, length, user in sorted(requests, key=lambda request: request[1]):
        clock.now = start
        token = ledger.open("GET", "/x", user)
        clock.now = start + length
        ledger.close(token, status, floor_seconds=round(length / 2, 1))
        ledger.tally("runs", {"user": user}, token)
    return ledger.snapshot()


@settings(max_examples=60, deadline=None)
@given(REQUESTS, st.integers(1, 5), st.integers(0, 1000))
def test_a_split_over_workers_changes_no_sum_percentile_or_user(
    requests: list[Request], workers: int, seed: int
) -> None:
    whole = play(requests)
    parts: list[list[Request]] = [[] for _ in range(workers)]
    source = random.Random(seed)
    for request in requests:
        source.choice(parts).append(request)
    views = [play(part) for part in parts]
    source.shuffle(views)
    joined = merge(views)
    assert joined == whole
    assert [joined.percentile(p) for p in (50, 95, 99)] == [whole.percentile(p) for p in (50, 95, 99)]
    assert LedgerView.from_json(joined.to_json()) == whole


@settings(max_examples=60, deadline=None)
@given(REQUESTS, st.floats(0, 110, allow_nan=False))
def test_the_bounds_at_a_moment_hold_what_a_server_may_have_counted(
    requests: list[Request], t: float
) -> None:
    view = play(requests)
    for status in (200, 404, 503):
        key = ("GET", "/x", status)
        ended = sum(1 for s, start, length, _ in requests if s == status and start + length < t)
        started = sum(1 for s, start, _, _ in requests if s == status and start <= t)
        assert view.completed_before(key, t) <= ended
        assert started <= view.started_before(key, t)
    assert view.bounds(GET) == (view.counts.get(GET, 0), view.counts.get(GET, 0))


@given(st.lists(st.floats(1e-6, 50), min_size=1, max_size=80), st.floats(1e-4, 50))
def test_the_latencies_at_or_below_an_edge_are_never_overcounted(latencies: list[float], edge: float) -> None:
    view = play([(200, 10.0, latency, "a") for latency in latencies])
    # the clock's subtraction rounds: judge by what the ledger can have seen
    seen = [(10.0 + latency) - 10.0 for latency in latencies]
    low = view.at_or_below(("GET", "/x"), edge)
    assert low <= sum(1 for latency in seen if latency <= edge)
    assert low >= sum(1 for latency in seen if latency <= edge * 0.998 - 3e-6)
    assert view.latency_sum(("GET", "/x")) >= sum(seen) - 1e-6


def test_percentiles_of_a_ledger_are_those_of_hdrhistogram() -> None:
    view = play([(200, 0.0, n / 1000, "a") for n in range(1, 1001)])
    theirs = view.histogram()
    for p in (50, 90, 95, 99, 100):
        ours = view.percentile(p)
        assert ours is not None
        assert ours == pytest.approx(theirs.get_value_at_percentile(p) / 1e6, rel=1e-3)


def test_requests_in_progress_are_certain_only_with_a_floor(clock: HandClock) -> None:
    ledger = Ledger(clock, 0.1)
    for floor_seconds in (2.0, 0.0):
        clock.now = 100.0
        token = ledger.open("GET", "/x")
        clock.now = 102.05
        ledger.close(token, 200, floor_seconds)
    view = ledger.snapshot()
    assert view.open_interval("GET", "/x", 100.5, 101.5) == (1, 2)
    assert view.open_interval("GET", "/x", 103.0, 103.5) == (0, 0)
    assert view.open_interval("GET", "/x", 99.0, 99.5) == (0, 0)


def test_left_and_lost_requests_are_bounds_and_dropped_ones_nothing(clock: HandClock) -> None:
    ledger = Ledger(clock, 0.1)
    ledger.abandon(ledger.open("GET", "/x"), 200)
    ledger.drop(ledger.open("GET", "/x"))
    ledger.close_unknown(ledger.open("GET", "/x"))
    view = ledger.snapshot()
    assert view.counts == {GET: 1}
    assert view.bounds(GET) == (1, 2)
    assert view.completed_before(GET, 1000.5) == 0
    assert view.completed_before(GET, 1010.0, settle=5) == 1
    assert ledger.open_requests() == 0


def test_a_request_that_is_given_back_twice_is_an_error(clock: HandClock) -> None:
    ledger = Ledger(clock, 0.1)
    token = ledger.open("GET", "/x")
    ledger.close(token, 200)
    with pytest.raises(ValueError, match="closed"):
        ledger.close(token, 200)


def test_a_file_torn_by_a_crash_is_readable_and_incomplete(tmp_path: Path, clock: HandClock) -> None:
    ledger = Ledger(clock, 0.1)
    path = tmp_path / "ledger.jsonl"
    writer = LedgerWriter(path, ledger, clock, 0.0)
    ledger.close(ledger.open("GET", "/x"), 200)
    writer.flush()
    ledger.close(ledger.open("GET", "/x"), 200)
    writer.finish()
    whole = read(path)
    assert (whole.complete, whole.counts) == (True, {GET: 2})
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:2]) + lines[2][:20])
    torn = read(path)
    assert (torn.complete, torn.counts) == (False, {GET: 1})
    path.write_text(lines[0] + "nonsense\n" + lines[1])
    with pytest.raises(InputError, match="broken line"):
        read(path)


def test_a_ledger_does_not_grow_with_its_requests(clock: HandClock) -> None:
    ledger = Ledger(clock, 1.0)
    sizes = []
    for _ in range(2):
        for n in range(20_000):
            clock.now = 1000.0 + n / 20_000
            ledger.close(ledger.open("GET", "/x", f"user {n % 10}"), 200)
        sizes.append(len(str(ledger.snapshot().to_json())))
    assert sizes[1] < sizes[0] * 1.1


def test_arrivals_neither_drift_nor_wait_for_a_slot() -> None:
    clock = HandClock()
    started: list[float] = []

    def sleep(seconds: float) -> None:
        clock.now += seconds + 0.003  # always a little late

    def start(due: float) -> bool:
        started.append(due - 1000.0)
        return len(started) % 10 != 0

    arrived = keep(even(100, 1.0), start, clock, sleep, lambda: False, grace=1.0)
    assert started == pytest.approx([n / 100 for n in range(100)])
    assert (arrived.planned, arrived.sent, arrived.missed) == (100, 90, 10)


def test_an_arrival_that_fell_due_while_the_stop_was_noticed_is_not_missed() -> None:
    clock = HandClock()
    stopped = False

    def sleep(seconds: float) -> None:
        nonlocal stopped
        clock.now += seconds + 0.001
        stopped = clock.now > 1000.045

    arrived = keep(even(100, None), lambda due: True, clock, sleep, lambda: stopped, grace=1.0)
    assert (arrived.sent, arrived.missed) == (5, 0)


def test_an_arrival_overdue_beyond_its_grace_is_missed() -> None:
    clock = HandClock()

    def sleep(seconds: float) -> None:
        clock.now += 5.0  # the generator was frozen

    arrived = keep(even(10, 1.0), lambda due: True, clock, sleep, lambda: False, grace=1.0)
    assert arrived.planned == 10
    assert arrived.missed == 9


def test_bucket_tops_lie_within_a_thousandth_of_their_values() -> None:
    for value in (1, 2047, 2048, 4097, 123_456, 98_765_432):
        top = bins.bucket_top(bins.bucket_of(value))
        assert value <= top <= value * 1.001 + 1
    assert bins.up_to({1: 2, 5: 3}, inf) == 5
