"""What a metric should read, from the ledger alone: exactly after quiescence, as an interval while requests run.

The service counts a request at some moment between its start and its end as the client saw them. So, for a scrape
that began at `b` and had ended by `e`: what was completed before `b` must be in it, and nothing that was started
after `e` can be. "Between completed and started" is that interval; at rest its ends meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

from promproof.contract.labels import DurationsTruth, OpenRequestsTruth, RequestsTruth
from promproof.contract.model import Metric, TallyTruth, UsersTruth
from promproof.evidence.view import CountKey, EndpointKey, LedgerView
from promproof.exposition import Labels, label_set


@dataclass(frozen=True)
class Interval:
    """A closed interval of counts; exact when both ends are equal."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        return f"{self.low:g} to {self.high:g}"


ZERO = Interval(0, 0)
Expected = dict[Labels, Interval]


def sample_name(metric: Metric) -> str:
    """The sample whose value counts events: a histogram's `_count`, else the metric itself."""
    return f"{metric.name}_count" if metric.type == "histogram" else metric.name


def at_rest(metric: Metric, ledger: LedgerView, seen: Iterable[Labels] = ()) -> Expected:
    """Expected values by label set once nothing is open any more; `seen` as in `between`.

    Only for truths of the ledger; an absent label set means 0.
    """
    return between(metric, ledger, inf, inf, seen=seen)


def between(
    metric: Metric,
    ledger: LedgerView,
    begin: float,
    end: float,
    settle: float = inf,
    seen: Iterable[Labels] = (),
) -> Expected:
    """Expected values by label set for a scrape between `begin` and `end` (CLOCK_MONOTONIC seconds).

    A request that its client left is certainly over `settle` seconds later, the longest time a handler may take.
    `seen`: the label sets that the target shows. The ledger doesn't know under which one a request was counted whose
    answer was lost: each that is seen and that it may have had is expected, from 0 on.
    """
    truth = metric.truth
    match truth:
        case RequestsTruth() if truth.status in metric.labels:
            keys = [*ledger.counts, *_lost_requests(metric, truth, ledger, seen)]
            return _summed(
                (
                    labels_of(metric, method=method, endpoint=endpoint, status=str(status)),
                    _interval(ledger, (method, endpoint, status), begin, end, settle),
                )
                for method, endpoint, status in dict.fromkeys(keys)
            )
        case RequestsTruth() | DurationsTruth():
            return _summed(
                (
                    labels_of(metric, method=method, endpoint=endpoint),
                    _interval(ledger, (method, endpoint), begin, end, settle),
                )
                for method, endpoint in ledger.endpoints()
            )
        case OpenRequestsTruth():
            return _summed(
                (
                    labels_of(metric, method=method, endpoint=endpoint),
                    Interval(*ledger.open_interval(method, endpoint, begin, end, settle)),
                )
                for method, endpoint in ledger.endpoints()
            )
        case TallyTruth():
            return {
                label_set(dict(labels)): Interval(
                    ledger.tally_completed_before((truth.tally, labels), begin, settle),
                    ledger.tally_started_before((truth.tally, labels), end),
                )
                for labels in _tallied(truth, ledger, seen)
            }
    raise TypeError(f"{metric.name}: the ledger has no counts for the truth '{truth.kind}'")


def labels_of(metric: Metric, **values: str) -> Labels:
    """The label set under which the metric counts a request; values: its method, endpoint and status.

    A label that the metric is not documented to have is left out: its series are the sums over that label's values.
    """
    named = {getattr(metric.truth, key): value for key, value in values.items()}
    return label_set({name: value for name, value in named.items() if name in metric.labels})


def users_between(truth: UsersTruth, ledger: LedgerView, begin: float, end: float, window: float) -> Interval:
    """Distinct users inside the sliding window (seconds, scaled) at a scrape between `begin` and `end`.

    A user counts from the arrival of the last request, which lies between its start and its end as the client saw
    them. Only the first and the last request of a user are known, so during traffic the lower end is cautious.
    """
    low = high = 0
    for first_start, last_start, last_end in ledger.users.values():
        if first_start <= end and last_end > begin - window:
            high += 1
        # certainly arrived before the scrape began, and certainly still inside the window when it ended
        if last_end <= begin and last_start > end - window:
            low += 1
    return Interval(low, high)


def _interval(
    ledger: LedgerView, key: CountKey | EndpointKey, begin: float, end: float, settle: float
) -> Interval:
    return Interval(ledger.completed_before(key, begin, settle), ledger.started_before(key, end))


def _lost_requests(
    metric: Metric, truth: RequestsTruth, ledger: LedgerView, seen: Iterable[Labels]
) -> Iterator[CountKey]:
    """What requests without an answer may have been counted as, of the label sets that are seen."""
    told = {truth.method, truth.endpoint} <= set(metric.labels)
    for labels in seen:
        given = dict(labels)
        status = given.get(truth.status, "")
        if not status.isdecimal():
            continue
        shown = (given.get(truth.method, ""), given.get(truth.endpoint, ""))
        for method, endpoint in [shown] if told else ledger.endpoints():
            key = (method, endpoint, int(status))
            if key not in ledger.counts and ledger.started_before(key, inf):
                yield key


def _tallied(truth: TallyTruth, ledger: LedgerView, seen: Iterable[Labels]) -> Iterator[Labels]:
    """The label sets that were counted, and of those that are seen the ones that lost answers may have had."""
    known = {labels for name, labels in ledger.tallies if name == truth.tally}
    yield from known
    for labels in seen:
        if labels not in known and ledger.tally_started_before((truth.tally, labels), inf):
            yield labels


def _summed(parts: Iterable[tuple[Labels, Interval]]) -> Expected:
    total: Expected = {}
    for labels, interval in parts:
        total[labels] = total.get(labels, ZERO) + interval
    return total
