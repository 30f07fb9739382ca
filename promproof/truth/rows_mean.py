"""rows_mean: the mean of a figure over the rows of the events in a window."""

from __future__ import annotations

from typing import Literal

from promproof.truth.metrics import ZERO, Interval
from promproof.truth.panel import register
from promproof.truth.phase import Phase
from promproof.truth.rows import RowsPanelTruth


@register
class RowsMeanTruth(RowsPanelTruth):
    """The mean of the events in a window."""

    kind: Literal["rows_mean"]
    tolerance = "events that fall between two scrapes; a row is counted within the slowest undelayed request"

    def of(self, seen: Phase, certain: list[float], doubtful: list[float]) -> Interval | None:
        """Open where there may be no event."""
        if not certain:
            return None
        low = _mean(certain, sorted(doubtful))
        high = _mean(certain, sorted(doubtful, reverse=True), top=True)
        # time and count are extrapolated alike, unless a window reaches back to zero
        factors = seen.factors(ZERO, Interval(0, len(certain) + len(doubtful)))
        stretch = factors.high / factors.low
        return Interval(low / stretch, high * stretch)


def _mean(certain: list[float], doubtful: list[float], *, top: bool = False) -> float:
    """The least mean that any of the doubtful can make, or the greatest; they come in the order of their pull."""
    if not certain:
        return doubtful[0]
    total, count = sum(certain), len(certain)
    for figure in doubtful:
        if (figure > total / count) if top else (figure < total / count):
            total, count = total + figure, count + 1
    return total / count
