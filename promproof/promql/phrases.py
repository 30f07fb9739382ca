"""Words in the text of an alert that contradict its expression: what is left for what is used, a mean for a percentile,
another time than a forecast looks ahead, a threshold in per cent.

Each is told only where the expression leaves no doubt and no other words of the text say the right thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.promql.branches import sides
from promproof.promql.shares import share
from promproof.promql.templates import ACTION, plain, printed_values
from promproof.promql.tree import compares, is_call, matchers, metric, name, number, operator, selectors

VALUE = "\N{BLACK SQUARE}"
"""Stands for the value of the alert in a text."""
COUNT = r"\d+|an?|one|two|three|four|five|six|seven|eight|ten|twelve|twenty-?four|forty-?eight"
_WITHIN = re.compile(
    rf"\b(?:within|in)\s+(?:about |approximately |around |less than |under |the )*(?:next |coming )?"
    rf"(?:(?P<count>{COUNT})[\s-]?)?(?P<unit>seconds?|minutes?|mins?|hours?|hrs?|h|days?|d|weeks?)\b",
    re.IGNORECASE,
)
_COUNTS = {
    "": 1,
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "ten": 10,
    "twelve": 12,
    "twentyfour": 24,
    "fortyeight": 48,
}
_SIZES = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LEFT = r"idle|free|available|unused|remaining|left"
_USED = r"in use|used|busy|usage|utili[sz]ed|utili[sz]ation"
_STATE = re.compile(
    rf"{VALUE}\s?%?(?P<between>[^.;:!?\n{VALUE}]{{0,80}}?)\b(?:(?P<left>{_LEFT})|(?P<used>{_USED}))\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|isn't|aren't|no longer)\s*$|\bun-?$", re.IGNORECASE)
_OF_LEFT = re.compile(r"(?:^|_)(?:idle|free|avail|available|unused|remaining)(?:$|_)", re.IGNORECASE)
_OF_USED = re.compile(r"(?:^|_)(?:used|busy|usage|active)(?:$|_)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SUCCEED = re.compile(
    rf"{VALUE}\s?%?(?P<between>[^.;:!?\n{VALUE}]{{0,80}}?)\b(?P<said>succeed(?:s|ed)?|(?:is|are) successful)\b",
    re.IGNORECASE,
)
_FAILED = re.compile(r"fail|error|^5(?:\.\.|xx|\[|\d\d)", re.IGNORECASE)
_FAILED_WORD = re.compile(r"fail|error|un\s?success", re.IGNORECASE)
_NEVER = re.compile(r"\bnever fires?\b", re.IGNORECASE)
_MEAN = re.compile(r"\b(?:average|mean|avg)\b", re.IGNORECASE)
_UP = re.compile(r"\b(?:is|are) (?:back )?up\b", re.IGNORECASE)
_DOWN = re.compile(r"\bdown\b|\bnot\b|n't\b|cannot", re.IGNORECASE)
_NAMED = re.compile(r"percentile|quantile|\bp\d\d|median", re.IGNORECASE)
_THRESHOLD = re.compile(
    r"\bthreshold\b[\s:=>]{0,4}(?:is |of |at )?[<>]?\s?(\d+(?:\.\d+)?)\s?%", re.IGNORECASE
)


def contradictions(root: Any, template: str) -> Iterator[str]:
    """What the text says, and what the rule does."""
    said = plain(template)
    yield from _of_horizon(root, said)
    yield from _of_state(root, template)
    yield from _of_mean(root, said)
    yield from _of_up(root, said)
    yield from _of_outcome(root, template)
    if isinstance(bare(root), promql.NumberLiteral) or is_call(root, "vector"):
        yield from (
            f"the text says {found[0]!r}, and the rule always fires" for found in _NEVER.finditer(said)
        )
    yield from _of_threshold(root, template, said)


def horizons(root: Any) -> set[float]:
    """How far (s) the forecasts of an expression look ahead, where that is written as a number."""
    found = [
        number(node.args[1]) for node in walk(root) if is_call(node, "predict_linear") and len(node.args) > 1
    ]
    return {abs(seconds) for seconds in found if seconds is not None}


def _of_horizon(root: Any, said: str) -> Iterator[str]:
    """`full within an hour`, where the forecast is for a day."""
    ahead = horizons(root)
    told = [(" ".join(match[0].split()), _seconds(match)) for match in _WITHIN.finditer(said)]
    if ahead and told and not any(seconds in ahead for _, seconds in told):
        looked = ", ".join(f"{seconds / 3600:g} h" for seconds in sorted(ahead))
        yield f"the text says {told[0][0]!r}, the forecast looks {looked} ahead"


def _seconds(match: re.Match[str]) -> float:
    count = (match["count"] or "").lower().replace("-", "")
    return float(count if count.isdigit() else _COUNTS.get(count, 0)) * _SIZES[match["unit"][0].lower()]


def counted(said: str) -> float:
    """The seconds of `three days`, `an hour` or `90 minutes`; 0 where it is none of these."""
    match = _WITHIN.fullmatch(f"in {said}")
    return _seconds(match) if match is not None else 0.0


def _of_state(root: Any, template: str) -> Iterator[str]:
    """`90% of the memory is free`, where the value is what is in use."""
    rest = is_rest(_value(root))
    found = _STATE.search(_marked(template)) if rest is not None else None
    if found is None:
        return
    says_rest = (found["left"] is not None) is not bool(_NOT.search(found["between"]))
    if says_rest is not rest:
        word, is_so = found["left"] or found["used"], "left" if rest else "used"
        yield f"the text says {word!r} of the value, the rule computes what is {is_so}"


def is_rest(node: Any) -> bool | None:
    """Whether a share is of what is left, or of what is used; None where the names do not say."""
    node = bare(node)
    if not isinstance(node, promql.BinaryExpr) or compares(node):
        return None
    sign = operator(node)
    if sign == "-" and number(node.lhs) in (1.0, 100.0):
        inner = is_rest(node.rhs)
        inner = (
            _kind(node.rhs) if inner is None and not isinstance(bare(node.rhs), promql.BinaryExpr) else inner
        )
        return None if inner is None else not inner
    if sign == "*" and (number(node.lhs) is not None or number(node.rhs) is not None):
        side = node.rhs if number(node.lhs) is not None else node.lhs
        found = is_rest(side)
        return _kind(side) if found is None and not isinstance(bare(side), promql.BinaryExpr) else found
    return _kind(node.lhs) if sign == "/" and share(node) else None


def _kind(node: Any) -> bool | None:
    """What one selector's metric or label values say; None for several, and where they say nothing."""
    found = selectors(node)
    if len(found) != 1 or any(name(inner) in ("absent", "time") for inner in walk(node)):
        return None
    words = [_CAMEL.sub("_", metric(found[0]))]
    words += [value for _, sign, value in matchers(found[0]) if sign == "="]
    left, used = (any(map(pattern.search, words)) for pattern in (_OF_LEFT, _OF_USED))
    return left if left is not used else None


