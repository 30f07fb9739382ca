"""What a view concludes: endings and their bounds at a moment, users, tallies, sums of parts."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promproof.evidence import bins
from promproof.evidence.sums import ViewSum, merge
from promproof.evidence.view import LedgerView, labels_of
from promproof.load.ledger import UNTOLD_SECONDS, Ledger
from tests.load.conftest import HandClock

pytestmark = pytest.mark.unit
GET = ("GET", "/x", 200)
ENDPOINT = ("GET", "/x")
BIN = 0.1
ENDINGS = ("close", "abandon", "drop", "unknown", "open")
Fate = tuple[str, int, float, float]
FATES = st.lists(
    st.tuples(
        st.sampled_from(ENDINGS),
        st.sampled_from([200, 500]),
        st.floats(0, 20, allow_nan=False),
        st.floats(0, 4, allow_nan=False),
    ),
    max_size=40,
)


def live(ledger: Ledger, clock: HandClock, fates: list[Fate], drained: ViewSum | None = None) -> None:
    """Play all requests in the order of their events; drain after every third one when asked to."""
    order = sorted(
        (
            event
            for n, (_, _, start, length) in enumerate(fates)
            for event in ((start, 0, n), (start + length, 1, n))
        )
    )
    tokens = {}
    for done, (t, is_end, n) in enumerate(order):
        clock.now = t
        ending, status, _, _ = fates[n]
        if not is_end:
            tokens[n] = ledger.open("GET", "/x", f"user-{n % 3}")
        elif ending == "close":
            ledger.close(tokens[n], status)
            ledger.tally("runs", {"status": str(status)}, tokens[n])
        elif ending == "abandon":
            ledger.abandon(tokens[n], status)
        elif ending == "drop":
            ledger.drop(tokens[n])
        elif ending == "unknown":
            ledger.close_unknown(tokens[n])
            ledger.tally_unknown("runs", {}, tokens[n])
        if drained is not None and done % 3 == 2:
            drained.add(ledger.drain())


@settings(max_examples=60, deadline=None)
@given(FATES)
def test_draining_in_the_middle_loses_and_doubles_nothing(fates: list[Fate]) -> None:
    clock = HandClock()
    whole, parts, drained = Ledger(clock, BIN), Ledger(clock, BIN), ViewSum(BIN)
    live(whole, clock, fates)
    live(parts, clock, fates, drained)
    drained.add(parts.drain())
    assert drained.view() == whole.snapshot()
    assert parts.drain().requests == 0
    assert parts.open_requests() == sum(1 for ending, *_ in fates if ending == "open")


@settings(max_examples=100, deadline=None)
@given(FATES, st.floats(0, 25, allow_nan=False), st.floats(0, 3, allow_nan=False))
def test_a_server_that_keeps_its_promise_counts_inside_the_bounds(
    fates: list[Fate], t: float, length: float
) -> None:
    clock = HandClock()
    ledger = Ledger(clock, BIN)
    live(ledger, clock, fates)
    view = ledger.snapshot()
    for status in (200, 500):
        key = ("GET", "/x", status)
        certain = [fate for fate in fates if fate[0] == "close" and fate[1] == status]
        left = [fate for fate in fates if fate[0] == "abandon" and fate[1] == status]
        unknown = [fate for fate in fates if fate[0] in ("unknown", "open")]
        # the server that counts as late as it may, and the one that counts as early as it may
        least = sum(1 for _, _, start, took in certain if start + took < t)
        most = sum(1 for _, _, start, _ in (*certain, *left, *unknown) if start <= t)
        assert view.completed_before(key, t) <= least
        assert most <= view.started_before(key, t)
        assert view.bounds(key) == (len(certain) + len(left), len(certain) + len(left) + len(unknown))
    reached = [fate for fate in fates if fate[0] not in ("drop", "open")]
    in_progress = sum(1 for _, _, start, took in reached if start <= t + length and t <= start + took)
    low, high = view.open_interval("GET", "/x", t, t + length)
    assert low == 0
    assert in_progress <= high


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 4), st.floats(0, 1)), max_size=30),
    st.floats(0, 25),
    st.floats(0, 1),
)
def test_a_request_is_certainly_held_only_when_every_server_must_hold_it(
    requests: list[tuple[float, float, float]], t: float, length: float
) -> None:
    """A server holds a request of floor F for exactly F, as early as possible or as late as possible."""
    clock = HandClock()
    ledger = Ledger(clock, BIN)
    held_early = held_late = 0
    for start, extra, floor in requests:
        clock.now = start
        token = ledger.open("GET", "/x")
        clock.now = end = start + floor + extra
        ledger.close(token, 200, floor)
        held_early += start <= t and t + length <= start + floor
        held_late += end - floor <= t and t + length <= end
    certainly, possibly = ledger.snapshot().open_interval("GET", "/x", t, t + length)
    assert certainly <= min(held_early, held_late)
    assert max(held_early, held_late) <= possibly


def test_the_bin_of_the_moment_itself_is_possible_and_not_certain(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    token = ledger.open("GET", "/x")
    ledger.close(token, 200)
    view = ledger.snapshot()
    assert (view.completed_before(GET, 1000.0), view.started_before(GET, 1000.0)) == (0, 1)
    assert (view.completed_before(GET, 1000.11), view.started_before(GET, 999.89)) == (1, 0)


def test_a_request_of_unknown_fate_may_count_for_any_status_of_its_route(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    ledger.close(ledger.open("GET", "/x"), 200)
    ledger.close(ledger.open("GET", "/x"), 500)
    ledger.close_unknown(ledger.open("GET", "/x"))
    ledger.close(ledger.open("GET", "/y"), 200)
    view = ledger.snapshot()
    keys = view.keys()
    assert [view.bounds(key) for key in keys] == [(1, 2), (1, 2), (1, 1)]
    assert view.started_before(ENDPOINT, inf) == 3
    assert view.uncertain == {ENDPOINT: 1}


def test_requests_that_are_over_leave_progress_once_settled(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    ledger.abandon(ledger.open("GET", "/x"), 200)
    ledger.close_unknown(ledger.open("GET", "/x"))
    view = ledger.snapshot()
    assert view.open_interval("GET", "/x", 1001.0, 1001.0) == (0, 2)
    assert view.open_interval("GET", "/x", 1006.0, 1006.0, settle=5.0) == (0, 0)
    assert view.open_interval("GET", "/x", inf, inf) == (0, 0)


def test_open_requests_are_told_apart_from_lost_ones(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    token = ledger.open("GET", "/x")
    ledger.close_unknown(ledger.open("GET", "/x"))
    assert ledger.snapshot().open == {ENDPOINT: 1}
    ledger.close(token, 200)
    assert ledger.snapshot().open == {}


def test_a_user_has_its_first_start_last_start_and_last_end(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    first = ledger.open("GET", "/x", "ann")
    clock.now = 1001.0
    second = ledger.open("GET", "/x", "ann")
    clock.now = 1002.0
    ledger.close(second, 200)
    total = ViewSum(BIN)
    total.add(ledger.drain())
    clock.now = 1005.0
    ledger.abandon(first, 200)  # the part that knew its start has been drained
    total.add(ledger.drain())
    ledger.open("GET", "/x")
    total.add(ledger.drain())
    assert total.view().users == {"ann": (1000.0, 1001.0, 1005.0 + UNTOLD_SECONDS)}, (
        "a busy target takes it in later"
    )


def test_a_user_with_an_open_request_is_seen_by_it(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    ledger.close(ledger.open("GET", "/x", "ann"), 200)
    clock.now = 1007.0
    ledger.open("GET", "/x", "ann")
    assert ledger.snapshot().users == {"ann": (1000.0, 1007.0, 1007.0)}


def test_a_tally_is_possible_from_the_begin_of_its_request_and_certain_after_its_end(
    clock: HandClock,
) -> None:
    ledger = Ledger(clock, BIN)
    key = ("runs", labels_of({"status": "success", "id": "3"}))
    token = ledger.open("POST", "/run")
    clock.now = 1002.0
    ledger.close(token, 200)
    ledger.tally("runs", {"id": "3", "status": "success"}, token)
    view = ledger.snapshot()
    assert view.tallies == {key: 1}
    assert [view.tally_started_before(key, t) for t in (999.0, 1000.0, 1001.0)] == [0, 1, 1]
    assert [view.tally_completed_before(key, t) for t in (1001.0, 1002.0, 1002.2)] == [0, 0, 1]


def test_a_tally_of_an_abandoned_request_is_certain_once_it_settled(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    key = ("runs", ())
    token = ledger.open("POST", "/run")
    ledger.abandon(token, 200)
    ledger.tally("runs", {}, token)
    view = ledger.snapshot()
    assert view.tally_completed_before(key, 1003.0) == 0
    assert view.tally_completed_before(key, 1003.0, settle=2.0) == 1
    assert view.tally_completed_before(key, inf) == 1


def test_an_uncertain_tally_counts_only_for_labels_that_agree_with_it(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    token = ledger.open("POST", "/run")
    ledger.close_unknown(token)
    ledger.tally_unknown("runs", {"id": "3"}, token, at_most=2)
    view = ledger.snapshot()
    assert view.tallies == {}
    assert view.tally_started_before(("runs", labels_of({"id": "3", "status": "failed"})), inf) == 2
    assert view.tally_started_before(("runs", labels_of({"id": "4", "status": "failed"})), inf) == 0
    assert view.tally_started_before(("others", labels_of({"id": "3"})), inf) == 0


def test_a_tally_without_a_request_counts(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    ledger.tally("restarts", {})
    view = ledger.snapshot()
    assert (
        view.tally_started_before(("restarts", ()), 1000.0),
        view.tally_completed_before(("restarts", ()), 1001.0),
    ) == (1, 1)


def test_the_felt_latency_begins_when_the_request_was_due(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    token = ledger.open("GET", "/x", due=999.0)
    clock.now = 1000.5
    ledger.close(token, 200)
    view = ledger.snapshot()
    assert view.percentile(100) == pytest.approx(0.5, rel=2e-3)
    assert view.percentile(100, ENDPOINT, felt=True) == pytest.approx(1.5, rel=2e-3)
    assert view.percentile(100, ("GET", "/none")) is None


def test_a_request_timed_by_somebody_else_is_recorded_at_its_own_time(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    ledger.record("GET", "/x", 200, 990.0, 992.0)
    ledger.record("GET", "/x", 0, 990.0, 992.0)
    view = ledger.snapshot()
    assert view.completed_before(GET, 992.5) == 1
    assert view.started_before(GET, 990.0) == 2
    assert view.uncertain == {ENDPOINT: 1}
    assert ledger.open("GET", "/x").started == clock.now


def test_a_token_can_be_given_back_once(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    for end in (
        lambda token: ledger.close(token, 200),
        lambda token: ledger.abandon(token, 200),
        ledger.drop,
        ledger.close_unknown,
    ):
        token = ledger.open("GET", "/x")
        end(token)
        with pytest.raises(ValueError, match="each token is given back once"):
            ledger.close(token, 200)
        with pytest.raises(ValueError, match="cannot be dropped"):
            ledger.drop(token)
    assert ledger.snapshot().counts == {GET: 2}


def test_ledgers_that_do_not_fit_are_not_added_up(clock: HandClock) -> None:
    with pytest.raises(ValueError, match=r"bins of 0\.1 s and of 1 s cannot be merged"):
        merge([LedgerView(0.1), LedgerView(1.0)])
    with pytest.raises(ValueError, match="nothing to merge"):
        merge([])
    with pytest.raises(ValueError, match="expected more than 0"):
        Ledger(clock, 0.0)


def test_a_sum_with_a_part_of_a_dead_writer_is_incomplete() -> None:
    assert not merge([LedgerView(1.0), LedgerView(1.0, complete=False)]).complete


def test_a_sum_that_was_handed_out_does_not_change(clock: HandClock) -> None:
    ledger = Ledger(clock, BIN)
    ledger.close(ledger.open("GET", "/x"), 200)
    total = ViewSum(BIN)
    total.add(ledger.snapshot())
    before = total.view()
    total.add(ledger.snapshot())
    assert before.counts == {GET: 1}
    assert total.view().counts == {GET: 2}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {**LedgerView(1.0).to_json(), "lags": [1, 2, 3]},
        {**LedgerView(1.0).to_json(), "lags": ["1", 2]},
        {
            **LedgerView(1.0).to_json(),
            "endpoints": [["GET", "/x", {"outcomes": [[200, {"begins": [1, 1]}]]}]],
        },
    ],
    ids=["empty", "odd", "text", "unknown part"],
)
def test_something_that_is_no_view_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a"):
        LedgerView.from_json(data)


@given(st.integers(0, 10**12))
def test_each_duration_falls_into_its_bucket_and_each_bucket_is_narrow(microseconds: int) -> None:
    index = bins.bucket_of(microseconds)
    assert bins.bucket_top(index) >= microseconds
    assert index == 0 or bins.bucket_top(index - 1) < microseconds
    assert bins.bucket_top(index) <= microseconds * 1.001


PERCENTILES = st.sampled_from([0.0, 50.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0])
DURATIONS = st.lists(st.integers(1, 5_000_000), min_size=1, max_size=50)


def counted(values: list[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for value in values:
        bins.add_into(counts, {bins.bucket_of(value): 1})
    return counts


@example([1] * 14 + [9] * 2, 90.0)
@given(DURATIONS, PERCENTILES)
def test_a_percentile_is_the_least_duration_that_so_many_do_not_exceed(values: list[int], p: float) -> None:
    ours = bins.percentile(counted(values), p)
    rank = max(ceil(Fraction(str(p)) * len(values) / 100), 1)
    assert ours is not None
    assert round(ours * 1e6) == bins.bucket_top(bins.bucket_of(sorted(values)[rank - 1]))


@example([1] * 14 + [9] * 2, [1] * 16 + [9] * 2, 90.0)
@given(DURATIONS, DURATIONS, PERCENTILES)
def test_a_percentile_of_all_lies_between_those_of_its_parts(
    one: list[int], other: list[int], p: float
) -> None:
    parts = [bins.percentile(counted(values), p) or 0.0 for values in (one, other)]
    whole = bins.percentile(counted([*one, *other]), p)
    assert whole is not None
    assert min(parts) <= whole <= max(parts)


def test_percentiles_are_those_of_hdrhistogram_where_the_rank_needs_no_rounding() -> None:
    counts = counted([n * 1000 for n in range(1, 1001)])
    theirs = bins.histogram([counts])
    for p in (50.0, 95.0, 99.0, 99.9, 100.0):
        ours = bins.percentile(counts, p)
        assert ours is not None
        assert round(ours * 1e6) == pytest.approx(theirs.get_value_at_percentile(p), rel=1e-3, abs=1)
