"""rows_total: the sum of a figure over the rows of the events in the panel's range."""

from __future__ import annotations

from typing import Literal

from promproof.truth.metrics import ZERO, Interval
from promproof.truth.panel import register
from promproof.truth.phase import Phase
from promproof.truth.rows import RowsPanelTruth


@register
class RowsTotalTruth(RowsPanelTruth):
    """Their sum in the panel's range."""

    kind: Literal["rows_total"]
    tolerance = "scrape phase at both ends of the range"

    def of(self, seen: Phase, certain: list[float], doubtful: list[float]) -> Interval:
        """Between the sum of the certain ones and that of all."""
        factors = seen.factors(ZERO, Interval(0, 1))
        low, high = sum(certain), sum(certain) + sum(doubtful)
        return Interval(low * factors.low, high * factors.high)