def _of_outcome(root: Any, template: str) -> Iterator[str]:
    """`11% of the executions succeed`, where the value is the share of those that fail."""
    node = bare(_value(root))
    if not isinstance(node, promql.BinaryExpr) or operator(node) != "/" or not share(node):
        return
    part = [
        value
        for selector in selectors(node.lhs)
        for _, sign, value in matchers(selector)
        if sign in ("=", "=~")
    ]
    found = _SUCCEED.search(_marked(template)) if any(map(_FAILED.search, part)) else None
    if found is not None and not _NOT.search(found["between"]) and not _FAILED_WORD.search(found[0]):
        yield f"the text says {found['said']!r} of the value, the rule computes what fails"


def _marked(template: str) -> str:
    """The text with a mark where the value stands."""
    values = {action.start for action in printed_values(template)}
    return " ".join(ACTION.sub(lambda match: VALUE if match.start() in values else "{}", template).split())


def _of_mean(root: Any, said: str) -> Iterator[str]:
    """`the average response time`, where the rule computes a percentile and no mean."""
    word = _MEAN.search(said)
    quantiles = [node for node in walk(root) if is_call(node, "histogram_quantile", "quantile_over_time")]
    is_mean = any(
        is_call(node, "avg_over_time") or (isinstance(node, promql.AggregateExpr) and operator(node) == "avg")
        for node in walk(root)
    )
    share_of = number(quantiles[0].args[0]) if len(quantiles) == 1 else None
    if word and share_of and share_of != 0.5 and not is_mean and not _NAMED.search(said):
        yield f"the text says {word[0]}, the rule computes percentile {100 * share_of:g}"


def _of_up(root: Any, said: str) -> Iterator[str]:
    """`api is up`, where the rule fires for what is down."""
    found = _UP.search(said)
    if found is None or _DOWN.search(said):
        return
    limit, value = _limit(sides(root)[0]), bare(_value(sides(root)[0]))
    is_up = isinstance(value, promql.VectorSelector) and metric(value) == "up"
    sign = operator(_compared(sides(root)[0])) if limit is not None else ""
    if is_up and (sign, limit) in (("==", 0.0), ("<", 1.0), ("!=", 1.0)):
        yield f"the text says {found[0]!r}, the rule asks for what is down"


def _of_threshold(root: Any, template: str, said: str) -> Iterator[str]:
    """`threshold: 50%` beside a share that is printed as a percentage and compared with 0.05."""
    limit = _limit(root)
    is_share = any("humanizePercentage" in action.bare for action in printed_values(template))
    told = [float(found) for found in _THRESHOLD.findall(said)] if limit and is_share else []
    wanted = [100 * abs(limit), 100 - 100 * abs(limit)] if limit else []
    if told and not any(abs(percents - want) <= 1e-9 * want for percents in told for want in wanted):
        yield f"the text says threshold {told[0]:g}%, the rule compares with {limit:g}"


def _compared(root: Any) -> Any:
    node = bare(root)
    while isinstance(node, promql.BinaryExpr) and operator(node) in ("and", "unless"):
        node = bare(node.lhs)
    return node


def _value(root: Any) -> Any:
    """What is compared with a number, or the whole."""
    node = _compared(root)
    if not isinstance(node, promql.BinaryExpr) or not compares(node):
        return node
    return node.rhs if number(node.lhs) is not None else node.lhs


def _limit(root: Any) -> float | None:
    node = _compared(root)
    if not isinstance(node, promql.BinaryExpr) or not compares(node):
        return None
    left, right = number(node.lhs), number(node.rhs)
    return right if left is None else left
