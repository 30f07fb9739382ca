"""How far an alert looks back by its text, `of the last hour`, against the windows of its expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare
from promproof.promql.templates import plain, printed_values
from promproof.promql.tree import metric, operator, ranged, selectors

_LAST = re.compile(
    r"(?P<rate>\brates? )?\b(?P<of>of|over|in|during|within) the (?:last|past) "
    r"(?:(?P<count>\d+|two|three|four|five|six|ten|twelve) )?(?P<unit>(?:second|minute|hour|day|week)s?)\b",
    re.IGNORECASE,
)
_WORDS = {"": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "twelve": 12}
_RECORDED_OVER = re.compile(r":\w*?[a-z_](\d+)([smhdw])$")
_SIZES = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def wrong_windows(
    root: Any, template: str, hold: float, times: set[float], is_time: Callable[[float], bool]
) -> Iterator[str]:
    """`of the last hour`, where the rule looks at no hour, or where the value that is printed is of another time.

    times: those that the text may mean, beside what `is_time` takes for a number of the expression. A record tells its
    window by its name, or may have any.
    """
    windows = _windows(root)
    if not windows:
        return
    told = [(_said(match), _seconds(match), match) for match in _LAST.finditer(plain(template))]
    for said, seconds, match in told:
        allowed = windows if match["rate"] else times | windows
        if seconds not in allowed and not is_time(seconds):
            yield f"the text says {said}, no window of the rule is that long"
    mine = _windows(_first(root)) if printed_values(template) else None
    wrong = [said for said, seconds, match in told if match["of"] == "of" and seconds in windows - {hold}]
    if mine and mine != windows and wrong and not any(seconds in mine for _, seconds, _ in told):
        shown = ", ".join(f"{seconds:g} s" for seconds in sorted(mine))
        yield f"the text says {wrong[0]}, the value that it prints is of {shown}"


def _windows(root: Any) -> set[float] | None:
    """The windows of an expression and of its records; None where a record may have any."""
    recorded = [name for name in map(metric, selectors(root)) if ":" in name]
    over = [_RECORDED_OVER.search(name) for name in recorded]
    known = {float(found[1]) * _SIZES[found[2]] for found in over if found}
    return None if None in over else known | {window.range.total_seconds() for _, window in ranged(root)}


def _first(root: Any) -> Any:
    """The side whose value the alert has."""
    node = bare(root)
    while isinstance(node, promql.BinaryExpr) and operator(node) in ("and", "unless"):
        node = bare(node.lhs)
    return node


def _seconds(match: re.Match[str]) -> float:
    count = (match["count"] or "").lower()
    return _SIZES[match["unit"][0].lower()] * (float(count) if count.isdigit() else _WORDS[count])


def _said(match: re.Match[str]) -> str:
    return " ".join(f"the last {match['count'] or ''} {match['unit']}".split())
