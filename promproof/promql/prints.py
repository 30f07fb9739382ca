"""How the texts of an alert print its value and name its threshold, against what the expression computes.

Only units that the way of computing or the metric's name fixes are compared, and a number of a text only where it can
be no conversion of a number of the expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.promql.looked import wrong_windows
from promproof.promql.phrases import contradictions, horizons
from promproof.promql.printf import rounded_away
from promproof.promql.shares import PERCENT, RATIO, share
from promproof.promql.templates import Action, plain, printed_values
from promproof.promql.tree import (
    compares,
    fits,
    matchers,
    metric,
    name,
    number,
    operator,
    ranged,
    selectors,
)
from promproof.promql.values import comparison, unit

_PERCENT_SIGN = re.compile(r"\s?(?:%|percent\b)")
_MILLISECONDS = re.compile(r"\s?(?:ms|milliseconds)\b")
_SECONDS = re.compile(r"\s?(?:s|secs?|seconds)\b")
_BYTES = re.compile(r"\s?(?:i?B|bytes)\b")
_STATUS = re.compile(r"\b([45])xx\b", re.IGNORECASE)
_OF_STATUS = re.compile(r"status|code|class", re.IGNORECASE)
_ERRORS = {"4", "5"}
_DIVIDED = re.compile(r"\bdiv\b|/")
_MULTIPLIED = re.compile(r"\bmul\b|\*")
_LARGE_BYTES = re.compile(r"\s?[KMGT]i?B\b")
_PER_LONGER = re.compile(
    r"(?:\s?[\w$]+)?(?:/|\s(?:per|an?|each|every)\s)(?:hours?|h|minutes?|min|m|days?)\b", re.IGNORECASE
)
_PER_SECOND = re.compile(r"(?:\s?[\w$]+)?(?:/|\sper\s)(?:seconds?|sec|s)\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:\s[a-z]+){0,2}\s[a-z]+s\s(?:in|over|during|within)\s(?:the\s)?(?:last|past)\b", re.IGNORECASE
)
"""`3 errors in the last 5 minutes`."""
_PIPED = re.compile(r"\b(humanize\w*)\b")
_MORE = r"(?:above|over|more than|greater than|exceed(?:s|ed|ing)?|higher than)"
_LESS = r"(?:below|under|less than|lower than|fewer than)"
_LIMIT = re.compile(rf"\b({_MORE}|{_LESS})\s+(\d+(?:\.\d+)?)\s?(%|percent\b)", re.IGNORECASE)
_SIGNED = re.compile(r"(?<![-=<>])([<>]=?)\s?(\d+(?:\.\d+)?)\s?(?:%|percent\b)")
_SLOWER = re.compile(
    rf"\b(slower than|longer than|{_MORE}|{_LESS})\s+(\d+(?:\.\d+)?)\s?"
    r"(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b(?!\s*/)",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"\bfor\s+(?:more than |over |at least |longer than )?(?:the (?:last|past) )?(\d+)\s?"
    r"(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"\b(?:\d{1,2}(?:\.\d+)?(?:st|nd|rd|th)(?:,? and |,? or |, |/)(?=\d))+"
    r"(?=\d{1,2}(?:\.\d+)?(?:st|nd|rd|th)[ -]percentile)"
)
"""`50th, 95th and ` before `99th percentile`."""
_ORDINAL = re.compile(r"\d{1,2}(?:\.\d+)?(?=st|nd|rd|th)")
_PERCENTILE = re.compile(
    r"\b(\d{1,2}(?:\.\d+)?)(?:st|nd|rd|th)[ -]percentile|\b[Pp](50|75|9\d{1,3})\b|\b([Mm]edian)\b"
)
"""`95th percentile`, `p95`, `P999`, `median`."""
_QUANTILES = ("histogram_quantile", "quantile_over_time")
_OTHER_UNIT = re.compile(
    r"second|time(?:_|$)|cpu|duration|bytes|_ms_|usage|util|(?<![a-z])ratio|percent|energy|joule|credit"
)
_OF_SERIES = ("sum", "avg", "min", "max", "topk", "bottomk")
_LONGER = {60.0: "minutes", 3600.0: "hours", 86400.0: "days"}
_JUST_OVER = 1.000001
_SECONDS_OF = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_POWERS = tuple(10.0**exponent for exponent in range(-9, 10))


@dataclass(frozen=True)
class Misprint:
    """What a text says wrongly, and what it should."""

    message: str
    todo: str


def misprints(root: Any, template: str) -> Iterator[Misprint]:
    """Values that are printed with a unit that they do not have."""
    scale, found, longer = _scale(root), unit(root) or _age(root), _longer(root)
    for action in printed_values(template):
        piped = _PIPED.findall(action.bare)
        yield from _of_share(action, piped, scale)
        yield from _of_rate(action, piped, root)
        if said := rounded_away(action.body, _least(root)):
            yield Misprint(
                f"{{{{ {action.body} }}}} prints {said} when it begins to fire", "write %.2g, or humanize"
            )
        if found in ("seconds", "milliseconds", "bytes") and "humanizePercentage" in piped:
            yield Misprint(f"{{{{ {action.body} }}}} prints {found} as a percentage", "use humanize")
        if "humanizeDuration" in piped and (scale or found == "bytes"):
            yield Misprint(
                f"{{{{ {action.body} }}}} prints a {scale or 'size'} as a duration", "use another function"
            )
        if found == "milliseconds" and piped == ["humanizeDuration"] and not _DIVIDED.search(action.bare):
            said = f"the value is in milliseconds, and {{{{ {action.body} }}}} takes it for seconds"
            yield Misprint(said, "divide by 1000 in the expression")
        if longer and piped == ["humanizeDuration"] and not _MULTIPLIED.search(action.bare):
            said = f"the value is in {longer}, and {{{{ {action.body} }}}} takes it for seconds"
            yield Misprint(said, "leave out the division in the expression")
        if found.endswith("seconds") and "humanize1024" in piped:
            said = f"the value is in {found}, and humanize1024 counts in steps of 1024, as bytes are"
            yield Misprint(said, "use humanizeDuration")
        elif found.endswith("seconds") and piped and _BYTES.match(action.behind):
            yield Misprint(f"the value is in {found}, and the text calls it bytes", "use humanizeDuration")
        if "humanizeDuration" in piped and _SECONDS.match(action.behind):
            yield Misprint(
                f"{{{{ {action.body} }}}} prints its unit, and the text adds another", "leave it out"
            )
        is_plain = piped in ([], ["humanize"]) and not _MULTIPLIED.search(action.bare)
        if found == "seconds" and is_plain and _MILLISECONDS.match(action.behind):
            yield Misprint("the value is in seconds and printed as milliseconds", "use humanizeDuration")
        if found == "bytes" and not piped and _LARGE_BYTES.match(action.behind):
            yield Misprint(f"the value is in bytes and printed in{action.behind[:4]}", "use humanize1024")


def _of_share(action: Action, piped: list[str], scale: str) -> Iterator[Misprint]:
    is_followed = _PERCENT_SIGN.match(action.behind)
    if "humanizePercentage" in piped:
        if scale == PERCENT:
            yield Misprint(
                f"the value is a percentage already, and {{{{ {action.body} }}}} multiplies it by 100",
                "use humanize and a % behind it, or leave out the factor in the expression",
            )
        elif is_followed:
            yield Misprint(
                "humanizePercentage prints a %, and the text adds another", "leave out the % behind it"
            )
    elif is_followed and scale == RATIO:
        yield Misprint(
            "the value is a share from 0 to 1, and the text puts a % behind it: 5 % reads 0.05%",
            "write {{ $value | humanizePercentage }}",
        )


def _of_rate(action: Action, piped: list[str], root: Any) -> Iterator[Misprint]:
    function, counted = rated(root)
    if function == "rate" and _PER_LONGER.match(action.behind):
        said = action.behind.strip().split(".")[0][:20]
        yield Misprint(
            f"the value is a rate per second, and the text calls it {said!r}", "multiply, or say per second"
        )
    elif function == "rate" and _COUNTED.match(action.behind):
        said = "the value is a rate per second, and the text says how many they were"
        yield Misprint(said, "use increase(), or say per second")
    elif function == "increase" and _PER_SECOND.match(action.behind):
        yield Misprint(
            "the value is what came in the whole window, and the text says per second", "use rate()"
        )
    elif not function and counted.endswith("_total") and _COUNTED.match(action.behind):
        said = "the value is the level of a counter, and the text says how many came in a time"
        yield Misprint(said, "use increase()")
    elif function == "rate" and "humanizePercentage" in piped and counts_events(counted):
        yield Misprint(
            "the value is events per second, printed as a percentage", "divide by the rate of all events"
        )


def _least(root: Any) -> float:
    """About the least value at which an alert fires that looks for more than a number; of events, one in the window."""
    compared = _comparison(root)
    if compared is None or compared[1] not in (">", ">="):
        return 0.0
    windows = {window.range.total_seconds() for _, window in ranged(compared[0])}
    is_counted = rated(root)[0] == "rate" and len(windows) == 1
    return compared[2] * _JUST_OVER or (1 / windows.pop() if is_counted else 0.0)


def _age(root: Any) -> str:
    """seconds when the value is a time since or until a moment: what is compared with `time()` is in them."""
    node = _value(root)
    if isinstance(node, promql.BinaryExpr) and operator(node) == "-":
        return "seconds" if "time" in (name(bare(node.lhs)), name(bare(node.rhs))) else ""
    return ""


def _longer(root: Any) -> str:
    """days, hours or minutes when the value is seconds divided by so many."""
    node, size = _value(root), 1.0
    while isinstance(node, promql.BinaryExpr) and operator(node) == "/" and number(node.rhs):
        size *= number(node.rhs) or 1.0
        node = bare(node.lhs)
    return _LONGER.get(size, "") if unit(node) == "seconds" or _age(node) else ""


def _value(root: Any) -> Any:
    """What is compared, or the whole where nothing is."""
    compared = _comparison(root)
    return bare(compared[0]) if compared else bare(root)


def rated(root: Any) -> tuple[str, str]:
    """rate or increase, and the metric, when the value is that or a sum of it.

    For a metric alone the function is empty; both are when anything else is done with it.
    """
    compared = _comparison(root)
    node = bare(compared[0]) if compared else bare(root)
    while isinstance(node, promql.AggregateExpr) and operator(node) in _OF_SERIES:
        node = bare(node.expr)
    if isinstance(node, promql.VectorSelector):
        return "", metric(node)
    inner = bare(node.args[0]) if name(node) in ("rate", "irate", "increase") else None
    if not isinstance(inner, promql.MatrixSelector):
        return "", ""
    return ("increase" if name(node) == "increase" else "rate"), metric(inner.vector_selector)


def counts_events(metric_name: str) -> bool:
    """Whether a counter counts single events, and no seconds or bytes: its rate is no share of anything."""
    return metric_name.endswith("_total") and not _OTHER_UNIT.search(metric_name)


def _scale(root: Any) -> str:
    """The share of the value; a quotient whose threshold is over 1 may be something else."""
    scale, compared = share(root), _comparison(root)
    if scale == RATIO and compared and compared[2] > 1:
        return ""
    return scale


def _comparison(root: Any) -> tuple[Any, str, float] | None:
    node = bare(root)
    while isinstance(node, promql.BinaryExpr) and str(node.op) in ("and", "unless"):
        node = bare(node.lhs)
    return comparison(node)


def wrong_numbers(root: Any, templates: Iterable[str], hold: float, interval: float) -> Iterator[Misprint]:
    """Percentages and durations of the texts that are none of the rule's: 80 % where it compares with 90."""
    limit = threshold(root)
    numbers = {abs(float(node.val)) for node in walk(root) if isinstance(node, promql.NumberLiteral)}
    windows = {window.range.total_seconds() for _, window in ranged(root)}
    times = {hold, interval, *windows, *(window + hold for window in windows)}
    behind = numbers - horizons(root)
    compared = _comparison(root)
    is_state = compared is not None and (compared[1] in ("==", "!=") or abs(compared[2]) == 1)
    for template in templates:
        text = plain(template)
        yield from (Misprint(said, _AGREE) for said in contradictions(root, template))
        if "budget" in text:  # a burn rate says more than its threshold does
            continue
        for word, percents, _ in _LIMIT.findall(text) if limit and not is_state else ():
            if not _is_from(float(percents), numbers):
                yield Misprint(f"the text says {word} {percents}%, the rule compares with {limit:g}", _AGREE)
        signed = _SIGNED.findall(text) if limit and not is_state else []  # two may be those of two steps
        if signed and not any(_is_from(float(percents), numbers) for _, percents in signed):
            said = f"the text says {signed[0][0]} {signed[0][1]}%, the rule compares with {limit:g}"
            yield Misprint(said, _AGREE)
        if limit and unit(root) == "seconds":
            yield from _of_seconds(text, limit, times, numbers)
        yield from _of_quantiles(root, text)
        yield from _of_statuses(root, text)
        if not (rated(root)[0] == "rate" and _COUNTED.search(text)):  # a count: that is told of its threshold
            wrong = wrong_windows(root, template, hold, times, lambda seconds: _is_time(seconds, behind))
            yield from (Misprint(said, _AGREE) for said in wrong)
        for count, letter in _DURATION.findall(text) if hold else ():
            seconds = float(count) * _SECONDS_OF[letter[0].lower()]
            if seconds not in times and not _is_time(seconds, numbers):
                said = f"the text says for {count} {letter}, no time of the rule is that long"
                yield Misprint(said, _AGREE)


