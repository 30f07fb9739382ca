"""Numbers with their units as people write them: `5 %`, `15s`, `1.5 s`, `10,000`, `five`, `5 minutes`, `8GB`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from promproof.config.durations import parse_duration

_UNITS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("%", "percent"), ("0.01", "ratio")),
    **dict.fromkeys(("ms", "milliseconds", "millisecond"), ("0.001", "seconds")),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), ("1", "seconds")),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), ("60", "seconds")),
    **dict.fromkeys(("hour", "hours"), ("3600", "seconds")),
    **dict.fromkeys(("day", "days"), ("86400", "seconds")),
    **dict.fromkeys(("week", "weeks"), ("604800", "seconds")),
    "kB": ("1000", "bytes"),
    "MB": ("1000000", "bytes"),
    "GB": ("1000000000", "bytes"),
    "MiB": ("1048576", "bytes"),
    "GiB": ("1073741824", "bytes"),
    **dict.fromkeys(("core", "cores"), ("1", "cores")),
    "USD": ("1", "USD"),
}
_SMALL = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_WORDS = {word: str(number) for number, word in enumerate(_SMALL)} | {"hundred": "100", "thousand": "1000"}
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_COMPOUND = r"\d+(?:y|w|d|h|m|ms|s)(?:\d+(?:w|d|h|m|ms|s))*"
QUANTITY = rf"(?:{_COMPOUND}(?![\w%])|(?:{_NUMBER})(?:[ \u00a0\u202f\n-]?(?:{_UNIT})(?![\w]))?)"
"""A number with its unit, if it has one."""
NUMBER_WORD = "|".join(_WORDS)
_PLACE = re.compile(rf"(?<![\w./:{{\[_-]){QUANTITY}(?![\w/:_\]]|\.\d|,\d)")


@dataclass(frozen=True)
class Amount:
    """A number in base units: `ratio`, `seconds`, `bytes`, `cores`, `USD`; a plain number has none."""

    value: Decimal
    unit: str = ""


def amount(text: str) -> Amount | None:
    """What a text says as a number; None where it is none."""
    plain = " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split()).strip("`*")
    if plain.lower() in _WORDS:
        return Amount(Decimal(_WORDS[plain.lower()]))
    found = re.fullmatch(rf"({_NUMBER})[ -]?({_UNIT})?", plain)
    if found is None:
        try:
            return Amount(Decimal(str(parse_duration(plain.replace(" ", "")))), "seconds")
        except ValueError:
            return None
    factor, unit = _UNITS[found[2]] if found[2] else ("1", "")
    try:
        return Amount(Decimal(found[1].replace(",", "")) * Decimal(factor), unit)
    except InvalidOperation:
        return None


def same(one: str, other: str) -> bool:
    """Whether two texts say the same: as numbers where both are, else letter by letter."""
    left, right = amount(one), amount(other)
    if left is not None and right is not None:
        return left == right
    return plain(one) == plain(other)


def plain(text: str) -> str:
    """A text without markup and space around it."""
    return " ".join(re.sub(r"[`*<>\"]", "", text).split()).rstrip(".,;:")


def amounts(text: str) -> Iterator[tuple[int, str]]:
    """Where numbers stand in a text, and each as it is written."""
    for found in _PLACE.finditer(text):
        yield found.start(), found[0]
