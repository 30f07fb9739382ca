"""The step of a panel's query and its `$__rate_interval`, as Grafana computes them.

Sources: the front end's `intervalMs` (rangeUtil.calculateInterval) and the back end's interval calculator and
Prometheus models (`pkg/tsdb/intervalv2`, `pkg/promlib/models/query.go`). All numbers are milliseconds.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from promproof.grafana.durations import milliseconds

DEFAULT_INTERVAL = 15_000
DEFAULT_SCRAPES = "15s"
"""What Grafana takes for the scrape interval of a data source without `timeInterval`, as a file would say it."""
DEFAULT_POINTS = 500
BACKEND_POINTS = 1500
RESOLUTION = 11_000
"""Prometheus gives at most so many points."""
_DAY = 86_400_000
# (the largest raw value, what it is rounded to)
_TABLE = (
    (10, 1),
    (15, 10),
    (35, 20),
    (75, 50),
    (150, 100),
    (350, 200),
    (750, 500),
    (1_500, 1_000),
    (3_500, 2_000),
    (7_500, 5_000),
    (12_500, 10_000),
    (17_500, 15_000),
    (25_000, 20_000),
    (45_000, 30_000),
    (90_000, 60_000),
    (210_000, 120_000),
    (450_000, 300_000),
    (750_000, 600_000),
    (1_050_000, 900_000),
    (1_500_000, 1_200_000),
    (2_700_000, 1_800_000),
    (5_400_000, 3_600_000),
    (9_000_000, 7_200_000),
    (16_200_000, 10_800_000),
    (32_400_000, 21_600_000),
    (_DAY, 43_200_000),
    (7 * _DAY, _DAY),
    (21 * _DAY, 7 * _DAY),
)
_BOUNDS = tuple(bound for bound, _ in _TABLE)
RATE_INTERVAL = ("$__rate_interval", "${__rate_interval}")
INTERVAL = ("$__interval", "${__interval}")
MACROS = (
    *RATE_INTERVAL,
    *INTERVAL,
    "$__rate_interval_ms",
    "${__rate_interval_ms}",
    "$__interval_ms",
    "${__interval_ms}",
)


@dataclass(frozen=True)
class Request:
    """What a browser asks for: from and to (epoch ms), and how many points fit into the panel's width."""

    begin: int
    end: int
    points: int = DEFAULT_POINTS

    @property
    def length(self) -> int:
        """The range in milliseconds."""
        return self.end - self.begin


@dataclass(frozen=True)
class Resolved:
    """Step and windows of one query (ms)."""

    interval: int
    step: int
    rate_interval: int


def rounded(raw: float) -> int:
    """The back end's rounding: the value for everything up to and including a bound of the table."""
    index = bisect_left(_BOUNDS, raw)
    if index < len(_TABLE):
        return _TABLE[index][1]
    return 30 * _DAY if raw < 2 * 365 * _DAY else 365 * _DAY


def rounded_in_browser(raw: float) -> int:
    """The front end's rounding: the same table without its bounds, and its own end: below 42 days a month."""
    for bound, value in _TABLE:
        if raw < bound:
            return value
    return 30 * _DAY if raw < 42 * _DAY else 365 * _DAY


def browser_interval(request: Request, panel_interval: str, source_interval: str) -> int:
    """`intervalMs` of the request: at least the panel's min interval, or else the data source's.

    Raises:
        ValueError: one of the texts is no duration.
    """
    written = panel_interval or source_interval
    lowest = milliseconds(written) if written else DEFAULT_INTERVAL
    return max(lowest, rounded_in_browser(request.length / max(request.points, 1)))


@lru_cache(maxsize=4096)
def resolve(
    request: Request,
    *,
    min_step: str = "",
    panel_interval: str = "",
    source_interval: str = "",
    interval_factor: int = 1,
) -> Resolved:
    """Step and rate interval of a query whose variables are replaced; macros may stand in `min_step`.

    Raises:
        ValueError: one of the texts is no duration.
    """
    interval = browser_interval(request, panel_interval, source_interval)
    return backend(
        request, interval, min_step=min_step, source_interval=source_interval, interval_factor=interval_factor
    )


def backend(
    request: Request,
    interval: int,
    *,
    min_step: str = "",
    source_interval: str = "",
    interval_factor: int = 1,
) -> Resolved:
    """What the back end makes of a request with this `intervalMs` (0: the request has none)."""
    source = milliseconds(source_interval) if source_interval else DEFAULT_INTERVAL
    given = "" if min_step in MACROS else min_step
    lowest = (milliseconds(given) if given else 0) or interval or source
    raw = request.length / (request.points or BACKEND_POINTS)
    calculated = lowest if raw < lowest else rounded(raw)
    adjusted = max(calculated, rounded(request.length / RESOLUTION))
    if min_step in RATE_INTERVAL:
        step = _rate_interval(adjusted, source)
        return Resolved(interval, step, step)
    step = adjusted * (interval_factor or 1)
    base = step if min_step in INTERVAL else (milliseconds(given) if given else 0) or source
    return Resolved(interval, step, _rate_interval(interval or 1000, base))


def _rate_interval(interval: int, scrape: int) -> int:
    return max(interval + scrape, 4 * scrape)
