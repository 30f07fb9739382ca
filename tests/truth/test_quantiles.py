"""Bounds of quantiles against a simulated service: whatever happens around two scrapes, the answer lies inside.

The oracle is Prometheus' own arithmetic, written out here: extrapolated increases of every bucket, then
histogram_quantile() over them, with either order of cutting a young counter (`promql/functions.go`, 2.x and 3.x).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.evidence.bins import bucket_of
from promproof.evidence.evidence import Scrape
from promproof.truth.latencies import Course, Ended
from promproof.truth.metrics import Interval
from promproof.truth.phase import EXTRAPOLATED, phase
from promproof.truth.quantiles import Reach, _weigh, _window

pytestmark = pytest.mark.unit
EDGES = (0.005, 0.025, 0.1, 0.5, 1.0)
FLUSH = 0.125
LONGEST = 5.0


@dataclass(frozen=True)
class Request:
    """Sent at `start`; the service held it for `delay`, measured `duration`, and its client waited for `latency`."""

    start: float
    delay: float
    extra: float
    lag: float

    @property
    def duration(self) -> float:
        return self.delay + self.extra

    @property
    def counted(self) -> float:
        return self.start + self.duration

    @property
    def latency(self) -> float:
        return self.duration + self.lag

    @property
    def end(self) -> float:
        return self.start + self.latency


requests = st.lists(
    st.builds(
        Request,
        st.floats(0, 10),
        st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.6]),
        st.floats(0.0005, 0.2),
        st.floats(0, 0.01),
    ),
    min_size=1,
    max_size=60,
)


def course_of(sent: list[Request]) -> Course:
    """What a ledger's file tells of them: increments, each with what had ended since the one before."""
    course = Course()
    for n in range(int(20 / FLUSH)):
        since, until = n * FLUSH, (n + 1) * FLUSH
        mine = [request for request in sent if since < request.end <= until]
        if mine:
            delays: dict[float, int] = {}
            for request in mine:
                if request.delay:
                    delays[request.delay] = delays.get(request.delay, 0) + 1
            buckets = [number for request in mine for number in (bucket_of(microseconds(request.latency)), 1)]
            course.ended.append(Ended(since, until, buckets, tuple(delays.items())))
    return course


def microseconds(seconds: float) -> int:
    """The last whole one before: a bucket's end is the first after its top."""
    return round(seconds * 1e6) - 1


def increase(values: list[float], seen_before: float, after: float, sampled: float, *, old: bool) -> float:
    """extrapolatedRate() without the division by the window."""
    result = values[-1] - values[0]
    average = sampled / (len(values) - 1)
    start = seen_before
    if not old and start >= EXTRAPOLATED * average:
        start = average / 2
    if result > 0:
        start = min(start, sampled * values[0] / result)
    if old and start >= EXTRAPOLATED * average:
        start = average / 2
    end = after if after < EXTRAPOLATED * average else average / 2
    return result * (sampled + start + end) / sampled


