"""increase: events in the panel's range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from promproof.truth.counted import Counted, sums
from promproof.truth.panel import AtPoint, register, window_of
from promproof.truth.views import Answered, Views


@register
class IncreaseTruth(Counted):
    """Events in the panel's range."""

    kind: Literal["increase"]
    tolerance = "scrape phase: what completed and what started by the first and last scrape of the range"

    def joint(self, read: Sequence[Views], answer: Answered, ordinal: int) -> AtPoint:
        """What the range holds."""
        return sums(read, self, window_of(answer), 1.0)
