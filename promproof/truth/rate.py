"""rate: events per second in the panel's window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from promproof.truth.counted import Counted, sums
from promproof.truth.panel import AtPoint, register, window_of
from promproof.truth.views import Answered, Views


@register
class RateTruth(Counted):
    """Events per second."""

    kind: Literal["rate"]
    tolerance = "scrape phase: what completed and what started by the first and last scrape of each window"

    def joint(self, read: Sequence[Views], answer: Answered, ordinal: int) -> AtPoint:
        """What the window holds, divided by its length."""
        length = window_of(answer)
        return sums(read, self, length, length)
