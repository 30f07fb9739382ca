"""Alertmanager's time intervals as the minutes of a week, where they are the same every week.

Source: alertmanager/timeinterval/timeinterval.go. A week is a whole number whose bits are its minutes, Sunday 00:00
first, as Go counts weekdays. An entry that names months, years or days of the month holds in some weeks only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from promproof.findings.part import Part

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAY = 24 * 60
WEEK = 7 * _DAY
FULL = (1 << WEEK) - 1
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TIME = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


@dataclass(frozen=True)
class WeekTimes:
    """surely: minutes of every week in which it holds; perhaps: those in which it holds in some week."""

    surely: int = 0
    perhaps: int = 0
    places: frozenset[str] = frozenset()
    """The time zones that its times are of."""

    def __or__(self, other: WeekTimes) -> WeekTimes:
        return WeekTimes(self.surely | other.surely, self.perhaps | other.perhaps, self.places | other.places)


def weektimes(interval: Part) -> WeekTimes | None:
    """The times of a named interval; None when one of them can't be read."""
    found = WeekTimes()
    for entry in interval.items("time_intervals"):
        if any(True for _ in mistakes(entry)):
            return None
        minutes = _days(entry) & _times(entry) if _has_a_day(entry) else 0
        is_weekly = not any(entry.data.get(key) is not None for key in ("days_of_month", "months", "years"))
        place = frozenset({entry.text("location", "UTC")}) if minutes != FULL else frozenset()
        found |= WeekTimes(minutes if is_weekly else 0, minutes, place)
    return found


def mistakes(entry: Part) -> Iterator[tuple[str, str]]:
    """What Alertmanager refuses of an entry: the key, and why."""
    for text in entry.words("weekdays"):
        days = [day.strip().lower() for day in text.split(":")]
        if len(days) > 2 or not set(days) <= set(DAYS):
            yield "weekdays", f"{text!r} is no weekday, and no range of two"
        elif DAYS.index(days[0]) > DAYS.index(days[-1]):
            yield "weekdays", f"{text!r} goes over the end of the week, which begins with Sunday"
    for span in entry.items("times"):
        start, end = (span.text(key) for key in ("start_time", "end_time"))
        if not (_TIME.fullmatch(start) and _TIME.fullmatch(end)):
            yield "times", f"{start or 'nothing'} to {end or 'nothing'}: times are 00:00 to 24:00"
        elif start >= end:
            yield "times", f"{start} to {end} goes over midnight"


def _has_a_day(entry: Part) -> bool:
    """Whether one of its days of the month is in one of its months: the 30th of February is none."""
    months = {month for text in entry.words("months") for month in _months(text)}
    lengths = [_LENGTHS[month - 1] for month in months if 1 <= month <= len(_LENGTHS)] or [31]
    begins = [text.partition(":")[0].strip() for text in entry.words("days_of_month")]
    numbers = [int(begin) for begin in begins if begin.lstrip("-").isdecimal()]
    return not numbers or len(numbers) < len(begins) or min(numbers) <= max(lengths)


def _months(text: str) -> range:
    """The months of a range of names or numbers; all of one that can't be read."""
    ends = [_month(word.strip().lower()) for word in text.split(":")]
    return range(ends[0], ends[-1] + 1) if all(ends) else range(1, 13)


def _month(word: str) -> int:
    return int(word) if word.isdecimal() else _MONTHS.index(word) + 1 if word in _MONTHS else 0


def last_year(interval: Part) -> int | None:
    """The last year in which a named interval holds; None when it has no end, or can't be read."""
    found: list[int] = []
    for entry in interval.items("time_intervals"):
        years = [year for text in entry.words("years") for year in text.split(":")]
        if not years or not all(year.strip().isdecimal() for year in years):
            return None
        found += map(int, years)
    return max(found, default=None)


def longest(minutes: int) -> tuple[int, int]:
    """The longest stretch of minutes, over the end of the week too: its start, and its length."""
    if minutes == FULL:
        return 0, WEEK
    best = start = length = 0
    for minute in range(2 * WEEK):
        if minutes >> (minute % WEEK) & 1:
            length += 1
            if length > best:
                best, start = length, (minute - length + 1) % WEEK
        else:
            length = 0
    return start, best


def covers_a_night(minutes: int) -> bool:
    """Whether midnight to five of any day is all in it."""
    night = (1 << 300) - 1
    return any(minutes >> (day * _DAY) & night == night for day in range(7))


def moment(minute: int) -> str:
    """A minute of the week as people write it."""
    day, rest = divmod(minute % WEEK, _DAY)
    return f"{DAYS[day].capitalize()} {rest // 60:02d}:{rest % 60:02d}"


def _days(entry: Part) -> int:
    if entry.data.get("weekdays") is None:
        return FULL
    found = 0
    for text in entry.words("weekdays"):
        days = [DAYS.index(day.strip().lower()) for day in text.split(":")]
        found |= _span((day * _DAY, (day + 1) * _DAY) for day in range(days[0], days[-1] + 1))
    return found


def _times(entry: Part) -> int:
    if entry.data.get("times") is None:
        return FULL
    spans = [
        (_minute(span.text("start_time")), _minute(span.text("end_time"))) for span in entry.items("times")
    ]
    return _span((day * _DAY + start, day * _DAY + end) for day in range(7) for start, end in spans)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _span(spans: Iterable[tuple[int, int]]) -> int:
    found = 0
    for start, end in spans:
        found |= (1 << end) - (1 << start)
    return found
