"""The largest time scale that every duration of a folder survives: what limits it is collected once, then compared.

A visitor scales everything that a run would scale; here it meets a time scale that changes nothing and writes down
what it is asked for. So what is collected is what will be scaled, and no list of places exists a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from promproof.config.timescale import TimeScale
from promproof.errors import InputError

CANDIDATES = (60, 50, 45, 40, 36, 30, 25, 24, 20, 18, 15, 12, 10, 9, 8, 6, 5, 4, 3, 2.5, 2, 1.5, 1)
"""Time scales to choose from, the largest first; each leaves a minute or an hour a length that one can read."""
FASTER = (150, 120, 100, 90, 75)
"""Larger ones, at which drills must be driven faster than they are written."""
Visit = Callable[[TimeScale], None]
"""Scales whatever a run would scale.

Raises InputError for what can't be scaled."""


@dataclass(frozen=True)
class Collector(TimeScale):
    """A time scale that changes nothing and keeps what it is asked to scale."""

    factor: float = 2
    asked: dict[tuple[int, str], None] = field(default_factory=dict)
    """Durations (ms) with their places."""
    scrapes: list[tuple[int, float, str, str]] = field(default_factory=list)
    """Interval (ms), measured seconds of a scrape, name and place of each job."""

    def milliseconds(self, milliseconds: int, where: str = "the duration") -> int:
        self.asked[milliseconds, where] = None
        return milliseconds

    def refuse_fast(self, interval: int, measured: float, name: str, where: str) -> None:
        self.scrapes.append((interval, measured, name, where))

    def refusal(self, scale: TimeScale) -> InputError | None:
        """Why another scale would not do; None where it does, as 1 always does."""
        if scale.is_identity:
            return None
        try:
            for milliseconds, where in self.asked:
                scale.milliseconds(milliseconds, where)
            for interval, measured, name, where in self.scrapes:
                scale.refuse_fast(round(interval / scale.factor), measured, name, where)
        except InputError as error:
            return error
        return None


def fitting(visit: Visit, most: float) -> tuple[list[TimeScale], InputError | None]:
    """The scales up to `most` that fit, the largest first; and why a larger one would not do: None where `most` does.

    Raises:
        InputError: something can't be scaled at all.
    """
    collector = Collector()
    visit(collector)
    first = collector.refusal(TimeScale(most))
    candidates = sorted({most, *(scale for scale in (*FASTER, *CANDIDATES) if scale <= most)}, reverse=True)
    return [scale for scale in map(TimeScale, candidates) if collector.refusal(scale) is None], first
