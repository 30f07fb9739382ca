"""Durations as Grafana reads and prints them: bare digits are seconds, macros appear in Go's own form."""

from __future__ import annotations

import re

_SIZES = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "M": 2_592_000_000,
    "y": 31_536_000_000,
}
LONGEST = 292 * _SIZES["y"]
"""Go counts a duration in nanoseconds of 64 bits."""
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhdwMy])")
_WHOLE = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|[smhdwMy]))+")


def milliseconds(text: str) -> int:
    """Milliseconds in `15s`, `1h30m`, `30` (seconds) or `<10s`, `>10s`, whose sign is dropped.

    Raises:
        ValueError: it is no duration, or longer than Go can count; d, w, M and y take whole numbers only.
    """
    stripped = text.strip().lstrip("<>").rstrip(">").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", stripped):
        return _bounded(text, float(stripped) * 1000)
    if not _WHOLE.fullmatch(stripped):
        raise ValueError(f"{text!r} is no duration such as 15s, 5m or 1h30m")
    total = 0.0
    for number, unit in _PART.findall(stripped):
        if unit in "dwMy" and "." in number:
            raise ValueError(f"{text!r}: {unit} takes whole numbers")
        total += float(number) * _SIZES[unit]
    return _bounded(text, total)


def _bounded(text: str, ms: float) -> int:
    if ms > LONGEST:
        raise ValueError(f"{text[:40]!r} is longer than 292 years")
    return round(ms)


def go_form(ms: int) -> str:
    """A duration as Go prints it: `250ms`, `2.5s`, `20s`, `1m0s`, `1h0m0s`."""
    if ms < 1000:
        return "0s" if ms == 0 else f"{ms}ms"
    hours, rest = divmod(ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def largest_unit(ms: int) -> str:
    """A duration cut to its largest whole unit, as `$__interval` has it: 90 s is `1m`, 3601 s is `1h`."""
    for unit in ("y", "d", "h", "m", "s"):
        if ms >= _SIZES[unit]:
            return f"{ms // _SIZES[unit]}{unit}"
    return f"{ms}ms"
