"""The truth of quantiles: between what requests were made to wait and what their clients saw.

The target's duration of a request is at most its client's latency and at least its injected delay. So the share of the
requests at or below each edge is known within bounds, and histogram_quantile() can only go down where a share goes up:
of the largest shares it makes the lower bound, of the smallest ones the upper bound. Where every request is known to be
of one bucket both are the same number. Requests that may or may not fall into the window are taken the worst way, and
so is the extrapolation, which can weigh a bucket less that was empty before the window.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf
from typing import Literal

from pydantic import Field

from promproof.contract.model import Contract, Metric
from promproof.evidence import bins
from promproof.evidence.endpointview import EndpointView
from promproof.evidence.evidence import Gap, NotShown, Scrape
from promproof.evidence.senders import ledger_of
from promproof.evidence.view import EndpointKey
from promproof.exposition import Labels, series_text
from promproof.truth.counted import Counted, Series, group, matches, told_by
from promproof.truth.latencies import Course, courses
from promproof.truth.metrics import ZERO, Interval
from promproof.truth.panel import AtPoint, Bounds, register, window_of
from promproof.truth.phase import Phase, phase
from promproof.truth.requests import counting
from promproof.truth.views import Answered, Views

Weights = dict[float, float]
# Prometheus weighs by stamps that the history keeps to a microsecond: samples of a window are at least a scrape of
# 0.1 s apart, and a share is a quotient of two such weights: off by 2 x 2 x 2e-6 / 0.1 at most.
SLIP = 8e-5


@dataclass
class Reach:
    """For one group and each edge: what must be at or below it at least, what may be at most, and of how much."""

    must: Weights = field(default_factory=lambda: defaultdict(float))
    must_of: Weights = field(default_factory=lambda: defaultdict(float))
    may: Weights = field(default_factory=lambda: defaultdict(float))
    may_of: Weights = field(default_factory=lambda: defaultdict(float))

    def bounds(self, q: float, edges: tuple[float, ...]) -> Interval | None:
        """The quantile's bounds; None when the window may be empty."""
        if not edges or self.must[inf] <= 0:
            return None
        least = list(accumulate((self._least(edge) for edge in edges), max))
        most = list(accumulate((self._most(edge) for edge in reversed(edges)), min))[::-1]
        return Interval(_answer(q, edges, most), _answer(q, edges, least))

    def _least(self, edge: float) -> float:
        """The least share at or below an edge."""
        return self.must[edge] / self.must_of[edge] * (1 - SLIP) if self.must_of[edge] > 0 else 0.0

    def _most(self, edge: float) -> float:
        """The largest share at or below an edge; 1 where nothing is known."""
        return min(1.0, self.may[edge] / self.may_of[edge] * (1 + SLIP)) if self.may_of[edge] > 0 else 1.0


def _answer(q: float, edges: tuple[float, ...], shares: list[float]) -> float:
    """What histogram_quantile() makes of these shares at or below each edge; above the last one it is that."""
    below, least = 0.0, 0.0
    for edge, share in zip(edges, shares, strict=True):
        if share >= q:
            return below + (edge - below) * (q - least) / (share - least)
        below, least = edge, share
    return edges[-1]


class Sized:
    """How many requests took how long (s): sorted, with running totals, for many questions about edges."""

    def __init__(self, counts: Mapping[float, float]) -> None:
        self._sizes = sorted(counts)
        self._totals = [0.0, *accumulate(counts[size] for size in self._sizes)]

    @property
    def total(self) -> float:
        """All of them."""
        return self._totals[-1]

    def within(self, edge: float, late: float = 0.0) -> float:
        """How many took at most `edge`, each with `late` added."""
        # the sum is not taken apart: it rounds, and grows with its first part
        return self._totals[bisect_right(self._sizes, edge, key=lambda size: size + late)]


@dataclass(frozen=True)
class Window:
    """The requests of one endpoint around one window: certain and doubtful ones, with latencies and delays.

    `first` bounds how many there were before it.
    """

    certain: Sized
    delays: Sized
    doubtful: Sized
    first: Interval


