"""The windows of a query with macros: parsed once with placeholders, then put right for every zoom and time scale.

A placeholder is a duration that nobody writes, so that the syntax tree tells which window came from which macro. In
a run with a time scale the fixed durations are scaled and those of macros are not: they already follow the scaled
range and the scaled interval of the data source.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

import promql_parser as promql

from promproof.config.promql_durations import rewrite_durations, windows
from promproof.config.timescale import TimeScale
from promproof.grafana.expand import expand, macros
from promproof.grafana.steps import Request, Resolved

_PLACEHOLDERS = {"__rate_interval": 31_415_927, "__interval": 27_182_819, "__range": 16_180_341}
_NUMBER = 57_721_566
"""The first of the numbers that stand for the macros which are numbers."""
_NAMES = {ms: name for name, ms in _PLACEHOLDERS.items()}
# `${__range_s}s` and `${__interval_ms}ms` are the durations themselves.
_WRITTEN_OUT = re.compile(
    r"\$\{?(?:(?P<range>__range)_s\}?s|(?P<ms>__range|__interval|__rate_interval)_ms\}?ms)(?![a-z])"
)


def shortest(text: str, request: Request, resolved: Resolved) -> int | None:
    """The shortest window (ms) of a query at one zoom; None when it has none.

    Raises:
        ValueError: it does not parse.
    """
    lengths = _lengths(request, resolved)
    return min((lengths.get(shape, shape) for shape in _shapes(text)), default=None)


@lru_cache(maxsize=65536)
def _shapes(text: str) -> tuple[int, ...]:
    return windows(_with_placeholders(text))


def executed(text: str, request: Request, resolved: Resolved, scale: TimeScale) -> str:
    """The query as a run sends it: at scale 1 exactly as Grafana would, else with its fixed durations scaled.

    Raises:
        ValueError: it does not parse (scaled runs only).
        InputError: a duration cannot be scaled.
    """
    if scale.is_identity:
        return expand(text, macros(request, resolved))
    lengths = _lengths(request, resolved)
    numbers = {key: value for key, value in macros(request, resolved).items() if key.endswith(("_ms", "_s"))}
    placed = _with_placeholders(text, numbers)

    def change(ms: int) -> int:
        return lengths[ms] if ms in lengths else scale.milliseconds(ms)

    return rewrite_durations(placed, change)


def scaled(text: str, scale: TimeScale) -> str:
    """The query with its fixed durations scaled and its macros as they were.

    Raises:
        ValueError: it does not parse.
        InputError: a duration cannot be scaled.
    """
    units = [f"{name}_{unit}" for name in _PLACEHOLDERS for unit in ("ms", "s")]
    numbers = {name: str(_NUMBER + index) for index, name in enumerate(units)}
    placed = _with_placeholders(text, numbers)
    result = rewrite_durations(placed, lambda ms: ms if ms in _NAMES else scale.milliseconds(ms))
    if result == rewrite_durations(placed, lambda ms: ms):
        return text
    for ms, name in _NAMES.items():
        result = result.replace(promql.display_duration(timedelta(milliseconds=ms)), f"${{{name}}}")
    for name, number in numbers.items():
        result = result.replace(number, f"${{{name}}}")
    return result


def _with_placeholders(text: str, numbers: dict[str, str] | None = None) -> str:
    text = _WRITTEN_OUT.sub(lambda match: f"${{{match['range'] or match['ms']}}}", text)
    if numbers is None:
        numbers = {f"{name}_{unit}": "60" for name in _PLACEHOLDERS for unit in ("ms", "s")}
    durations = {name: f"{ms}ms" for name, ms in _PLACEHOLDERS.items()}
    return expand(text, {**numbers, **durations})


def _lengths(request: Request, resolved: Resolved) -> dict[int, int]:
    """Milliseconds by placeholder."""
    values = {
        "__rate_interval": resolved.rate_interval,
        "__interval": resolved.step,
        "__range": max(round(request.length / 1000), 1) * 1000 if request.length >= 1000 else request.length,
    }
    return {ms: values[name] for ms, name in _NAMES.items()}
