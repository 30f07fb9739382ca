"""Adding ledger views up. A sum of any split of the records, in any order, equals the view of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from promproof.evidence.bins import Bins, add_into
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
    return total.view()


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

    def view(self) -> LedgerView:
        """The sum so far; later additions do not change it."""
        return LedgerView(
            bin_seconds=self._bin_seconds,
            endpoints_seen={key: endpoint.view() for key, endpoint in self._endpoints.items()},
            tallies_seen={key: course.view() for key, course in self._tallies.items()},
            tallies_lost={key: dict(starts) for key, starts in self._tallies_lost.items()},
            users=dict(self._users),
            visits={user: tuple(visits) for user, visits in self._visits.items()},
            lags=dict(self._lags),
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


class _CourseSum:
    def __init__(self) -> None:
        self._starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._left: dict[int, int] = {}

    def add(self, course: Course) -> None:
        add_into(self._starts, course.starts)
        add_into(self._ends, course.ends)
        add_into(self._left, course.left)

    def view(self) -> Course:
        return Course(dict(self._starts), dict(self._ends), dict(self._left))


class _EndpointSum:
    def __init__(self) -> None:
        self._parts: dict[str, dict[int, int]] = {name: {} for name in BIN_PARTS}
        self._outcomes: dict[int, _CourseSum] = {}
        self._latency_ns = 0
        self._floors: dict[float, int] = {}

    def add(self, view: EndpointView) -> None:
        for name in BIN_PARTS:
            part: Bins = getattr(view, name)
            add_into(self._parts[name], part)
        for status, course in view.outcomes.items():
            self._outcomes.setdefault(status, _CourseSum()).add(course)
        self._latency_ns += view.latency_ns
        for seconds, n in view.floors.items():
            self._floors[seconds] = self._floors.get(seconds, 0) + n

    def view(self) -> EndpointView:
        return EndpointView(
            outcomes={status: course.view() for status, course in self._outcomes.items()},
            latency_ns=self._latency_ns,
            floors=dict(self._floors),
            **{name: dict(part) for name, part in self._parts.items()},
        )