def _of_statuses(root: Any, text: str) -> Iterator[Misprint]:
    """A class of errors in the text, 4xx say, where the rule selects the other one alone."""
    said = {found[0] for found in _STATUS.findall(text)}
    matched = [
        (sign, value)
        for selector in selectors(root)
        for label, sign, value in matchers(selector)
        if _OF_STATUS.search(label)
    ]
    if not said or any(sign not in ("=", "=~") for sign, _ in matched):
        return
    codes = {letter: (f"{letter}xx", *(f"{letter}{end:02}" for end in range(100))) for letter in "12345"}
    selected = {
        letter
        for letter, written in codes.items()
        for sign, value in matched
        if any(fits(code, sign, value) for code in written)
    }
    if selected and selected <= _ERRORS and said <= _ERRORS and not said & selected:
        asked = " and ".join(f"{letter}xx" for letter in sorted(selected))
        yield Misprint(f"the text says {min(said)}xx, the rule selects {asked}", _AGREE)


def percentiles(text: str) -> list[float]:
    """The percentiles that a text names: 99.9 for `p999`."""
    listed = [float(number) for found in _LISTED.finditer(text) for number in _ORDINAL.findall(found[0])]
    return listed + [
        50.0 if median else float(ordinal) if ordinal else float(short) / 10 ** (len(short) - 2)
        for ordinal, short, median in _PERCENTILE.findall(text)
    ]


