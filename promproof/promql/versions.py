"""What a version of Prometheus means by the same PromQL.

Prometheus 3 leaves the left edge out: a sample that is exactly as old as a window is long, or as the lookback, counted
before and counts no more (https://prometheus.io/docs/prometheus/latest/migration/).
"""

from __future__ import annotations

LEFT_OPEN_SINCE = 3


def major_of(version: str) -> int | None:
    """3 of `3.5.3+ds1`; None where a version does not begin with a number."""
    first = version.strip().removeprefix("v").partition(".")[0]
    return int(first) if first.isdecimal() else None


def is_left_open(version: str) -> bool:
    """Whether windows leave their left edge out; of a version that nobody knows it is said that they do not."""
    number = major_of(version)
    return number is not None and number >= LEFT_OPEN_SINCE
