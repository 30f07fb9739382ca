"""Adding ledger views up. A sum of any split of the records, in any order, equals the view of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from promproof.evidence.bins import Bins, Packed, add_into, packed
from promproof.evidence.endpointview import BIN_PARTS, Course, EndpointView
from promproof.evidence.view import EndpointKey, LedgerView, Seen, TallyKey

MOST = 512
"""Periods of one user that are kept apart: of a long run neighbours are joined."""


def merge(views: Iterable[LedgerView]) -> LedgerView:
    """The sum of the views: of workers, or of the increments of one ledger. Complete when all of them are.

    Raises:
        ValueError: there is no view, or the widths of their bins differ.
    """
    parts = list(views)
    if not parts:
        raise ValueError("nothing to merge: no ledger was given")
    total = ViewSum(parts[0].bin_seconds)
    for part in parts:
        total.add(part)
    return total.view(packed)


Held = Callable[[dict[int, int]], Bins]
"""What a view holds of a sum's bins: a copy, or those themselves of a sum that goes on no more."""


class ViewSum:
    """A growing sum of views; cheaper than merging pairs when many small parts come in one by one."""

    def __init__(self, bin_seconds: float) -> None:
        self._bin_seconds = bin_seconds
        self._endpoints: dict[EndpointKey, _EndpointSum] = {}
        self._tallies: dict[TallyKey, _CourseSum] = {}
        self._tallies_lost: dict[TallyKey, dict[int, int]] = {}
        self._users: dict[str, Seen] = {}
        self._visits: dict[str, list[Seen]] = {}
        self._lags: dict[int, int] = {}
        self._latest = -inf
        self._complete = True

    def add(self, view: LedgerView) -> None:
        """Raises ValueError when the widths of the bins differ."""
        if view.bin_seconds != self._bin_seconds:
            raise ValueError(
                f"ledgers with bins of {self._bin_seconds:g} s and of {view.bin_seconds:g} s cannot be merged"
            )
        for key, endpoint in view.endpoints_seen.items():
            self._endpoints.setdefault(key, _EndpointSum()).add(endpoint)
        for tally, course in view.tallies_seen.items():
            self._tallies.setdefault(tally, _CourseSum()).add(course)
        for tally, starts in view.tallies_lost.items():
            add_into(self._tallies_lost.setdefault(tally, {}), starts)
        for user, seen in view.users.items():
            self._users[user] = joined(self._users.get(user, seen), seen)
            visits = self._visits.setdefault(user, [])
            visits += view.periods(user)
            if len(visits) > MOST:
                self._visits[user] = _halved(visits)
        add_into(self._lags, view.lags)
        self._latest = max(self._latest, view.latest)
        self._complete = self._complete and view.complete

    def view(self, held: Held = dict) -> LedgerView:
        """The sum so far; later additions do not change it, if the bins are copied."""
        return LedgerView(
            bin_seconds=self._bin_seconds,
            endpoints_seen={key: endpoint.view(held) for key, endpoint in self._endpoints.items()},
            tallies_seen={key: course.view(held) for key, course in self._tallies.items()},
            tallies_lost={key: held(starts) for key, starts in self._tallies_lost.items()},
            users=dict(self._users),
            visits={user: tuple(visits) for user, visits in self._visits.items()},
            lags=held(self._lags),
            latest=self._latest,
            complete=self._complete,
        )


def _halved(visits: list[Seen]) -> list[Seen]:
    """Half as many periods, each of two neighbours."""
    ordered = sorted(visits)
    pairs = [joined(one, other) for one, other in zip(ordered[::2], ordered[1::2], strict=False)]
    return [*pairs, *(ordered[-1:] if len(ordered) % 2 else ())]


def joined(one: Seen, other: Seen) -> Seen:
    """First start, last start and last end of two periods of one user."""
    return min(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2])


class _Sum:
    """Bins that are added up; those that come alone and stay as they are need no copy."""

    __slots__ = ("_total",)

    def __init__(self) -> None:
        self._total: dict[int, int] | Packed = {}

    def add(self, part: Bins) -> None:
        if isinstance(part, Packed) and not self._total:
            self._total = part
            return
        if isinstance(self._total, Packed):
            self._total = dict(self._total.items())
        add_into(self._total, part)

    def bins(self, held: Held) -> Bins:
        return self._total if isinstance(self._total, Packed) else held(self._total)


class _CourseSum:
    def __init__(self) -> None:
        self._starts, self._ends, self._left = _Sum(), _Sum(), _Sum()

    def add(self, course: Course) -> None:
        self._starts.add(course.starts)
        self._ends.add(course.ends)
        self._left.add(course.left)

    def view(self, held: Held) -> Course:
        return Course(self._starts.bins(held), self._ends.bins(held), self._left.bins(held))


class _EndpointSum:
    def __init__(self) -> None:
        self._parts = {name: _Sum() for name in BIN_PARTS}
        self._outcomes: dict[int, _CourseSum] = {}
        self._latency_ns = 0
        self._floors: dict[float, int] = {}

    def add(self, view: EndpointView) -> None:
        for name, total in self._parts.items():
            total.add(getattr(view, name))
        for status, course in view.outcomes.items():
            self._outcomes.setdefault(status, _CourseSum()).add(course)
        self._latency_ns += view.latency_ns
        for seconds, n in view.floors.items():
            self._floors[seconds] = self._floors.get(seconds, 0) + n

    def view(self, held: Held) -> EndpointView:
        return EndpointView(
            outcomes={status: course.view(held) for status, course in self._outcomes.items()},
            latency_ns=self._latency_ns,
            floors=dict(self._floors),
            **{name: part.bins(held) for name, part in self._parts.items()},
        )
