"""rows_total: the sum of a figure over the rows of the events in the panel's range."""

from __future__ import annotations

from typing import Literal

from promproof.truth.metrics import ZERO, Interval
from promproof.truth.panel import AtPoint, Bounds, register, window_of
from promproof.truth.rows import RowsPanelTruth, events, inside, phases
from promproof.truth.views import Answered, Views


@register
class RowsTotalTruth(RowsPanelTruth):
    """Their sum in the panel's range."""

    kind: Literal["rows_total"]
    tolerance = "scrape phase at both ends of the range"

    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """By label value."""
        rows, length = events(views, self, subject), window_of(answer)

        def at(t: float) -> Bounds:
            result: Bounds = {}
            for value, seen in phases(views, self, t, length).items():
                certain, doubtful = inside(views, rows.get(value, []), seen)
                factors = seen.factors(ZERO, Interval(0, 1))
                low, high = sum(certain), sum(certain) + sum(doubtful)
                result[((self.label, value),)] = Interval(low * factors.low, high * factors.high)
            return result

        return at
