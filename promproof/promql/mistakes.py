"""What is surely wrong in one expression, whatever the data: each mistake with the id that a finding has.

Nothing here depends on a metric's type, a scrape interval or another file. A mistake that some data excuse is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, walk
from promproof.promql.branches import gaps
from promproof.promql.labels import Recorded, labels_of, nothing_recorded
from promproof.promql.templates import error, labels_used, printed_values
from promproof.promql.tree import (
    SETS,
    cardinality,
    compares,
    fits,
    grouping,
    is_call,
    matchers,
    matching,
    metric,
    name,
    number,
    operator,
    ranged,
    selectors,
    text,
    with_bool,
)
from promproof.promql.values import bounds, comparison, meet, narrower, possible

_OF_EVENTS = frozenset(
    (
        "code",
        "status",
        "status_code",
        "response_code",
        "return_code",
        "grpc_code",
        "result",
        "outcome",
        "reason",
        "error",
        "method",
        "verb",
        "mode",
        "state",
        "phase",
        "path",
        "route",
        "handler",
    )
)  # (a list of words)
"""Labels with several values within one target by what they are: kinds of events, states."""
_RATES = ("rate", "irate", "increase")
_EVERYTHING = (".*", "(.*)", "^.*$", ".*|.+", "|.+")
"""Regular expressions that every text matches, an empty one too."""


@dataclass(frozen=True)
class Mistake:
    """kind: the id of the finding. message: what is wrong, with the part of the expression that it is about."""

    kind: str
    message: str


def mistakes(root: Any) -> Iterator[Mistake]:
    """The mistakes of an expression, be it recorded, alerted on or shown."""
    for node in walk(root):
        if isinstance(node, promql.Call):
            yield from _quantile(node)
        elif isinstance(node, promql.AggregateExpr):
            yield from _aggregation(node)
        elif isinstance(node, promql.BinaryExpr):
            yield from _operation(node)
        elif isinstance(node, promql.VectorSelector):
            yield from _contradiction(node)
    for call, window in ranged(root):
        inner = bare(window.expr) if isinstance(window, promql.SubqueryExpr) else None
        if name(call) in _RATES and isinstance(inner, promql.AggregateExpr) and operator(inner) == "sum":
            yield Mistake(
                "rule/rate-of-sum", f"{name(call)}() of sum(): one restart looks like a restart of all"
            )


def _quantile(node: Any) -> Iterator[Mistake]:
    if name(node) not in ("histogram_quantile", "quantile_over_time"):
        return
    wanted = number(node.args[0])
    if wanted is not None and not 0 <= wanted <= 1:
        yield Mistake("rule/quantile-range", f"a quantile of {wanted:g}: quantiles go from 0 to 1")
    if name(node) == "histogram_quantile":
        named = [metric(selector) for selector in selectors(node.args[1])]
        buckets = bool(named) and all(name.endswith("_bucket") for name in named)
        if buckets and not labels_of(node.args[1]).can_have("le"):
            yield Mistake("rule/le-dropped", "the label le is dropped inside histogram_quantile()")


def _aggregation(node: Any) -> Iterator[Mistake]:
    if operator(node) == "quantile":
        wanted = number(node.param)
        if wanted is not None and not 0 <= wanted <= 1:
            yield Mistake("rule/quantile-range", f"a quantile of {wanted:g}: quantiles go from 0 to 1")
    if operator(node) in ("sum", "avg") and is_call(node.expr, "histogram_quantile"):
        yield Mistake("rule/sum-of-quantiles", f"{operator(node)}() of quantiles is no quantile of anything")


def _contradiction(selector: Any) -> Iterator[Mistake]:
    found = matchers(selector)
    for label, sign, text_of in found:
        if sign == "!~" and text_of in _EVERYTHING:
            said = f'{label}!~"{text_of}" meets no series: every value matches, and so does a label that is not there'
            yield Mistake("rule/contradicting-matchers", said)
            return
    for left, right in combinations(found, 2):
        if left[0] != right[0]:
            continue
        for value, other in ((left, right), (right, left)):
            if value[1] == "=" and fits(value[2], other[1], other[2]) is False:
                yield Mistake(
                    "rule/contradicting-matchers",
                    f'{value[0]}="{value[2]}" and {other[0]}{other[1]}"{other[2]}" meet no series together',
                )
                return


def _operation(node: Any) -> Iterator[Mistake]:
    sign = operator(node)
    left, right = bare(node.lhs), bare(node.rhs)
    if sign in ("/", "-") and selectors(left) and text(left) == text(right):
        result = "1 or NaN" if sign == "/" else "0"
        yield Mistake(
            "rule/divided-by-itself", f"{text(node)}: both sides are one query, the result is {result}"
        )
        return
    yield from _many_with_one(node)
    yield from _increase_by_rate(node)
    right, added_to = _without_guard(right)
    part, whole = _series(left), _series(right)
    if sign != "/" or part is None or whole is None or not _same_window(left, right):
        return
    if not narrower(part, whole):
        return
    how, labels = matching(node)
    if not how or (how == "ignoring" and not labels):
        if cardinality(node) == "OneToOne":
            result = "about 1" if added_to else "1 or NaN"
            message = f"{text(node)}: each series is divided by itself, the result is {result}"
            yield Mistake("rule/series-by-itself", message)
    elif how == "on" and cardinality(node) == "OneToOne":
        added = {label for label, _, _ in set(matchers(part)) - set(matchers(whole))}
        if added.isdisjoint(labels):
            shared = ", ".join(sorted(labels)) or "no label"
            message = f"{text(node)} fails once {', '.join(sorted(added))} has two values within one {shared}"
            yield Mistake("rule/many-to-many", message)


def _increase_by_rate(node: Any) -> Iterator[Mistake]:
    """`increase(a{code="500"}[5m]) / rate(a[5m])`: what came in the window, and in a second, of one counter."""
    sides = [[call for call, _ in ranged(side)] for side in (node.lhs, node.rhs)]
    if operator(node) != "/" or any(len(calls) != 1 for calls in sides):
        return
    (left, right), base = (calls[0] for calls in sides), _counted(node.lhs)
    if base and base == _counted(node.rhs) and {name(left), name(right)} == {"increase", "rate"}:
        message = f"{text(node)}: {name(left)}() is divided by {name(right)}()"
        yield Mistake("rule/increase-by-rate", message)


def _counted(side: Any) -> str:
    """The one counter of a side, without the ending by which a histogram's sum differs from its count."""
    names = {metric(selector) for selector in selectors(side)}
    is_scaled = any(number(part) is not None for part in walk(side))
    return re.sub(r"_(?:sum|count)$", "", names.pop()) if len(names) == 1 and not is_scaled else ""


