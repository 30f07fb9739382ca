"""What a metric should read, from the ledger alone: exactly after quiescence, as an interval while requests run.

The service counts a request at some moment between its start and its end as the client saw them. So, for a scrape
that began at `b` and had ended by `e`: what was completed before `b` must be in it, and nothing that was started
after `e` can be. "Between completed and started" is that interval; at rest its ends meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from promproof.contract.labels import OpenRequestsTruth, RequestTruth
from promproof.contract.model import Metric
from promproof.contract.truths import TallyTruth, UsersTruth
from promproof.evidence.endpointview import EndpointView
from promproof.evidence.view import BoundsAt, LedgerView
from promproof.exposition import Labels, label_set
from promproof.truth.requests import Key, counting


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
    """The sample whose value counts events: a histogram's or summary's `_count`, else the metric itself."""
    return metric.sample


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
        case RequestTruth():
            bins = ledger.bin(begin), ledger.settled(begin, settle), ledger.bin(end)
            return {
                labels: _counted(truth, parts, *bins)
                for labels, parts in _parts(metric, truth, ledger, seen).items()
            }
        case TallyTruth():
            return {
                label_set(dict(labels)): Interval(
                    ledger.tally_completed_before((truth.tally, labels), begin, settle),
                    ledger.tally_started_before((truth.tally, labels), end),
                )
                for labels in _tallied(truth, ledger, seen)
            }
    raise TypeError(f"{metric.name}: the ledger has no counts for the truth '{truth.kind}'")


def users_between(truth: UsersTruth, ledger: LedgerView, begin: float, end: float, window: float) -> Interval:
    """Distinct users inside the sliding window (seconds, scaled) at a scrape between `begin` and `end`.

    A user counts from the arrival of the last request, which lies between its start and its end as the client saw
    them. Of each period of a user only the first and the last request are known, so that the lower end is cautious.
    """
    low = high = 0
    for user in ledger.users:
        visits = ledger.periods(user)
        high += any(first <= end and last_end > begin - window for first, _, last_end in visits)
        # certainly arrived before the scrape began, and certainly still inside the window when it ended
        low += any(last < last_end <= begin and last > end - window for _, last, last_end in visits)
    return Interval(low, high)


class _Part(NamedTuple):
    """What a label set counts of one endpoint, and all requests of that; of several where nothing asks for more."""

    counted: BoundsAt
    view: EndpointView
    every: BoundsAt


Parts = tuple[_Part, ...]


def _parts(
    metric: Metric, truth: RequestTruth, ledger: LedgerView, seen: Iterable[Labels]
) -> dict[Labels, Parts]:
    """What each label set counts: the same at every moment, so worked out once for a ledger and what is seen."""
    # how many are open at a moment is known by endpoint alone
    apart = isinstance(truth, OpenRequestsTruth)
    count = counting(metric, by_status=not apart)
    shown = count.shown(ledger, seen)
    key = ("parts", count, shown)
    if key not in ledger.memo:
        ledger.memo[key] = {
            labels: tuple(
                _Part(ledger.bounds_of(keys), ledger.endpoint(endpoint), ledger.bounds_of([endpoint]))
                for endpoint, keys in endpoints.items()
            )
            if apart or truth.at_end
            else (_all_of(ledger, [key for keys in endpoints.values() for key in keys]),)
            for labels, endpoints in count.groups(ledger, shown).items()
        }
    found: dict[Labels, Parts] = ledger.memo[key]
    return found


def _all_of(ledger: LedgerView, keys: list[Key]) -> _Part:
    bounds = ledger.bounds_of(keys)
    return _Part(bounds, EndpointView(), bounds)


def _counted(truth: RequestTruth, parts: Parts, first: float, settled: float, last: float) -> Interval:
    """What one label set counts: a sum over endpoints; a request whose status is not known counts once at most.

    first, settled, last: the bins of the moments between which it is counted, and of what was left long before.
    """
    total_low = total_high = 0
    for counted, view, every in parts:
        if isinstance(truth, OpenRequestsTruth):
            low = view.held(first, last)
            high = every.high(last) - every.low(first, settled) - view.lost_totals.before(settled)
        else:
            low, high = counted.low(first, settled), counted.high(last)
            if truth.at_end:
                high = max(low, min(high, every.high(last) - view.held(first, last)))
        total_low, total_high = total_low + low, total_high + high
    return Interval(total_low, total_high)


def _tallied(truth: TallyTruth, ledger: LedgerView, seen: Iterable[Labels]) -> Iterator[Labels]:
    """The label sets that were counted, and of those that are seen the ones that lost answers may have had."""
    key = ("tallied", truth.tally)
    if key not in ledger.memo:
        ledger.memo[key] = {labels for name, labels in ledger.tallies if name == truth.tally}
    known: set[Labels] = ledger.memo[key]
    yield from known
    for labels in seen if ledger.tallies_lost else ():
        if labels not in known and ledger.tally_started_before((truth.tally, labels), inf):
            yield labels
