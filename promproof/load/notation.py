"""Rates and shares as people write them: `130/s`, `30/m`, `0.5%`; durations are in promproof.config.durations."""

from __future__ import annotations

import re

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
RATE_PATTERN = r"^[0-9]+(\.[0-9]+)?/(s|m|h)$"
_RATE = re.compile(RATE_PATTERN)
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")
SHARE_PATTERN = r"^[0-9]+(\.[0-9]+)?%$"
SHARE = "a percentage such as 1% or 0.5%"
RATE = "a rate above 0 such as 130/s or 30/m"


def parse_rate(text: object) -> float:
    """Arrivals per second, above 0. Raises ValueError saying what is expected."""
    if rate := parse_edge_rate(text):
        return rate
    raise ValueError(f"expected {RATE}")


def parse_edge_rate(text: object) -> float:
    """Arrivals per second at one end of a ramp, which may be 0. Raises ValueError saying what is expected."""
    if not isinstance(text, str) or not _RATE.fullmatch(text):
        raise ValueError(f"expected {RATE}")
    number, unit = text.split("/")
    return float(number) / _SECONDS[unit]


def parse_share(text: object) -> float:
    """A share of 1 from a percentage such as `0.5%`. Raises ValueError saying what is expected."""
    if not isinstance(text, str) or not (match := _SHARE.fullmatch(text)) or float(match[1]) > 100:
        raise ValueError(f"expected {SHARE}")
    return float(match[1]) / 100
