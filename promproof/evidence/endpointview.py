"""What a ledger says of one endpoint: its requests by time bins, as sums that merge in any order.

All times are readings of CLOCK_MONOTONIC in seconds, which the processes of one machine share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from promproof.evidence import bins as b
from promproof.evidence.bins import Bins


@dataclass(frozen=True)
class Course:
    """Events of one kind by time bin: their starts, their ends, or when their client left before the end."""

    starts: Bins = field(default_factory=dict)
    ends: Bins = field(default_factory=dict)
    left: Bins = field(default_factory=dict)

    @cached_property
    def count(self) -> int:
        return sum(self.starts.values())

    @cached_property
    def totals(self) -> tuple[b.Totals, b.Totals, b.Totals]:
        """Running totals of starts, ends and left."""
        return b.Totals(self.starts), b.Totals(self.ends), b.Totals(self.left)

    def begun(self, last_bin: float) -> int:
        """How many started at or before `last_bin`."""
        return self.totals[0].up_to(last_bin)

    def over(self, first_bin: float, settled_bin: float) -> int:
        """How many ended before `first_bin`, or were left by their client before `settled_bin`."""
        _, ends, left = self.totals
        return ends.before(first_bin) + left.before(settled_bin)

    def to_json(self) -> dict[str, list[int]]:
        return {name: b.flat(bins) for name, bins in vars(self).items() if name in _COURSE_PARTS and bins}

    @staticmethod
    def from_json(data: Mapping[str, list[int]]) -> Course:
        return Course(**{name: b.settled(bins) for name, bins in data.items()})


_COURSE_PARTS = tuple(part.name for part in fields(Course))


@dataclass(frozen=True)
class EndpointView:
    """All requests of one method and endpoint.

    started: every request opened, by bin. dropped: those of which nothing whole reached the server, by bin of
    their start. lost: those whose fate is unknown, by bin of the moment when the client gave up. outcomes: by
    status. latency and felt: HDR buckets of whole microseconds, from sending and from the due time. floors:
    how many requests the server certainly held for so many seconds. held_from, held_until: for those, the
    bins between which the server certainly had the request.
    """

    started: Bins = field(default_factory=dict)
    dropped: Bins = field(default_factory=dict)
    lost: Bins = field(default_factory=dict)
    outcomes: Mapping[int, Course] = field(default_factory=dict)
    latency: Bins = field(default_factory=dict)
    felt: Bins = field(default_factory=dict)
    latency_ns: int = 0
    floors: Mapping[float, int] = field(default_factory=dict)
    held_from: Bins = field(default_factory=dict)
    held_until: Bins = field(default_factory=dict)

    @cached_property
    def unresolved(self) -> Bins:
        """Requests without a known status (open, or of unknown fate), by bin of their start."""
        rest = dict(self.started)
        for part in (self.dropped, *(course.starts for course in self.outcomes.values())):
            b.add_into(rest, {index: -n for index, n in part.items()})
        return b.packed(dict(rest))  # the copy has no room for what was taken away

    @cached_property
    def unresolved_totals(self) -> b.Totals:
        """Running totals of the unresolved."""
        return b.Totals(self.unresolved)

    @cached_property
    def latency_tops(self) -> b.Totals:
        """Running totals of the latencies by the top of their bucket (us)."""
        return b.Totals({b.bucket_top(index): count for index, count in self.latency.items()})

    @cached_property
    def lost_totals(self) -> b.Totals:
        """Running totals of the lost."""
        return b.Totals(self.lost)

    @cached_property
    def _held_totals(self) -> tuple[b.Totals, b.Totals]:
        return b.Totals(self.held_from), b.Totals(self.held_until)

    def held(self, first_bin: float, last_bin: float) -> int:
        """How many requests the server certainly had at any one moment between two bins."""
        held_from, held_until = self._held_totals
        return max(held_from.before(first_bin) - held_until.up_to(last_bin), 0)

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            name: b.flat(getattr(self, name)) for name in BIN_PARTS if getattr(self, name)
        }
        if self.outcomes:
            data["outcomes"] = [[status, course.to_json()] for status, course in self.outcomes.items()]
        if self.latency_ns:
            data["latency_ns"] = self.latency_ns
        if self.floors:
            data["floors"] = [[seconds, n] for seconds, n in self.floors.items()]
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> EndpointView:
        return EndpointView(
            outcomes={int(status): Course.from_json(course) for status, course in data.get("outcomes", ())},
            latency_ns=int(data.get("latency_ns", 0)),
            floors={float(seconds): int(n) for seconds, n in data.get("floors", ())},
            **{name: b.settled(data[name]) for name in BIN_PARTS if name in data},
        )


BIN_PARTS = ("started", "dropped", "lost", "latency", "felt", "held_from", "held_until")
"""the fields of an EndpointView that are plain bins"""
