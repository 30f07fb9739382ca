"""Numbers with their units as people write them: `5 %`, `15s`, `1.5 s`, `10,000`, `five`, `5 minutes`, `8GB`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from promproof.config.durations import parse_duration

_TIMES: dict[str, tuple[str, ...]] = {
    "0.001": ("ms", "milliseconds", "millisecond"),
    "1": ("s", "sec", "secs", "second", "seconds", "Sek", "Sekunde", "Sekunden", "seconde", "secondes"),
    "60": ("m", "min", "mins", "minute", "minutes", "Minuten"),
    "3600": ("h", "hr", "hrs", "hour", "hours", "Std", "Stunde", "Stunden", "heure", "heures"),
    "86400": ("d", "day", "days", "Tag", "Tage", "Tagen", "jour", "jours"),
    "604800": ("w", "week", "weeks", "Woche", "Wochen", "semaine", "semaines"),
}
_BYTES = ("k", "M", "G", "T")
_UNITS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("%", "percent"), ("0.01", "ratio")),
    **{word: (factor, "seconds") for factor, words in _TIMES.items() for word in words},
    **{f"{letter}B": (str(1000**power), "bytes") for power, letter in enumerate(_BYTES, start=1)},
    **{
        f"{letter.upper()}{end}": (str(1024**power), "bytes")
        for power, letter in enumerate(_BYTES, start=1)
        for end in ("iB", "i")
    },
    **dict.fromkeys(("byte", "bytes"), ("1", "bytes")),
    **dict.fromkeys(("core", "cores"), ("1", "cores")),
    "USD": ("1", "USD"),
}
_SPOKEN = {unit.lower(): unit for unit in _UNITS if len(unit) > 1}
"""Units as people write them who do not mind capitals: `15 Seconds`."""
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
    first, _, rest = plain.partition(" ")
    if first.lower() in _WORDS:
        plain = f"{_WORDS[first.lower()]} {rest}".strip()
    found = re.fullmatch(rf"({_NUMBER})[ -]?({_UNIT}|[A-Za-z]{{2,}})?\.?", plain)
    if found is not None and found[2] and found[2] not in _UNITS and found[2].lower() not in _SPOKEN:
        found = None
    if found is None:
        try:
            return Amount(Decimal(str(parse_duration(plain.replace(" ", "")))), "seconds")
        except ValueError:
            return None
    word = found[2] or ""
    factor, unit = _UNITS[word if word in _UNITS else _SPOKEN[word.lower()]] if word else ("1", "")
    try:
        return Amount(Decimal(found[1].replace(",", "")) * Decimal(factor), unit)
    except InvalidOperation:
        return None


def same(one: str, other: str) -> bool:
    """Whether two texts say the same: as numbers where both are, else letter by letter."""
    left, right = amount(one), amount(other)
    if left is not None and right is not None:
        return left == right or _is_same_size(left, right)
    return plain(one) == plain(other)


def _is_same_size(one: Amount, other: Amount) -> bool:
    """Whether two sizes differ only as 8 GB, which Prometheus counts in powers of 1024, and 8 GiB do."""
    small, large = sorted((one.value, other.value))
    return one.unit == other.unit == "bytes" and any(
        small * 1024**power == large * 1000**power for power in range(1, len(_BYTES) + 1)
    )


def plain(text: str) -> str:
    """A text without markup and space around it."""
    return " ".join(re.sub(r"[`*<>\"]", "", text).split()).rstrip(".,;:")


def amounts(text: str) -> Iterator[tuple[int, str]]:
    """Where numbers stand in a text, and each as it is written."""
    for found in _PLACE.finditer(text):
        yield found.start(), found[0]
