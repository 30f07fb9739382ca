"""Durations in the syntax of Prometheus, to and from milliseconds.

A duration that is no whole number of seconds is printed in milliseconds (`2500ms`): Prometheus 2.42 refuses
`2.5s` in an expression, and every file, flag and expression takes `2500ms`.
"""

import re

_UNITS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_SYNTAX = re.compile("".join(rf"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _UNITS))

_LONGEST_MS = (2**63 - 1) // 1_000_000
_LONGEST_TEXT = 100

EXPECTED = "a duration such as 250ms, 15s, 5m or 1h30m"
SHORT = "a duration such as 300ms, 1.5s, 2m or 1h"
SHORT_PATTERN = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"
_SHORT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>ms|s|m|h)")


def parse_milliseconds(text: str) -> int:
    """Milliseconds in a duration such as `1h30m`; `0` needs no unit.

    The syntax is that of prometheus/common, model/time.go (ParseDuration): units from y to ms, each at most
    once, largest first, whole numbers; a year has 365 days.

    Raises:
        ValueError: the text is no duration, or longer than Go counts in nanoseconds.
    """
    if text == "0":
        return 0
    match = _SYNTAX.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration; expected {EXPECTED}")
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"{text[:_LONGEST_TEXT]}... is over 292 years")
    parts = match.groupdict().items()
    milliseconds = sum(int(number) * _UNITS[unit] for unit, number in parts if number is not None)
    if milliseconds > _LONGEST_MS:
        raise ValueError(f"{text!r} is over 292 years, the longest duration that Go has")
    return milliseconds


def parse_duration(text: str) -> float:
    """Seconds in a duration such as `1h30m` or `250ms`.

    Raises:
        ValueError: the text is no duration.
    """
    return parse_milliseconds(text) / 1000


def in_milliseconds(flag: str) -> str:
    """A flag with the duration that it sets in milliseconds, for comparing; any other flag as it is.

    >>> in_milliseconds("--storage.tsdb.retention.time=15d") == in_milliseconds("--storage.tsdb.retention.time=360h")
    True
    """
    name, equals, value = flag.partition("=")
    if not equals or not value or value == "0":
        return flag
    try:
        return f"{name}={parse_milliseconds(value)}ms"
    except ValueError:
        return flag


def parse_short(text: object) -> float:
    """Seconds in what people write in a scenario: one number, of which a part may be a fraction, and one unit.

    Raises:
        ValueError: saying what is expected.
    """
    if not isinstance(text, str) or not (match := _SHORT.fullmatch(text)):
        raise ValueError(f"expected {SHORT}")
    return float(match["number"]) * _UNITS[match["unit"]] / 1000


def format_milliseconds(milliseconds: int) -> str:
    """The shortest usual spelling: `1h30m`, `7d`; in milliseconds when it is no whole number of seconds.

    Weeks and years appear only when nothing is left over, as Prometheus prints them.

    Raises:
        ValueError: the number is negative.
    """
    if milliseconds < 0:
        raise ValueError(f"{milliseconds} ms: a duration is not negative")
    if milliseconds == 0:
        return "0s"
    if milliseconds % _UNITS["s"]:
        return f"{milliseconds}ms"
    for unit in ("y", "w"):
        if milliseconds % _UNITS[unit] == 0:
            return f"{milliseconds // _UNITS[unit]}{unit}"
    parts = []
    for unit in ("d", "h", "m", "s"):
        number, milliseconds = divmod(milliseconds, _UNITS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)


def format_duration(seconds: float) -> str:
    """The spelling of a number of seconds, rounded to whole milliseconds."""
    return format_milliseconds(round(seconds * 1000))
