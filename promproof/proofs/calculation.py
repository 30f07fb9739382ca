"""The arithmetic of PromQL: operators, comparisons, functions of a number, and the calendar."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

FAR = 4.0
"""The miss of what fails by its kind, and not by a distance."""


def distance(op: str, a: float, b: float) -> float:
    """How far a comparison is from holding: 0 when it holds."""
    if HOLDS[op](a, b):
        return 0.0
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return FAR
    return 0.5 if op == "!=" else 0.01 + abs(a - b) / (abs(a) + abs(b) + 1e-12)


def safe(function: Callable[..., float], *values: float) -> float:
    try:
        return float(function(*values))
    except ZeroDivisionError:
        return math.nan
    except (OverflowError, ValueError):
        return math.nan


def _divide(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)


def date(name: str, value: float) -> float:
    try:
        return float(DATES[name](datetime.fromtimestamp(value, UTC)))
    except (ValueError, OverflowError, OSError):
        return math.nan


def _days(moment: datetime) -> int:
    following = moment.replace(day=28).timestamp() + 4 * 86400
    first = datetime.fromtimestamp(following, UTC).replace(day=1)
    return datetime.fromtimestamp(first.timestamp() - 86400, UTC).day


DATES: Mapping[str, Callable[[datetime], int]] = {
    "hour": lambda m: m.hour,
    "minute": lambda m: m.minute,
    "month": lambda m: m.month,
    "year": lambda m: m.year,
    "day_of_month": lambda m: m.day,
    "day_of_week": lambda m: (m.weekday() + 1) % 7,
    "day_of_year": lambda m: m.timetuple().tm_yday,
    "days_in_month": _days,
}
HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": math.fmod,
    "^": math.pow,
    "atan2": math.atan2,
}
NUMERIC: Mapping[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "exp": math.exp,
    "ln": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "sgn": lambda v: (v > 0) - (v < 0),
    "round": lambda v, to=1.0: math.floor(v / to + 0.5) * to,
    "clamp": lambda v, low, high: max(low, min(high, v)),
    "clamp_min": max,
    "clamp_max": min,
}