def quantile(q: float, counts: list[float]) -> float | None:
    """histogram_quantile() of cumulative counts by edge, the last one for +Inf."""
    total = counts[-1]
    if total <= 0:
        return None
    rank = q * total
    index = next((i for i, count in enumerate(counts) if count >= rank), len(counts) - 1)
    if index == len(counts) - 1:
        return EDGES[-1]
    low, below = (EDGES[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    inside = counts[index] - below
    return low + (EDGES[index] - low) * ((rank - below) / inside if inside else 0.0)


@settings(max_examples=400, deadline=None)
@given(
    requests,
    st.floats(0.05, 1.0),
    st.floats(0.0, 1.0),
    st.sampled_from([1.0, 4.0, 12.0]),
    st.sampled_from([0.5, 0.95, 0.99]),
    st.booleans(),
)
def test_the_answer_lies_inside_of_the_bounds(
    sent: list[Request], interval: float, offset: float, length: float, q: float, old: bool
) -> None:
    check(sent, interval, offset, length, q, old=old)


few = st.builds(Request, st.floats(0, 10), st.just(0.0), st.floats(0.0005, 0.04), st.floats(0, 0.002))
begun = st.builds(Request, st.floats(9.0, 11.1), st.just(0.0), st.floats(0.0005, 0.004), st.floats(0, 0.002))


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(few, max_size=3),
    st.lists(begun, min_size=1, max_size=20),
    st.floats(0.2, 0.4),
    st.floats(0.0, 0.4),
    st.sampled_from([1.0, 2.25]),
    st.sampled_from([0.5, 0.95]),
    st.booleans(),
)
def test_the_answer_about_traffic_that_has_just_begun_lies_inside_of_the_bounds(
    before: list[Request],
    sent: list[Request],
    interval: float,
    offset: float,
    length: float,
    q: float,
    old: bool,
) -> None:
    check([*before, *sent], interval, offset, length, q, old=old)


def test_requests_around_the_last_scrape_make_the_cut_at_zero_count_more() -> None:
    """Of the two before the window one was slow; the more were counted in it, the more does that weigh."""
    sent = [Request(n, 0.0, extra, 0.001) for n, extra in ((0.0, 0.03), (0.5, 0.002))]
    sent += [Request(10.3 + n * 0.06, 0.0, 0.002, 0.001) for n in range(8)]
    sent += [Request(10.88, 0.0, 0.002, 0.001) for _ in range(2)]
    check(sent, 0.25, 0.137, 1.0, 0.95, old=False)


def check(sent: list[Request], interval: float, offset: float, length: float, q: float, *, old: bool) -> None:
    """Prometheus' answer at 11 s lies inside of the bounds."""
    t = 11.0
    stamps = [offset + n * interval for n in range(int((t - offset) / interval) + 1)]
    seen = phase(stamps, t, length, left_open=False)
    if seen is None:
        return
    inside = [stamp for stamp in stamps if seen.first <= stamp <= seen.last]
    counts = []
    for edge in (*EDGES, inf):
        values = [
            float(sum(request.duration <= edge and request.counted <= stamp for request in sent))
            for stamp in inside
        ]
        counts.append(increase(values, seen.before, seen.after, seen.sampled, old=old))
    answer = quantile(q, counts)
    begin, end = (Scrape(stamp - 0.003, stamp + 0.005, 1.0, 0.005) for stamp in (seen.first, seen.last))
    course = course_of(sent)
    first = Interval(
        sum(request.end < begin.begin - FLUSH for request in sent),
        sum(request.start <= begin.end + FLUSH for request in sent),
    )
    most = sum(request.start <= end.end + FLUSH for request in sent) - first.low
    window = _window(course, begin, end, first, most, 0.0, LONGEST)
    reach = Reach()
    _weigh(reach, window, course, seen, begin.begin, (*EDGES, inf))
    bounds = reach.bounds(q, EDGES)
    if bounds is None:
        return
    assert answer is not None, "the bounds say that there were requests"
    assert bounds.low - 1e-9 <= answer <= bounds.high + 1e-9


def reached(sent: list[Request]) -> Reach:
    """What a window of 4 s up to 9 s holds of them, scraped every 0.25 s."""
    stamps = [n * 0.25 for n in range(45)]
    seen = phase(stamps, 9.0, 4.0, left_open=False)
    assert seen is not None
    begin, end = (Scrape(stamp - 0.003, stamp + 0.005, 1.0, 0.005) for stamp in (seen.first, seen.last))
    course = course_of(sent)
    first = Interval(
        sum(request.end < begin.begin - FLUSH for request in sent),
        sum(request.start <= begin.end + FLUSH for request in sent),
    )
    most = sum(request.start <= end.end + FLUSH for request in sent) - first.low
    window = _window(course, begin, end, first, most, 0.0, LONGEST)
    reach = Reach()
    _weigh(reach, window, course, seen, begin.begin, (*EDGES, inf))
    return reach


@pytest.mark.parametrize(("q", "answer"), [(0.5, 0.75), (0.95, 0.975)])
def test_a_held_request_alone_in_its_window_has_one_answer(q: float, answer: float) -> None:
    """It is of one bucket for certain: what a panel shows is compared with a number, 1 % beside it is wrong."""
    bounds = reached([Request(6.2, 0.6, 0.01, 0.01)]).bounds(q, EDGES)
    assert bounds is not None
    assert bounds.high - bounds.low <= 0.001 * answer
    assert bounds.low <= answer <= bounds.high


def test_a_mixture_of_held_and_other_requests_is_known_to_half_a_bucket() -> None:
    """A tenth is held over 0.5 s: the 95th percentile is half way through the last bucket, whatever the others do."""
    sent = [Request(n / 20, 0.6 if n % 10 == 0 else 0.0, 0.01, 0.002) for n in range(200)]
    bounds = reached(sent).bounds(0.95, EDGES)
    assert bounds is not None
    assert 0.6 < bounds.low < 0.75 < bounds.high < 0.85


def test_the_bounds_of_requests_that_nobody_held_begin_near_zero() -> None:
    """Nobody knows that a request took its time when nothing made it wait."""
    bounds = reached([Request(n / 20, 0.0, 0.01, 0.002) for n in range(200)]).bounds(0.5, EDGES)
    assert bounds is not None
    assert bounds.low < 0.0026 < bounds.high <= 0.025


def test_the_bounds_of_a_quiet_window_stay_within_one_bucket() -> None:
    """A quiet window of equal requests leaves a part of one bucket."""
    sent = [Request(n / 20, 0.05, 0.01, 0.002) for n in range(200)]
    stamps = [n * 0.25 for n in range(45)]
    seen = phase(stamps, 9.0, 4.0, left_open=False)
    assert seen is not None
    begin, end = (Scrape(stamp - 0.003, stamp + 0.005, 1.0, 0.005) for stamp in (seen.first, seen.last))
    course = course_of(sent)
    window = _window(course, begin, end, Interval(98, 104), 84, 0.0, LONGEST)
    reach = Reach()
    _weigh(reach, window, course, seen, begin.begin, (*EDGES, inf))
    for q in (0.5, 0.95):
        bounds = reach.bounds(q, EDGES)
        assert bounds is not None
        assert 0.025 <= bounds.low <= 0.025 + 0.075 * q <= bounds.high <= 0.1
