"""What a ledger says: an immutable, mergeable record of requests and what may be concluded from it.

Everything is a sum of integers by time bin, or a minimum or maximum of times, so that merging is exact and
does not depend on order or grouping. Questions about a moment answer with bounds: bins are compared whole,
towards the safe side, so that a bin that straddles the moment never counts as certain.

All times are readings of CLOCK_MONOTONIC in seconds, which the processes of one machine share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isinf
from typing import Any

from hdrh.histogram import HdrHistogram

from promproof.evidence import bins as b
from promproof.evidence.bins import Bins
from promproof.evidence.endpointview import Course, EndpointView

EndpointKey = tuple[str, str]
"""method, endpoint (the route template, not the path)"""
CountKey = tuple[str, str, int]
"""method, endpoint, status"""
Labels = tuple[tuple[str, str], ...]
"""label names and values, sorted by name"""
TallyKey = tuple[str, Labels]
"""name of the tally, its labels"""
Seen = tuple[float, float, float]
"""first start, last start, last end of a user's requests"""


@dataclass(frozen=True)
class LedgerView:
    """Requests, tallies and users of a run or of a part of it. Mappings are to be read only.

    bin_seconds: width of the time bins. lags: HDR buckets (us) of how late arrivals were sent. tallies_lost:
    tallies of requests of unknown fate, under the labels that are known without the response. latest: time of
    the latest client event, -inf of none. complete: False when a writer died, so that counts are lower
    bounds.
    """

    bin_seconds: float
    endpoints_seen: Mapping[EndpointKey, EndpointView] = field(default_factory=dict)
    tallies_seen: Mapping[TallyKey, Course] = field(default_factory=dict)
    tallies_lost: Mapping[TallyKey, Bins] = field(default_factory=dict)
    users: Mapping[str, Seen] = field(default_factory=dict)
    visits: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict, compare=False, repr=False)
    """The periods of each user in the increments that were added up; none of a view that is no sum."""
    lags: Bins = field(default_factory=dict)
    latest: float = -inf
    complete: bool = True

    def periods(self, user: str) -> tuple[Seen, ...]:
        """When a user was there, in as many periods as are known."""
        return self.visits.get(user) or (self.users[user],)

    # totals

    @cached_property
    def counts(self) -> dict[CountKey, int]:
        """Requests whose status is known; abandoned ones are in."""
        return {
            (method, endpoint, status): course.count
            for (method, endpoint), view in self.endpoints_seen.items()
            for status, course in view.outcomes.items()
        }

    @cached_property
    def abandoned(self) -> dict[CountKey, int]:
        """Requests that were sent whole and left by their client: counted, of unknown duration."""
        return {
            (method, endpoint, status): sum(course.left.values())
            for (method, endpoint), view in self.endpoints_seen.items()
            for status, course in view.outcomes.items()
            if course.left
        }

    @cached_property
    def uncertain(self) -> dict[EndpointKey, int]:
        """Requests of unknown fate: the server counted each at most once, under any status."""
        return {key: sum(view.lost.values()) for key, view in self.endpoints_seen.items() if view.lost}

    @cached_property
    def open(self) -> dict[EndpointKey, int]:
        """Requests that were still open when the view was taken."""
        found = {
            key: sum(view.unresolved.values()) - sum(view.lost.values())
            for key, view in self.endpoints_seen.items()
        }
        return {key: n for key, n in found.items() if n}

    @cached_property
    def left(self) -> float:
        """When a client last left a request that its server may go on with: the end of that bin; -inf of none."""
        views = self.endpoints_seen.values()
        parts = [view.lost for view in views]
        parts += [course.left for view in views for course in view.outcomes.values()]
        return max(((max(bins) + 1) * self.bin_seconds for bins in parts if bins), default=-inf)

    @cached_property
    def floors(self) -> dict[EndpointKey, Mapping[float, int]]:
        """For each endpoint: seconds that the server certainly spent -> number of requests."""
        return {key: view.floors for key, view in self.endpoints_seen.items() if view.floors}

    @cached_property
    def makes_wait(self) -> bool:
        """Whether the server certainly spent time on some request."""
        return any(seconds > 0 for floors in self.floors.values() for seconds in floors)

    @cached_property
    def tallies(self) -> dict[TallyKey, int]:
        """Declared events (executions by id and outcome, say) that certainly happened."""
        return {key: course.count for key, course in self.tallies_seen.items()}

    @property
    def requests(self) -> int:
        """Requests opened, whatever became of them."""
        return sum(sum(view.started.values()) for view in self.endpoints_seen.values())

    def keys(self) -> list[CountKey]:
        """Every (method, endpoint, status) that was seen, sorted."""
        return sorted(self.counts)

    def endpoints(self) -> list[EndpointKey]:
        """Every (method, endpoint) that was seen, sorted."""
        return sorted(self.endpoints_seen)

    def bounds(self, key: CountKey) -> tuple[int, int]:
        """How often the server counted a key at rest, at least and at most."""
        return self.completed_before(key, inf), self.started_before(key, inf)

    @cached_property
    def unresolved(self) -> frozenset[EndpointKey]:
        """Endpoints with requests whose status is not known."""
        return frozenset(
            key for key, view in self.endpoints_seen.items() if view.unresolved_totals.up_to(inf) > 0
        )

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What others have worked out of this view, which does not change."""
        return {}

    # bounds at a moment

    def bounds_of(self, keys: Iterable[CountKey | EndpointKey]) -> BoundsAt:
        """`completed_before` and `started_before` of several keys together, for many moments.

        A request whose status is not known counts once at most for the keys of its endpoint.
        """
        starts: list[Bins] = []
        ends: list[Bins] = []
        left: list[Bins] = []
        for endpoint, group in _by_endpoint(keys).items():
            view = self.endpoint(endpoint)
            starts.append(view.unresolved)
            for course in (course for key in group for course in _courses(view, key)):
                starts.append(course.starts)
                ends.append(course.ends)
                left.append(course.left)
        totals = (b.Totals(b.merged(parts)) for parts in (starts, ends, left))
        return BoundsAt(*totals)

    def started_before(self, key: CountKey | EndpointKey, t: float) -> int:
        """The most that the server can have counted by time t: bins that began at or before t.

        Requests without a known status (open, or of unknown fate) count for every status of their endpoint.
        Without a status in the key: requests of any status.
        """
        view = self.endpoint(key)
        last = self.bin(t)
        return view.unresolved_totals.up_to(last) + sum(course.begun(last) for course in _courses(view, key))

    def completed_before(self, key: CountKey | EndpointKey, t: float, settle: float = inf) -> int:
        """The least that the server must have counted by time t: bins that had ended at t.

        A request that its client left counts from `settle` seconds after that (the longest time that a
        handler may take); by default only at the end of time, t = inf.
        """
        first, settled = self.bin(t), self.settled(t, settle)
        return sum(course.over(first, settled) for course in _courses(self.endpoint(key), key))

    def open_interval(
        self, method: str, endpoint: str, t_begin: float, t_end: float, settle: float = inf
    ) -> tuple[int, int]:
        """Requests that the server had in progress at any one moment from t_begin to t_end: (certainly,
        possibly).

        Certainly: it needs the floor F of a request of start s and end e, so it has it during [e - F, s + F];
        a request without a floor is never certain. Possibly: started by t_end, and not completed before
        t_begin. Requests that were left, or are of unknown fate, are taken as over after `settle` seconds;
        always at t = inf.
        """
        view = self.endpoint((method, endpoint))
        begin, end = self.bin(t_begin), self.bin(t_end)
        over = self.completed_before((method, endpoint), t_begin, settle)
        over += view.lost_totals.before(self.settled(t_begin, settle))
        return view.held(begin, end), self.started_before((method, endpoint), t_end) - over

    def tally_started_before(self, key: TallyKey, t: float) -> int:
        """The most that the server can have counted of a tally by time t: any time after its request's start.

        Tallies of requests of unknown fate count where their known labels agree with the key.
        """
        last = self.bin(t)
        name, labels = key
        lost = sum(
            b.up_to(starts, last)
            for (lost_name, known), starts in self.tallies_lost.items()
            if lost_name == name and set(known) <= set(labels)
        )
        return lost + self.tallies_seen.get(key, _NO_COURSE).begun(last)

    def tally_completed_before(self, key: TallyKey, t: float, settle: float = inf) -> int:
        """The least that the server must have counted of a tally by time t; settle as in completed_before."""
        return self.tallies_seen.get(key, _NO_COURSE).over(self.bin(t), self.settled(t, settle))

    # durations

    def latency_sum(self, key: EndpointKey) -> float:
        """Sum in seconds of the client's latencies of the requests that were answered, from exact
        nanoseconds.
        """
        return self.endpoint(key).latency_ns / 1e9

    def at_or_below(self, key: EndpointKey, edge_seconds: float) -> int:
        """At least so many requests took the client at most `edge_seconds`: a lower bound, see bins."""
        return self.endpoint(key).latency_tops.up_to(b.edge_of(edge_seconds))

    def percentile(self, p: float, key: EndpointKey | None = None, felt: bool = False) -> float | None:
        """The p-th percentile (0 to 100) of the latencies in seconds, of one endpoint or of all; None of
        nothing.

        felt: counted from the time when the request was due, as a user would feel it, instead of from its
        sending.
        """
        return b.percentile(b.merged(self._buckets(key, felt)), p)

    def histogram(self, key: EndpointKey | None = None, felt: bool = False) -> HdrHistogram:
        """The latencies in microseconds as an HdrHistogram with 3 significant digits."""
        return b.histogram(self._buckets(key, felt))

    # exchange

    def to_json(self) -> dict[str, Any]:
        """The view as JSON values; `from_json` restores an equal one."""
        return {
            "bin_seconds": self.bin_seconds,
            "endpoints": [[*key, view.to_json()] for key, view in self.endpoints_seen.items()],
            "tallies": [
                [name, dict(labels), course.to_json()] for (name, labels), course in self.tallies_seen.items()
            ],
            "tallies_lost": [
                [name, dict(labels), b.flat(n)] for (name, labels), n in self.tallies_lost.items()
            ],
            "users": {user: list(seen) for user, seen in self.users.items()},
            "lags": b.flat(self.lags),
            "latest": None if self.latest == -inf else self.latest,
            "complete": self.complete,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> LedgerView:
        """Raises ValueError when the data are not those of a view."""
        try:
            return LedgerView(
                bin_seconds=float(data["bin_seconds"]),
                endpoints_seen={
                    (method, endpoint): EndpointView.from_json(view)
                    for method, endpoint, view in data["endpoints"]
                },
                tallies_seen={
                    (name, labels_of(labels)): Course.from_json(course)
                    for name, labels, course in data["tallies"]
                },
                tallies_lost={
                    (name, labels_of(labels)): b.settled(n) for name, labels, n in data["tallies_lost"]
                },
                users={user: (float(a), float(z), float(end)) for user, (a, z, end) in data["users"].items()},
                lags=b.settled(data["lags"]),
                latest=-inf if data["latest"] is None else float(data["latest"]),
                complete=bool(data["complete"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a ledger view: {error!r}") from error

    def _buckets(self, key: EndpointKey | None, felt: bool) -> Iterable[Bins]:
        views = self.endpoints_seen.values() if key is None else (self.endpoint(key),)
        return [view.felt if felt else view.latency for view in views]

    def endpoint(self, key: CountKey | EndpointKey) -> EndpointView:
        """The requests of an endpoint; empty for one that was not seen."""
        return self.endpoints_seen.get((key[0], key[1]), _NO_ENDPOINT)

    def bin(self, t: float) -> float:
        """The index of the bin that holds time t, which may be infinite."""
        return t if isinf(t) else b.bin_of(t, self.bin_seconds)

    def settled(self, t: float, settle: float) -> float:
        """The bin of `settle` seconds before t; at the end of time everything is settled."""
        return inf if t == inf else self.bin(t - settle)


@dataclass(frozen=True)
class BoundsAt:
    """How often the server counted some requests at a moment, at least and at most; moments are bins."""

    starts: b.Totals
    ends: b.Totals
    left: b.Totals

    def low(self, first: float, settled: float) -> int:
        """As `completed_before`."""
        return self.ends.before(first) + self.left.before(settled)

    def high(self, last: float) -> int:
        """As `started_before`."""
        return self.starts.up_to(last)


def _by_endpoint(keys: Iterable[CountKey | EndpointKey]) -> dict[EndpointKey, list[CountKey | EndpointKey]]:
    found: dict[EndpointKey, list[CountKey | EndpointKey]] = {}
    for key in keys:
        found.setdefault((key[0], key[1]), []).append(key)
    return found


_NO_COURSE = Course()
_NO_ENDPOINT = EndpointView()


def labels_of(labels: Mapping[str, str]) -> Labels:
    """Labels as the hashable form that keys use."""
    return tuple(sorted((str(name), str(value)) for name, value in labels.items()))


def _courses(view: EndpointView, key: CountKey | EndpointKey) -> Iterable[Course]:
    if len(key) == 2:
        return view.outcomes.values()
    return (view.outcomes.get(key[2], _NO_COURSE),)