def _without_guard(node: Any) -> tuple[Any, bool]:
    """The node without what keeps it from being 0: `a + 0.001`, `clamp_min(a, 1)`."""
    if isinstance(node, promql.BinaryExpr) and operator(node) == "+":
        for little, other in ((node.rhs, node.lhs), (node.lhs, node.rhs)):
            if number(little) is not None:
                return bare(other), True
    return (bare(node.args[0]), True) if name(node) == "clamp_min" else (node, False)


def _many_with_one(node: Any) -> Iterator[Mistake]:
    """`a{code=~"5.."} / on (job) sum by (job) (a)`: one side has a series for each code, the other for each job."""
    how, labels = matching(node)
    if how != "on" or cardinality(node) != "OneToOne" or operator(node) in SETS:
        return
    for side, other in ((bare(node.lhs), bare(node.rhs)), (bare(node.rhs), bare(node.lhs))):
        series = _series(side)
        if (
            series is None
            or not isinstance(other, promql.AggregateExpr)
            or grouping(other) != (False, labels)
        ):
            continue
        several = sorted({*_several(series), *_told_apart(other, series)})
        split = [label for label in several if label not in labels and label in _OF_EVENTS]
        if split:
            shared = ", ".join(sorted(labels)) or "no label"
            message = f"{text(node)} fails once {split[0]} has two values within one {shared}: group_left is missing"
            yield Mistake("rule/many-to-many", message)
            return


def _several(series: Any) -> Iterator[str]:
    """The labels of which a selector takes several values, by what it says."""
    return (label for label, sign, value in matchers(series) if _takes_several(sign, value))


def _told_apart(other: Any, series: Any) -> Iterator[str]:
    """The labels by which the other side selects some of the same metric, and the series are of all."""
    fixed = {label for label, _, _ in matchers(series)}
    for selector in selectors(other) if metric(series) else ():
        for label, sign, value in matchers(selector) if metric(selector) == metric(series) else ():
            if sign in ("=", "=~") and value and value not in _EVERYTHING and label not in fixed:
                yield label


def _takes_several(sign: str, value: str) -> bool:
    return (sign in ("!=", "!~") and bool(value)) or (sign == "=~" and any(mark in value for mark in ".|*+["))


def _compared_with_itself(node: Any) -> Iterator[Mistake]:
    """`a{code="500"} > 0.1 * a`, which compares each series with a tenth of itself."""
    right = bare(node.rhs)
    if not isinstance(right, promql.BinaryExpr) or operator(right) != "*" or matching(node)[0]:
        return
    for factor, other in ((right.lhs, right.rhs), (right.rhs, right.lhs)):
        part, whole = _series(bare(node.lhs)), _series(bare(other))
        if number(factor) is None or part is None or whole is None:
            continue
        if narrower(part, whole) and _same_window(bare(node.lhs), bare(other)):
            message = f"{text(node)}: each series is compared with {number(factor):g} of itself"
            yield Mistake("rule/series-by-itself", message)


def _series(node: Any) -> Any | None:
    """The selector of a node that gives one sample for each of its series."""
    if isinstance(node, promql.VectorSelector):
        return node
    if isinstance(node, promql.Call) and name(node) in _RATES:
        window = bare(node.args[0])
        return window.vector_selector if isinstance(window, promql.MatrixSelector) else None
    return None


