"""Charts of columns over time without a truth to compare with, drawn like panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from promproof.report.drawings import Curve, Drawing
from promproof.report.page.courses import Picture
from promproof.report.page.panels import chart

_DIMENSIONS = {"/s": "events per second", "s": "seconds"}


def picture(
    title: str, unit: str, times: Sequence[float], series: Mapping[str, Sequence[float | None]]
) -> Picture:
    """A chart of columns over time (s); unit: `s`, `/s` or nothing."""
    none = tuple(None for _ in times)
    curves = [
        Curve(name, tuple(times), tuple(values), none, none)
        for name, values in series.items()
        if any(value is not None for value in values)
    ]
    drawing = Drawing(title, "", title, _DIMENSIONS.get(unit, "number"), (), tuple(curves), len(curves), ())
    drawn = chart(drawing) if curves and len(times) > 1 else Markup()
    return Picture(title, drawn, [curve.name for curve in curves])