@register
class QuantileTruth(Counted):
    """Quantiles of durations, one for each target of the panel in order; as wide as the bucket."""

    kind: Literal["quantile"]
    quantiles: tuple[float, ...] = Field(strict=False, min_length=1)
    tolerance = "what its buckets leave open; injected delay <= duration <= client latency"

    def misfit(self, contract: Contract) -> str:
        """Quantiles are those of a histogram."""
        found = super().misfit(contract)
        if found or (metric := contract.metric(self.metric)).type == "histogram":
            return found
        return f"{metric.name} is a {metric.type}; quantiles are those of a histogram"

    def joint(self, read: Sequence[Views], answer: Answered, ordinal: int) -> AtPoint:
        """The quantile of the panel's query `ordinal`, by group."""
        if ordinal >= len(self.quantiles):
            raise Gap(f"{answer.target.path}: the contract names no quantile for it")
        q, length = self.quantiles[ordinal], window_of(answer)
        first = read[0]
        metric = first.evidence.contract.metric(self.metric)
        edges = metric.buckets or ()
        instances = tuple(views.evidence.run.instance for views in read[1:])

        def at(t: float) -> Bounds:
            key = ("reached", metric.name, self.by, tuple(sorted(self.where.items())), length, t, instances)
            if key not in first.memo:
                reaches: dict[Labels, Reach] = {}
                for views in read:
                    _reach(reaches, views, self, t, length)
                first.memo[key] = reaches
            reached: dict[Labels, Reach] = first.memo[key]
            return {group: reach.bounds(q, edges) for group, reach in reached.items()}

        return at


def _reach(result: dict[Labels, Reach], views: Views, truth: QuantileTruth, t: float, length: float) -> None:
    """Add what each group's buckets hold of one instance in one window: the same for all quantiles."""
    metric = views.evidence.contract.metric(truth.metric)
    lateness = views.late(metric)
    edges = (*(metric.buckets or ()), inf)
    windows: dict[int, Phase | None] = {}  # of the same samples, the same window
    for series, course in _selected(views, truth, metric):
        stamps = id(series.stamps)
        if stamps not in windows:
            windows[stamps] = phase(series.stamps, t, length, left_open=views.left_open)
        seen = windows[stamps]
        if seen is None:
            continue
        reach = result.setdefault(series.group, Reach())
        found = _known(views, metric, series.labels, seen, course)
        if found is not None:
            begin = views.target_scrapes[seen.first].begin
            _weigh(reach, found, course, seen, begin, edges, lateness)


def _selected(views: Views, truth: QuantileTruth, metric: Metric) -> list[tuple[Series, Course]]:
    """The series that the truth selects, each with the latencies of its requests."""
    key = ("selected", "latencies", truth.metric, truth.by, tuple(sorted(truth.where.items())))
    if key not in views.memo:
        known = courses(views.evidence)
        endpoints = _endpoints(views, metric)
        stamps = views.stamps(f"{metric.name}_count")
        parts = told_by(metric, stamps)
        views.memo[key] = [
            (
                Series(parts[labels], group(views, labels, truth.by), moments),
                known.get(endpoints.get(parts[labels], ("", "")), Course()),
            )
            for labels, moments in stamps.items()
            if matches(dict(labels), truth.where)
        ]
    found: list[tuple[Series, Course]] = views.memo[key]
    return found


def _endpoints(views: Views, metric: Metric) -> dict[Labels, EndpointKey]:
    """What the ledger calls the endpoint of each label set that a request was sent of.

    Raises:
        NotShown: the latencies of a label set are not told apart from others: of another endpoint in it, or of another
            status of its endpoint.
    """
    kept = ("endpoints", metric.name)
    if kept in views.memo:
        known: dict[Labels, EndpointKey] = views.memo[kept]
        return known
    ledger = ledger_of(views.evidence, metric)
    found: dict[Labels, EndpointKey] = {}
    for labels, endpoints in counting(metric).groups(ledger).items():
        if len(endpoints) > 1:
            raise NotShown(
                f"no label of {metric.name} tells the requests of {series_text(metric.name, labels)} apart"
            )
        [(endpoint, keys)] = endpoints.items()
        if any(len(key) > len(endpoint) for key in keys) and len(
            ledger.endpoints_seen[endpoint].outcomes
        ) > len(keys):
            raise NotShown(
                f"the ledger has no latencies of {' '.join(endpoint)} by status, as {metric.name} has"
            )
        found[labels] = endpoint
    views.memo[kept] = found
    return found


def _known(views: Views, metric: Metric, labels: Labels, seen: Phase, course: Course) -> Window | None:
    """The requests between two scrapes; None when there can be none. Computed once for all quantiles and zooms."""
    key = ("window", metric.name, labels, seen.first, seen.last)
    if key not in views.memo:
        first = views.counts(metric.name, seen.first).get(labels, ZERO)
        last = views.counts(metric.name, seen.last).get(labels, ZERO)
        views.memo[key] = None
        if last.high > first.low:
            begin, end = views.target_scrapes[seen.first], views.target_scrapes[seen.last]
            untold = _untold(views, metric, labels, seen)
            longest = views.evidence.longest_handler
            found = _window(course, begin, end, first, last.high - first.low, untold, longest)
            views.memo[key] = found
    known: Window | None = views.memo[key]
    return known