def _of_quantiles(root: Any, text: str) -> Iterator[Misprint]:
    """A percentile of the text where the expression computes others; none where a record may hide one."""
    computed = [node.args[0] for node in walk(root) if name(node) in _QUANTILES]
    computed += [
        node.param
        for node in walk(root)
        if isinstance(node, promql.AggregateExpr) and operator(node) == "quantile"
    ]
    numbers = [
        bare(argument).val for argument in computed if isinstance(bare(argument), promql.NumberLiteral)
    ]
    if not numbers or len(numbers) != len(computed):
        return
    said = percentiles(text)
    if said and not any(_same(percentile, 100 * share) for percentile in said for share in numbers):
        shown = ", ".join(f"{100 * share:g}" for share in numbers)
        yield Misprint(f"the text says percentile {said[0]:g}, the rule computes {shown}", _AGREE)


def _of_seconds(text: str, limit: float, times: set[float], numbers: set[float]) -> Iterator[Misprint]:
    """A limit in a unit of time; none where the text names the right one too, and another for another step."""
    found = [
        (f"{word} {count} {letters}", float(count) * _size(letters.lower()))
        for word, count, letters in _SLOWER.findall(text)
    ]
    if found and not any(seconds in times or _is_time(seconds, numbers) for _, seconds in found):
        yield Misprint(f"the text says {found[0][0]}, the rule compares with {limit:g} seconds", _AGREE)


