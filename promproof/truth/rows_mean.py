"""rows_mean: the mean of a figure over the rows of the events in a window."""

from __future__ import annotations

from typing import Literal

from promproof.truth.metrics import ZERO, Interval
from promproof.truth.panel import AtPoint, Bounds, register, window_of
from promproof.truth.rows import RowsPanelTruth, events, inside, phases
from promproof.truth.views import Answered, Views


@register
class RowsMeanTruth(RowsPanelTruth):
    """The mean of the events in a window."""

    kind: Literal["rows_mean"]
    tolerance = "events that fall between two scrapes; a row is counted within the slowest undelayed request"

    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """By label value; open where there may be no event."""
        rows, length = events(views, self, subject), window_of(answer)

        def at(t: float) -> Bounds:
            result: Bounds = {}
            for value, seen in phases(views, self, t, length).items():
                certain, doubtful = inside(views, rows.get(value, []), seen)
                key = ((self.label, value),)
                if not certain:
                    result[key] = None
                    continue
                low, high = (
                    _mean(certain, sorted(doubtful)),
                    _mean(certain, sorted(doubtful, reverse=True), top=True),
                )
                # time and count are extrapolated alike, unless a window reaches back to zero
                factors = seen.factors(ZERO, Interval(0, len(certain) + len(doubtful)))
                stretch = factors.high / factors.low
                result[key] = Interval(low / stretch, high * stretch)
            return result

        return at


def _mean(certain: list[float], doubtful: list[float], *, top: bool = False) -> float:
    """The least mean that any of the doubtful can make, or the greatest; they come in the order of their pull."""
    if not certain:
        return doubtful[0]
    total, count = sum(certain), len(certain)
    for figure in doubtful:
        if (figure > total / count) if top else (figure < total / count):
            total, count = total + figure, count + 1
    return total / count
