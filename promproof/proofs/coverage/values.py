"""How long an input series of a test lives: promtool's notation of values (promql/parser/lex.go)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"(?:0x[0-9a-f]+|[0-9.]+(?:e[-+]?[0-9]+)?|inf|nan)"
_ITEM = re.compile(
    rf"\{{\{{.*?\}}\}}(?:[-+]\{{\{{.*?\}}\}})?(?:x(?P<histograms>[0-9]+))?|_(?:x(?P<gaps>[0-9]+))?|(?P<stale>stale)"
    rf"|[-+]?{_NUMBER}(?:[-+]{_NUMBER})?(?:x(?P<times>[0-9]+))?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Lifetime:
    """The index of a series' last sample, None without one; ended_on_purpose: by `stale`, or by samples missed."""

    last: int | None
    ended_on_purpose: bool = False


def lifetime(values: str) -> Lifetime | None:
    """Read the values of an input series; None for a notation that is not known here."""
    position, last, purpose = 0, None, False
    for word in _words(values):
        match = _ITEM.fullmatch(word)
        if match is None:
            return None
        if word.startswith("_"):
            position += int(match["gaps"] or 1)
            purpose = True
        elif match["stale"]:
            position += 1
            purpose = True
        else:
            # `1+2x3` and `1x3` are four samples.
            times = match["times"] or match["histograms"]
            position += int(times) + 1 if times is not None else 1
            last, purpose = position - 1, False
    return Lifetime(last, purpose)


def _words(values: str) -> list[str]:
    """Items, split at white space outside of histograms."""
    return re.findall(r"(?:\{\{.*?\}\}|\S)+", values, re.DOTALL)