def _same_window(left: Any, right: Any) -> bool:
    if isinstance(left, promql.Call) and isinstance(right, promql.Call):
        return name(left) == name(right) and bare(left.args[0]).range == bare(right.args[0]).range
    return isinstance(left, promql.VectorSelector) and isinstance(right, promql.VectorSelector)


def of_alert(root: Any) -> Iterator[Mistake]:
    """What is wrong with an expression as the condition of an alert."""
    if any(is_call(node, "irate") for node in walk(root) if isinstance(node, promql.Call)):
        yield Mistake(
            "rule/irate-in-alert", "irate() looks at two samples: one of them decides about the alert"
        )
    yield from _condition(root)
    yield from _certain(bare(root))


def _certain(node: Any) -> Iterator[Mistake]:
    """`rate(x[5m]) >= 0`: each value there is meets it. `count(x) > 0` asks for presence, `>= 0` for more."""
    if isinstance(node, promql.BinaryExpr) and operator(node) == "or":
        for side in (node.lhs, node.rhs):
            yield from _certain(bare(side))
    found = comparison(node) if compares(node) and not with_bool(node) else None
    if found is None:
        return
    low, high = bounds(found[0])
    if 0 <= low < high and not possible(0, high, _OPPOSITE.get(found[1], "=="), found[2]):
        nothing = ", and a count of nothing is no 0" if low else ""
        yield Mistake(
            "rule/always-fires", f"{text(node)} is always true: the left side is {_range(low, high)}{nothing}"
        )


_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def _condition(node: Any) -> Iterator[Mistake]:
    node = bare(node)
    if not isinstance(node, promql.BinaryExpr):
        return
    if compares(node):
        if with_bool(node):
            yield Mistake("rule/always-fires", f"{text(node)} answers 0 or 1, and an alert fires for both")
            return
        yield from _compared_with_itself(node)
        found = comparison(node)
        if found and not possible(*bounds(found[0]), found[1], found[2]):
            low, high = bounds(found[0])
            yield Mistake(
                "rule/never-fires", f"{text(node)} is never true: the left side is {_range(low, high)}"
            )
        return
    if operator(node) in ("and", "unless"):
        yield from _condition(node.lhs)
        if operator(node) == "and":
            yield from (found for found in _condition(node.rhs) if found.kind == "rule/never-fires")
            yield from _contradicting(node)
    elif operator(node) == "or":
        if number(node.rhs) is not None:
            yield Mistake("rule/always-fires", f"`or {text(node.rhs)}` is there whenever the rest is not")
        for side in (node.lhs, node.rhs):
            yield from (found for found in _condition(side))


def _contradicting(node: Any) -> Iterator[Mistake]:
    """`x > 10 and x < 5`: the same quantity, and no value that meets both."""
    left, right = comparison(bare(node.lhs)), comparison(bare(node.rhs))
    if left is None or right is None or with_bool(bare(node.lhs)) or with_bool(bare(node.rhs)):
        return
    if matching(node)[0]:  # x of another series may meet the other condition
        return
    if text(left[0]) == text(right[0]) and not meet(left[1:], right[1:]):
        yield Mistake("rule/never-fires", f"{text(node)} is never true: no value meets both")


def _range(low: float, high: float) -> str:
    if high == float("inf"):
        return f"at least {low:g}"
    return f"always {low:g}" if low == high else f"from {low:g} to {high:g}"


def of_text(root: Any, template: str, recorded: Recorded = nothing_recorded) -> Iterator[Mistake]:
    """What is wrong with the template of an annotation."""
    refused = error(template)
    if refused:
        yield Mistake("rule/template-error", refused)
        return
    labels = labels_of(root, recorded)
    for label, guarded in labels_used(template).items():
        if not guarded and not labels.can_have(label):
            yield Mistake(
                "rule/label-lost", f"the text reads $labels.{label}, which the expression does not leave"
            )
    yield from (Mistake("rule/label-lost", gap) for gap in gaps(root, template, recorded))


def of_label(root: Any, template: str, recorded: Recorded = nothing_recorded) -> Iterator[Mistake]:
    """What is wrong with the template of a label that an alert gets."""
    yield from of_text(root, template, recorded)
    low, high = bounds(root)
    if printed_values(template) and low != high:
        yield Mistake(
            "rule/value-in-label",
            "the value is part of the alert's identity: each evaluation makes a new one",
        )


_WINDOW = re.compile(r":[a-z_]*?(?:rate|increase|irate|ratio|avg|sum|max|min|p\d\d)_?(\d+(?:ms|[smhdwy]))$")


def of_record(record: str, root: Any) -> Iterator[Mistake]:
    """What is wrong with a recorded name: a window in it that the expression does not have."""
    match = _WINDOW.search(record)
    windows = {promql.display_duration(window.range) for _, window in ranged(root)}
    if match and windows and promql.display_duration(promql.parse_duration(match[1])) not in windows:
        wide = ", ".join(sorted(windows))
        yield Mistake("rule/recorded-window", f"the name says {match[1]}, the window is {wide}")
