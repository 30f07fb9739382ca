"""Client latencies over time, as the ledgers' files have them: what ended between two moments, and how long it took."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

from promproof.evidence.bins import bucket_top
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import Latencies
from promproof.evidence.view import EndpointKey


class _Seconds(dict[int, float]):
    """The end of a bucket (s): an hour has millions of latencies, of a few thousand buckets."""

    def __missing__(self, index: int) -> float:
        made = self[index] = (bucket_top(index) + 1) / 1e6
        return made


_SECONDS = _Seconds()


@dataclass(frozen=True)
class Ended:
    """Requests of one endpoint that ended between two run times: latencies and injected delays in seconds.

    buckets: HDR bucket and count in turns, as they were recorded; what they say is told to whoever asks.
    """

    since: float
    until: float
    buckets: Sequence[int]
    delays: tuple[tuple[float, int], ...]

    @cached_property
    def longest(self) -> float:
        """The longest latency."""
        return _SECONDS[max(self.buckets[::2])]

    @property
    def latencies(self) -> Iterator[tuple[float, int]]:
        """Each latency, and how many took so long."""
        return zip(map(_SECONDS.__getitem__, self.buckets[::2]), self.buckets[1::2], strict=True)

    @property
    def requests(self) -> Iterable[tuple[float, int, float]]:
        """(latency, how many, how long each of them was certainly held), in seconds."""
        return self._held if self.delays else ((latency, count, 0.0) for latency, count in self.latencies)

    @cached_property
    def _held(self) -> tuple[tuple[float, int, float], ...]:
        return tuple((latency, count, self.held(latency)) for latency, count in self.latencies)

    def held(self, latency: float) -> float:
        """How long (s) a request of this latency was certainly held: by the delays that can only be those of the slow.

        A delay belongs to the requests that took at least as long, if there are no more of those than of such delays.
        """
        for delay, _ in sorted(self.delays, reverse=True):
            slow = sum(count for latency, count in self.latencies if latency >= delay)
            if latency >= delay and slow == sum(count for held, count in self.delays if held >= delay):
                return delay
        return 0.0


@dataclass
class Course:
    """All of one endpoint in order of time, with running counts by edge."""

    ended: list[Ended] = field(default_factory=list)
    _counts: dict[float, list[int]] = field(default_factory=dict)

    @cached_property
    def _untils(self) -> list[float]:
        return [ended.until for ended in self.ended]

    @cached_property
    def _longest(self) -> float:
        return max((ended.longest for ended in self.ended), default=0.0)

    def around(self, begin: float, end: float) -> Iterator[Ended]:
        """Those that may have been counted between two moments: ended after the first, begun before the second."""
        for ended in self.ended[bisect_right(self._untils, begin) :]:
            if ended.since - self._longest > end:
                return
            if ended.since - ended.longest <= end:
                yield ended

    def before(self, t: float, edge: float) -> int:
        """How many had certainly ended by `t` and took at most `edge` seconds."""
        if edge not in self._counts:
            total, running = 0, [0]
            for ended in self.ended:
                total += sum(count for latency, count in ended.latencies if latency <= edge)
                running.append(total)
            self._counts[edge] = running
        return self._counts[edge][bisect_right(self._untils, t)]


_COURSES: WeakKeyDictionary[Evidence, dict[EndpointKey, Course]] = WeakKeyDictionary()


def courses(evidence: Evidence) -> dict[EndpointKey, Course]:
    """What ended when, by method and endpoint.

    Raises:
        Gap: no latencies were recorded over time.
    """
    if evidence in _COURSES:
        return _COURSES[evidence]
    records = list(evidence.history.of(Latencies))
    if not records:
        raise Gap("no client latencies over time were recorded")
    found: dict[EndpointKey, Course] = defaultdict(Course)
    for record in records:
        since = 0.0
        for until, rows in record.data.rows:
            for method, endpoint, flat, delays in rows:
                held = tuple((float(floor), count) for floor, count in delays.items())
                found[method, endpoint].ended.append(Ended(since, until, flat, held))
            since = until
    for course in found.values():
        course.ended.sort(key=lambda ended: ended.until)
    _COURSES[evidence] = dict(found)
    return _COURSES[evidence]


class UnderWay:
    """Which requests can have been under way at a moment. endpoints: the only ones that are meant; of none, all."""

    def __init__(self, evidence: Evidence, endpoints: Collection[EndpointKey] = ()) -> None:
        self._longest = evidence.longest_handler
        self._ended = sorted(
            (
                ended
                for endpoint, course in courses(evidence).items()
                for ended in course.ended
                if not endpoints or endpoint in endpoints
            ),
            key=lambda ended: ended.until,
        )
        self._untils = [ended.until for ended in self._ended]

    def latest_end(self, t: float, seconds: float) -> float:
        """By when a request had ended that was under way at `t` and had taken `seconds` by then (run time).

        Without such a request (its client left, say): after the longest time that a handler may take.
        """
        latest = None
        for ended in self._ended[bisect_left(self._untils, t) :]:
            if ended.until > t + self._longest:
                break
            # what holds of any latency holds of the longest
            if ended.longest >= seconds and ended.since - ended.longest <= t - seconds:
                latest = ended.until
        return t + self._longest if latest is None else latest
