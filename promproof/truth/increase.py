"""increase: events in the panel's range."""

from __future__ import annotations

from typing import Literal

from promproof.truth.counted import Counted, sums
from promproof.truth.panel import AtPoint, register, window_of
from promproof.truth.views import Answered, Views


@register
class IncreaseTruth(Counted):
    """Events in the panel's range."""

    kind: Literal["increase"]
    tolerance = "scrape phase: what completed and what started by the first and last scrape of the range"

    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """What the range holds."""
        return sums(views, self, window_of(answer), 1.0)