def _untold(views: Views, metric: Metric, labels: Labels, seen: Phase) -> float:
    """How many requests may lie between two scrapes of which no latency is known.

    Those of senders that keep none, and those whose client left or does not know how they ended.
    """
    first = views.counts(metric.name, seen.first, silent=True).get(labels, ZERO)
    last = views.counts(metric.name, seen.last, silent=True).get(labels, ZERO)
    endpoint, ledger = _endpoints(views, metric).get(labels, ("", "")), views.evidence.ledger
    settled = views.target_scrapes[seen.first].begin - views.evidence.longest_handler
    over = bins.bin_of(settled + views.evidence.history.monotonic, ledger.bin_seconds)
    view = ledger.endpoints_seen.get(endpoint, EndpointView())
    left = sum(
        sum(course.left.values()) - bins.before(course.left, over) for course in view.outcomes.values()
    )
    return last.high - first.low + left + ledger.uncertain.get(endpoint, 0)


def _window(
    course: Course, begin: Scrape, end: Scrape, first: Interval, most: float, untold: float, longest: float
) -> Window:
    certain: Counter[float] = Counter()
    delays: Counter[float] = Counter()
    doubtful: dict[float, float] = defaultdict(float)
    for ended in course.around(begin.begin, end.end):
        for latency, count, held in ended.requests:
            # It was counted after it had been held and before its client had the answer.
            if ended.until <= end.begin and ended.since - latency + held >= begin.end:
                certain[latency] += count
                delays[held] += count
            else:
                doubtful[latency] += count
    told = certain.total() + sum(doubtful.values())
    if most > told and untold > 0:
        doubtful[longest] += min(most - told, untold)
    return Window(Sized(certain), Sized(delays), Sized(doubtful), first)


def _weigh(
    reach: Reach,
    window: Window,
    course: Course,
    seen: Phase,
    begin: float,
    edges: tuple[float, ...],
    late: float = 0.0,
) -> None:
    """Add one endpoint, each part the worst way; `begin` is when its first scrape began (run time).

    late: how much longer (s) than its client waited the target may say that a request took.
    """
    sure, doubtful = window.certain.total, window.doubtful.total
    every = sure + doubtful
    for edge in edges:
        fast = window.certain.within(edge, late)
        slower = doubtful - window.doubtful.within(edge, late)
        held = window.delays.total - window.delays.within(edge)
        earlier = course.before(begin - late, edge - late)
        if seen.covered:
            least = seen.extended(fast, earlier)
            alike = doubtful - slower
            must = least, least + _rest(seen, (fast, earlier), (sure + slower, window.first.high), alike)
            may = _slow(seen, every, held, window.first)
        else:
            full = seen.factors(ZERO, Interval(0, inf)).high
            least = seen.factors(Interval(earlier, earlier), Interval(0, every)).low
            least_of_all = seen.factors(window.first, Interval(0, every)).low
            must = fast * least, (sure + slower) * full
            may = (every - held) * full, every * least_of_all
        reach.must[edge] += must[0]
        reach.must_of[edge] += must[1]
        reach.may[edge] += may[0]
        reach.may_of[edge] += may[1]


def _rest(seen: Phase, part: tuple[float, float], whole: tuple[float, float], doubtful: float) -> float:
    """How much more the whole can be than a part of it, when up to so many more events are of both.

    part, whole: events, and the counter's value before them. Further events extend both further to the window's begin,
    until the cut at zero ends it for one of them: so the most lies at such a turn, or at either end.
    """
    turns = [0.0, doubtful]
    if seen.before > 0:
        turns += [first * seen.sampled / seen.before - events for events, first in (part, whole)]
    return max(
        seen.extended(whole[0] + more, whole[1]) - seen.extended(part[0] + more, part[1])
        for more in turns
        if 0 <= more <= doubtful
    )


def _slow(seen: Phase, every: float, held: float, first: Interval) -> tuple[float, float]:
    """The most that can be at or below an edge when `held` of all are above it, and of how much.

    With equal first values bucket and total are extended alike, until the bucket reaches the window's begin and the
    total does not: there the share is largest.
    """
    turn = (every - held) * seen.before / seen.sampled
    value = min(max(turn, first.low), first.high)
    return seen.extended(every - held, value), seen.extended(every, value)
