"""The looks at all panels for which their queries are asked."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, COARSE = 1000, 20
"""pixels"""


@dataclass(frozen=True)
class Zoom:
    """One look at all panels: how long before the end it begins (seconds), and the panel's width in pixels."""

    name: str
    seconds: float
    width: int = WIDTH


def zooms(begin: float, end: float) -> tuple[Zoom, ...]:
    """The looks of a run from `begin` to `end`: all of it wide and narrow, its last third, all of it in a few points.

    The last one has the long steps and windows of a look at days.
    """
    length = end - begin
    return (
        Zoom("whole", length),
        Zoom("narrow", length, 300),
        Zoom("last third", length / 3, 600),
        Zoom("coarse", length, COARSE),
    )
