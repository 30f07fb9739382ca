"""Faults as pure state: leases, counters, and who is hit, with time as an argument."""

import pytest

from promptpilot.faults import ENDED_KEPT, Ended, Fault, Faults, Kind

pytestmark = pytest.mark.unit

LIST, CREATE = "GET /api/v1/prompts", "POST /api/v1/prompts"


def errors(rate: float = 0.5, lease: float = 5.0, **targets: float) -> Fault:
    return Fault(Kind.ERRORS, lease, targets=targets or {LIST: rate, CREATE: rate}, rate=rate, status=503)


def test_a_fault_hits_no_request_after_its_lease() -> None:
    faults = Faults()
    faults.start(errors(rate=1.0), now=100.0)
    assert faults.decide(Kind.ERRORS, LIST, now=104.999) is not None
    assert faults.decide(Kind.ERRORS, LIST, now=105.0) is None
    assert faults.active(105.0) == []
    (state,) = faults.ended(105.0)
    assert (state.ended, state.seen, state.injected, state.expires_in_seconds) == (Ended.LEASE, 1, 1, 0.0)


def test_a_fault_is_not_reported_active_after_its_lease() -> None:
    faults = Faults()
    faults.start(errors(), now=100.0)
    assert [state.expires_in_seconds for state in faults.active(102.0)] == [3.0]
    assert faults.active(105.0) == []
    assert faults.none_active


def test_a_renewed_lease_counts_from_the_renewal() -> None:
    faults = Faults()
    faults.start(errors(rate=1.0), now=100.0)
    faults.decide(Kind.ERRORS, LIST, now=103.0)
    renewed = faults.renew(Kind.ERRORS, now=104.0)
    assert renewed is not None
    assert (renewed.expires_in_seconds, renewed.seen) == (5.0, 1)
    assert faults.decide(Kind.ERRORS, LIST, now=108.9) is not None


def test_an_ended_fault_can_be_neither_renewed_nor_ended_again() -> None:
    faults = Faults()
    faults.start(errors(), now=100.0)
    assert faults.renew(Kind.ERRORS, now=105.0) is None
    assert faults.end(Kind.ERRORS, now=105.0) is None
    assert faults.renew(Kind.SLOW, now=105.0) is None
    assert [state.ended for state in faults.ended(105.0)] == [Ended.LEASE]


def test_a_second_start_begins_counting_anew() -> None:
    faults = Faults()
    faults.start(errors(rate=0.75), now=100.0)
    faults.decide(Kind.ERRORS, LIST, now=100.0)
    faults.start(errors(rate=0.5), now=101.0)
    assert faults.decide(Kind.ERRORS, LIST, now=101.0) is None  # 0.75 are not carried over
    assert faults.decide(Kind.ERRORS, LIST, now=101.0) is not None
    (state,) = faults.active(101.0)
    assert (state.rate, state.seen, state.injected) == (0.5, 2, 1)
    assert [(old.ended, old.seen) for old in faults.ended(101.0)] == [(Ended.REPLACED, 1)]


def test_each_route_has_an_accumulator_of_its_own() -> None:
    faults = Faults()
    faults.start(errors(rate=0.5), now=100.0)
    hits = [faults.decide(Kind.ERRORS, route, now=100.0) is not None for route in (LIST, CREATE) * 4]
    assert hits == [False, True] * 4
    state = faults.end(Kind.ERRORS, now=100.0)
    assert state is not None
    assert {route: (tally.seen, tally.injected) for route, tally in state.by_route.items()} == {
        LIST: (4, 0),
        CREATE: (4, 4),
    }
    assert (state.seen, state.injected, state.ended) == (8, 4, Ended.DELETED)


def test_each_route_has_a_rate_of_its_own() -> None:
    faults = Faults()
    faults.start(errors(**{LIST: 1.0, CREATE: 0.0}), now=100.0)
    hits = {
        route: [faults.decide(Kind.ERRORS, route, 100.0) is not None for _ in range(5)]
        for route in (LIST, CREATE)
    }
    assert hits == {LIST: [True] * 5, CREATE: [False] * 5}


def test_a_request_of_another_route_does_not_count_as_seen() -> None:
    faults = Faults()
    faults.start(errors(**{LIST: 1.0}), now=100.0)
    assert faults.decide(Kind.ERRORS, CREATE, now=100.0) is None
    assert faults.decide(Kind.SLOW, LIST, now=100.0) is None
    assert [state.seen for state in faults.active(100.0)] == [0]


def test_what_a_fault_holds_is_released_once() -> None:
    released: list[Fault] = []
    faults = Faults(on_end=released.append)
    first, second, third = (Fault(Kind.BALLAST, 5.0, bytes=size) for size in (1, 2, 3))
    faults.start(first, now=100.0)
    faults.start(second, now=101.0)
    faults.end(Kind.BALLAST, now=102.0)
    faults.end(Kind.BALLAST, now=102.0)
    faults.start(third, now=103.0)
    faults.expire(now=108.0)
    assert released == [first, second, third]


def test_only_the_newest_ended_faults_are_kept() -> None:
    faults = Faults()
    for number in range(ENDED_KEPT + 5):
        faults.start(errors(), now=float(number))
        faults.end(Kind.ERRORS, now=float(number))
    assert len(faults.ended(1000.0)) == ENDED_KEPT