def _size(name_of_unit: str) -> float:
    """The seconds of a unit of time as texts write it."""
    return 0.001 if name_of_unit.startswith(("ms", "mil")) else _SECONDS_OF[name_of_unit[0]]


def threshold(root: Any) -> float | None:
    """What an expression is compared with when that is written as a number, and not 0."""
    node = bare(root)
    while isinstance(node, promql.BinaryExpr) and str(node.op) in ("and", "unless"):
        node = bare(node.lhs)
    if not compares(node):
        return None
    written = [
        float(side.val) for side in map(bare, (node.lhs, node.rhs)) if isinstance(side, promql.NumberLiteral)
    ]
    return written[0] if len(written) == 1 and written[0] else None


_AGREE = "make the text say what the rule does"


def _is_from(said: float, numbers: Iterable[float]) -> bool:
    """Whether a percentage can be one of the numbers: as a share, in another unit, or what is left of the whole."""
    return any(
        _same(written, candidate * power)
        for written in numbers
        for candidate in (said, 100 - said, 100 + said)
        for power in _POWERS
    )


def _is_time(seconds: float, numbers: Iterable[float]) -> bool:
    return any(
        _same(written, seconds / size) for written in numbers for size in (0.001, 1, 60, 3600, 86400, 604800)
    )


def _same(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right))
