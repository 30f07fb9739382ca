"""ratio: the share of events whose labels match a part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promproof.contract.texts import Pattern
from promproof.exposition import Labels
from promproof.truth.counted import Counted, matches, moved, selected
from promproof.truth.metrics import ZERO, Interval
from promproof.truth.panel import AtPoint, Bounds, register, window_of
from promproof.truth.phase import share
from promproof.truth.views import Answered, Views


@register
class RatioTruth(Counted):
    """The share of events whose labels match `part`; `complement` turns it into the rest."""

    kind: Literal["ratio"]
    part: dict[str, Pattern] = Field(min_length=1)
    complement: bool = False
    tolerance = "scrape phase, on both sides of the division"

    @property
    def named(self) -> set[str]:
        """The part's labels as well."""
        return super().named | set(self.part)

    def joint(self, read: Sequence[Views], answer: Answered, ordinal: int) -> AtPoint:
        """By group; open where there may be no event at all."""
        length = window_of(answer)
        counted = [(views, selected(views, self)) for views in read]
        inside = {
            series.labels
            for _, found in counted
            for series in found
            if matches(dict(series.labels), self.part)
        }

        def at(t: float) -> Bounds:
            parts: dict[Labels, tuple[Interval, Interval]] = {}
            for series, bounds in (
                pair for views, found in counted for pair in moved(views, self.metric, found, t, length)
            ):
                part, rest = parts.get(series.group, (ZERO, ZERO))
                is_part = series.labels in inside
                parts[series.group] = (part + bounds, rest) if is_part else (part, rest + bounds)
            result: Bounds = {}
            for key, (part, rest) in parts.items():
                found = share(part, rest)
                if found is not None and self.complement:
                    found = Interval(1 - found.high, 1 - found.low)
                result[key] = found
            return result

        return at
