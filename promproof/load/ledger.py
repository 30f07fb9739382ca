"""The ledger: what the load generator really sent and got back, the truth on the client's side.

Its two calls per request only note the times; what was noted is added to sparse counts of integers, some hundred
requests at once, so that recording costs a few microseconds and memory grows with label sets and elapsed bins, never
with requests. It knows no HTTP client and no Locust.

Clocks must read CLOCK_MONOTONIC in seconds (time.monotonic), so that observers in other processes can
compare. A ledger belongs to one thread (or to the greenlets of one); several threads keep one each and merge
the views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from promproof.evidence.bins import bucket_of
from promproof.evidence.endpointview import Course, EndpointView
from promproof.evidence.sums import ViewSum, merge
from promproof.evidence.view import CountKey, EndpointKey, Labels, LedgerView, TallyKey, labels_of

__all__ = [
    "CountKey",
    "EndpointKey",
    "Labels",
    "Ledger",
    "LedgerView",
    "TallyKey",
    "Token",
    "ViewSum",
    "labels_of",
    "merge",
]

FOLD_AT = 512
"""requests that are noted before they are added up"""
UNTOLD_SECONDS = 0.25
"""how long after its client has left a request may come to a target that is busy"""
OPEN, CLOSED, ABANDONED, DROPPED, UNKNOWN = range(5)
_FATES = ("open", "closed", "abandoned", "dropped", "of unknown fate")


class Token:
    """One request: handed out by open, given back to exactly one of close, abandon, drop and close_unknown.

    started, ended: seconds; due: the time when it should have been sent; fate: what became of it.
    """

    __slots__ = ("_endpoint", "_floor", "_status", "due", "ended", "fate", "started", "user")

    _floor: float
    _status: int

    def __init__(self, endpoint: _Endpoint, started: float, user: str | None, due: float) -> None:
        self._endpoint = endpoint
        self.started = started
        self.due = due
        self.user = user
        self.ended = started
        self.fate = OPEN


class _Course:
    """Mutable twin of Course."""

    __slots__ = ("ends", "left", "starts")

    def __init__(self) -> None:
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.left: dict[int, int] = {}

    def view(self) -> Course:
        return Course(self.starts, self.ends, self.left)


class _Endpoint:
    """Mutable twin of EndpointView; tokens point to it, so it outlives a drain, which replaces its parts."""

    __slots__ = (
        "dropped",
        "felt",
        "floors",
        "held_from",
        "held_until",
        "latency",
        "latency_ns",
        "lost",
        "outcomes",
        "started",
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.started: dict[int, int] = {}
        self.dropped: dict[int, int] = {}
        self.lost: dict[int, int] = {}
        self.outcomes: dict[int, _Course] = {}
        self.latency: dict[int, int] = {}
        self.felt: dict[int, int] = {}
        self.latency_ns = 0
        self.floors: dict[float, int] = {}
        self.held_from: dict[int, int] = {}
        self.held_until: dict[int, int] = {}

    def touched(self) -> bool:
        return bool(self.started or self.outcomes or self.dropped or self.lost)

    def view(self) -> EndpointView:
        return EndpointView(
            started=self.started,
            dropped=self.dropped,
            lost=self.lost,
            outcomes={status: course.view() for status, course in self.outcomes.items()},
            latency=self.latency,
            felt=self.felt,
            latency_ns=self.latency_ns,
            floors=self.floors,
            held_from=self.held_from,
            held_until=self.held_until,
        )


class Ledger:
    """Records requests by method, endpoint and status, and declared tallies.

    clock: CLOCK_MONOTONIC seconds. bin_seconds: width of the time bins, above 0; all ledgers of one run need
    the same.
    """

    def __init__(self, clock: Callable[[], float], bin_seconds: float) -> None:
        if bin_seconds <= 0:
            raise ValueError(f"bin_seconds is {bin_seconds!r}, expected more than 0")
        self._clock = clock
        self.bin_seconds = bin_seconds
        self._endpoints: dict[EndpointKey, _Endpoint] = {}
        self._tallies: dict[TallyKey, _Course] = {}
        self._tallies_lost: dict[TallyKey, dict[int, int]] = {}
        self._users: dict[str, list[float]] = {}
        self._lags: dict[int, int] = {}
        self._latest = -inf
        self.opened = 0
        self._ended = 0
        self._new: list[Token] = []
        self._answered: list[Token] = []

    def open(
        self,
        method: str,
        endpoint: str,
        user: str | None = None,
        due: float | None = None,
        at: float | None = None,
    ) -> Token:
        """A request is about to be sent. due: when it should have been, at: when it was, if that is not now."""
        record = self._endpoints.get((method, endpoint))
        if record is None:
            record = self._endpoints[(method, endpoint)] = _Endpoint()
        now = self._clock() if at is None else at
        self.opened += 1
        token = Token(record, now, user, now if due is None else due)
        self._new.append(token)
        if len(self._new) >= FOLD_AT:
            self._fold()
        return token

    def close(self, token: Token, status: int, floor_seconds: float = 0.0, at: float | None = None) -> None:
        """The answer came, whole. floor_seconds: the server certainly held the request at least so long."""
        if token.fate:
            raise _twice(token, "closed")
        token.fate = CLOSED
        token.ended = self._clock() if at is None else at
        token._status = status
        token._floor = floor_seconds
        self._ended += 1
        self._answered.append(token)

    def abandon(self, token: Token, status: int, floor_seconds: float = 0.0) -> None:
        """The request was sent whole and its client left: the server counts it, under `status`, at a time
        unknown.
        """
        now = self._end(token, ABANDONED)
        record = token._endpoint
        course = record.outcomes.setdefault(status, _Course())
        _add(course.starts, self._bin(token.started))
        _add(course.left, self._bin(now))
        if floor_seconds:
            record.floors[floor_seconds] = record.floors.get(floor_seconds, 0) + 1

    def drop(self, token: Token) -> None:
        """Nothing whole reached the server (no connection, half a header): it counts nothing."""
        self._end(token, DROPPED)
        _add(token._endpoint.dropped, self._bin(token.started))

    def close_unknown(self, token: Token, at: float | None = None) -> None:
        """The connection broke after the request was sent: the server counted it once or not at all, status
        unknown.
        """
        now = self._end(token, UNKNOWN, at)
        _add(token._endpoint.lost, self._bin(now))

    def record(self, method: str, endpoint: str, status: int, started: float, ended: float) -> None:
        """A finished request that somebody else timed, both times in seconds of the ledger's clock.

        status 0: no answer, fate unknown.
        """
        token = self.open(method, endpoint, at=started)
        if status:
            self.close(token, status, at=ended)
        else:
            self.close_unknown(token, ended)

    def tally(
        self, name: str, labels: Mapping[str, str], token: Token | None = None, not_before: float = 0.0
    ) -> None:
        """Something declared happened, an execution say, once.

        token: the finished request that caused it; the server may have counted it at any time from `not_before` seconds
        after that request's start on. Without one it began and ended now. After an abandoned request its end is unknown
        as well.
        """
        key = (name, labels_of(labels))
        course = self._tallies.get(key)
        if course is None:
            course = self._tallies[key] = _Course()
        if token is None:
            now = self._bin(self._clock())
            _add(course.starts, now)
            _add(course.ends, now)
            return
        earliest = token.started + not_before
        _add(course.starts, self._bin(earliest if token.fate == ABANDONED else min(earliest, token.ended)))
        _add(course.left if token.fate == ABANDONED else course.ends, self._bin(token.ended))

    def tally_unknown(self, name: str, labels: Mapping[str, str], token: Token, at_most: int = 1) -> None:
        """Up to `at_most` tallies may have happened, with at least these labels: the request's fate is
        unknown.
        """
        starts = self._tallies_lost.setdefault((name, labels_of(labels)), {})
        _add(starts, self._bin(token.started), at_most)

    def lag(self, seconds: float) -> None:
        """An arrival was sent so many seconds after it was due."""
        _add(self._lags, bucket_of(max(int(seconds * 1e6), 0)))

    def open_requests(self) -> int:
        """Requests that were opened and not yet given back."""
        return self.opened - self._ended

    def snapshot(self) -> LedgerView:
        """Everything recorded since the start, or since the last drain."""
        total = ViewSum(self.bin_seconds)
        total.add(self._view())
        return total.view()

    def drain(self) -> LedgerView:
        """Everything recorded since the last drain, handed over and forgotten: the caller keeps it or writes
        it.
        """
        view = self._view()
        for record in self._endpoints.values():
            if record.touched():
                record.reset()
        self._tallies, self._tallies_lost, self._users, self._lags = {}, {}, {}, {}
        return view

    def _view(self) -> LedgerView:
        self._fold()
        return LedgerView(
            bin_seconds=self.bin_seconds,
            endpoints_seen={
                key: record.view() for key, record in self._endpoints.items() if record.touched()
            },
            tallies_seen={key: course.view() for key, course in self._tallies.items()},
            tallies_lost=self._tallies_lost,
            users={user: (seen[0], seen[1], seen[2]) for user, seen in self._users.items()},
            lags=self._lags,
            latest=self._latest,
        )

    def _end(self, token: Token, fate: int, at: float | None = None) -> float:
        if token.fate:
            raise _twice(token, _FATES[fate])
        token.fate = fate
        now = token.ended = self._clock() if at is None else at
        self._ended += 1
        self._latest = max(self._latest, now)
        if token.user is not None:
            # nobody has told whoever left that the target has the request: a busy one takes it in later
            self._seen(token.user, token.started, now + (UNTOLD_SECONDS if fate == ABANDONED else 0.0))
        return now

    def _bin(self, t: float) -> int:
        return int(t / self.bin_seconds)

    def _fold(self) -> None:
        # in one go rather than request by request: between two requests the client's own work would have driven these
        # dicts out of the processor's caches, which doubles what it costs
        width = self.bin_seconds
        for token in self._new:
            started = token._endpoint.started
            index = int(token.started / width)
            started[index] = started.get(index, 0) + 1
            if token.user is not None and not token.fate:
                self._seen(token.user, token.started, token.started)
        for token in self._answered:
            self._fold_answered(token, width)
        self._new.clear()
        self._answered.clear()

    def _fold_answered(self, token: Token, width: float) -> None:
        record, now = token._endpoint, token.ended
        if now > self._latest:
            self._latest = now
        course = record.outcomes.get(token._status)
        if course is None:
            course = record.outcomes[token._status] = _Course()
        index = int(token.started / width)
        course.starts[index] = course.starts.get(index, 0) + 1
        index = int(now / width)
        course.ends[index] = course.ends.get(index, 0) + 1
        # rounded up, so that a latency stays an upper bound of what the server measured
        ns = int((now - token.started) * 1e9) + 1
        record.latency_ns += ns
        us = ns // 1000 + 1
        shift = us.bit_length() - 11
        index = us if shift <= 0 else (shift << 10) + (us >> shift)
        buckets = record.latency
        buckets[index] = buckets.get(index, 0) + 1
        if token.due != token.started:
            index = bucket_of(int((now - token.due) * 1e6) + 1)
        buckets = record.felt
        buckets[index] = buckets.get(index, 0) + 1
        if token.user is not None:
            self._seen(token.user, token.started, now)
        if token._floor:
            self._hold(record, token, token._floor)

    def _seen(self, user: str, started: float, ended: float) -> None:
        seen = self._users.get(user)
        if seen is None:
            self._users[user] = [started, started, ended]
            return
        if started < seen[0]:
            seen[0] = started
        if started > seen[1]:
            seen[1] = started
        if ended > seen[2]:
            seen[2] = ended

    def _hold(self, record: _Endpoint, token: Token, floor_seconds: float) -> None:
        record.floors[floor_seconds] = record.floors.get(floor_seconds, 0) + 1
        held_from, held_until = token.ended - floor_seconds, token.started + floor_seconds
        if held_from < held_until:
            _add(record.held_from, self._bin(held_from))
            _add(record.held_until, self._bin(held_until))


def _add(counts: dict[int, int], index: int, n: int = 1) -> None:
    counts[index] = counts.get(index, 0) + n


def _twice(token: Token, fate: str) -> ValueError:
    return ValueError(
        f"a request that is already {_FATES[token.fate]} cannot be {fate}: each token is given back once"
    )
