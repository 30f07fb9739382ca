"""Why an alert can't fire: sides whose labels never agree, values that never reach their threshold.

Only what holds for all series is said: every scraped series has `job` and `instance`, a matcher that no empty value
passes has its label, a grouping keeps what it names. What may be otherwise is no reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from promproof.proofs import ages
from promproof.proofs.itself import bare, is_divided_by_itself, of_itself, scaled, share_of_itself
from promproof.proofs.shapes import Recorded, Shape, is_number, shape
from promproof.proofs.strings import accepts
from promproof.proofs.tree import (
    COMPARISONS,
    Aggregate,
    Binary,
    Call,
    Node,
    Number,
    Selector,
    Window,
    walk,
)

ANY = (-math.inf, math.inf)
CLOCK = {
    "hour": (0, 23),
    "minute": (0, 59),
    "month": (1, 12),
    "day_of_month": (1, 31),
    "day_of_week": (0, 6),
    "day_of_year": (1, 366),
    "days_in_month": (28, 31),
}
NOT_NEGATIVE = ("rate", "increase", "irate", "changes", "resets", "stddev_over_time", "stdvar_over_time")
KEEPING = ("min_over_time", "max_over_time", "avg_over_time", "last_over_time")
"""What stays between the bounds of a window's samples."""
Bounds = tuple[float, float]


def reason(node: Node, recorded: Recorded) -> str | None:
    """Why an expression never has a result; None where it may have one."""
    if isinstance(node, Selector):
        return _no_series(node, recorded)
    if isinstance(node, Window):
        return reason(node.inner, recorded)
    if isinstance(node, Aggregate):
        return reason(node.inner, recorded)
    if isinstance(node, Call):
        return _call(node, recorded)
    if isinstance(node, Binary):
        return _binary(node, recorded)
    return None


def _no_series(node: Selector, recorded: Recorded) -> str | None:
    rules = recorded.get(node.name, ()) if node.name else ()
    if rules:
        found = [
            reason(expression, recorded) or _dropped(node, expression, given, recorded)
            for expression, given in rules
        ]
        return f"{node.name}: {found[0]}" if all(found) else None
    for name in {name for name, _, _ in node.matchers}:
        own = [(op, value) for label, op, value in node.matchers if label == name]
        wanted = [value for op, value in own if op == "="]
        if (wanted and not accepts(own, wanted[0])) or ("!~", ".*") in own:
            return f"no value of `{name}` passes all matchers of {node.text}"
    return None


def _dropped(node: Selector, expression: Node, given: Mapping[str, str], recorded: Recorded) -> str | None:
    """Which label that a selector asks for a recording rule does not leave, or sets to another value."""
    made = shape(expression, recorded)
    for name in {name for name, _, _ in node.matchers}:
        own = [(op, value) for label, op, value in node.matchers if label == name]
        if name in given and not accepts(own, given[name]):
            return f"its rule sets `{name}` to {given[name]!r}, which {node.text} leaves out"
        if name not in given and name != "__name__" and not accepts(own, "") and not made.may_have(name):
            return f"its rule leaves no `{name}`, which {node.text} asks for"
    return None


def is_without_le(node: Node, recorded: Recorded) -> bool:
    """Whether it takes a quantile of series without `le`: nothing, unless they are native histograms."""
    if not isinstance(node, Call) or node.name != "histogram_quantile":
        return False
    return not shape(node.args[1], recorded).may_have("le")


def reads_native(node: Node, recorded: Recorded) -> bool:
    """Whether it takes a quantile of a native histogram: of series without buckets, by name, matcher and grouping."""
    if not isinstance(node, Call) or node.name != "histogram_quantile" or has_buckets(node.args[1], recorded):
        return False
    if is_without_le(node, recorded):
        return True
    parts = list(walk(node.args[1]))
    if any(isinstance(part, Aggregate) and ("le" in part.labels) != part.without for part in parts):
        return False
    if any(isinstance(part, Call) and part.name.startswith("label_") for part in parts):
        return False
    read = [part for part in parts if isinstance(part, Selector)]
    return all(part.name and ":" not in part.name and part.name not in recorded for part in read) and bool(
        read
    )


def has_buckets(node: Node, recorded: Recorded, depth: int = 0) -> bool:
    """Whether an expression reads the buckets of a classic histogram, by their names or their label."""
    return any(
        isinstance(part, Selector)
        and (
            part.name.endswith("_bucket")
            or any(name == "le" for name, _, _ in part.matchers)
            or (
                depth < 8 and any(has_buckets(e, recorded, depth + 1) for e, _ in recorded.get(part.name, ()))
            )
        )
        for part in walk(node)
    )


def _call(node: Call, recorded: Recorded) -> str | None:
    if node.name in ("absent", "absent_over_time", "scalar", "vector", "time", *CLOCK, "year"):
        return None
    for arg in node.args:
        found = reason(arg, recorded)
        if found:
            return found
    if is_without_le(node, recorded) and has_buckets(node.args[1], recorded):
        return f"`le` is dropped before histogram_quantile: {node.args[1].text}"
    return None


def _binary(node: Binary, recorded: Recorded) -> str | None:
    left = reason(node.left, recorded)
    if node.op == "unless":
        return left
    right = reason(node.right, recorded)
    if node.op == "or":
        return left if left and right else None
    if left or right:
        return left or right
    if not (is_number(node.left) or is_number(node.right)):
        apart = _apart(node, shape(node.left, recorded), shape(node.right, recorded))
        if apart:
            return apart
    if node.op in COMPARISONS and not node.is_bool:
        return _never(node, recorded)
    return None


def _apart(node: Binary, left: Shape, right: Shape) -> str | None:
    names = {*left.must, *right.must} - {"__name__"}
    names = names & set(node.on) if node.on is not None else names - set(node.ignoring)
    for name in sorted(names):
        for mine, other, side in ((left, right, "left"), (right, left, "right")):
            if name in mine.must and not other.may_have(name):
                return f"`{name}` is on the {side} side of {node.op} only"
        ours, theirs = left.must.get(name), right.must.get(name)
        if ours is not None and theirs is not None and ours != theirs:
            return f"`{name}` is {ours!r} on the left side of {node.op} and {theirs!r} on its right"
    return None


def _never(node: Binary, recorded: Recorded) -> str | None:
    (low, high), (least, most) = ages.sides(node) or (
        bounds(node.left, recorded),
        bounds(node.right, recorded),
    )
    impossible = {
        ">": high <= least,
        ">=": high < least,
        "<": low >= most,
        "<=": low > most,
        "==": high < least or low > most,
        "!=": low == high == least == most,
    }[node.op]
    share = share_of_itself(node)
    if (
        share is not None
        and low >= 0
        and ((node.op == ">" and share >= 1) or (node.op == "<" and share <= 1))
    ):
        return f"each series is compared with itself: {node.text}"
    if not impossible:
        return None
    if ages.reads_timestamps(node):
        return f"{ages.REASON}: {node.text}"
    is_low = node.op in ("<", "<=") or low > most
    value = (
        f"always {low:g}" if low == high else f"never {_end(low, 'below') if is_low else _end(high, 'above')}"
    )
    return f"{value}, and {node.op} {node.right.text} is asked: {node.left.text}"


def _end(bound: float, side: str) -> str:
    """An end of what values are, which itself is one of them or not."""
    beyond = math.nextafter(bound, -math.inf if side == "below" else math.inf)
    is_open = len(repr(beyond)) < len(repr(bound))
    return f"{beyond:g} or {side}" if is_open else f"{side} {bound:g}"


def always(node: Binary, recorded: Recorded) -> bool:
    """Whether a comparison holds for every value that its sides can have."""
    (low, high), (least, most) = ages.sides(node) or (
        bounds(node.left, recorded),
        bounds(node.right, recorded),
    )
    return {
        ">": low > most,
        ">=": low >= most,
        "<": high < least,
        "<=": high <= least,
        "==": low == high == least == most,
        "!=": high < least or low > most,
    }[node.op]


def is_share(node: Binary) -> bool:
    """Whether a sum of counters is divided by the same sum of at least the same series."""
    left, right = node.left, node.right
    if not isinstance(left, Aggregate) or not isinstance(right, Aggregate) or node.many:
        return False
    if (
        left.op != "sum"
        or right.op != "sum"
        or left.without != right.without
        or set(left.labels) != set(right.labels)
    ):
        return False
    one, two = bare(left.inner), bare(right.inner)
    if one is None or two is None or not one[0] or one[0] != two[0] or one[0][0] not in NOT_NEGATIVE:
        return False
    same = (one[1].name, one[1].shift, one[1].at) == (two[1].name, two[1].shift, two[1].at) and bool(
        one[1].name
    )
    return same and set(two[1].matchers) <= set(one[1].matchers)


def is_addend(node: Binary, recorded: Recorded) -> bool:
    """Whether something that is never negative is divided by a sum that it is part of: `a / (a + b)`."""
    right = node.right
    if isinstance(right, Call) and right.name == "clamp_min":
        right = right.args[0]
    parts, waiting = [], [right]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Binary) and part.op == "+" and not part.many:
            waiting += [part.left, part.right]
        else:
            parts.append(part)
    if len(parts) < 2 or node.many or any(bounds(part, recorded)[0] < 0 for part in parts):
        return False
    return any(part.text == node.left.text for part in parts)


def bounds(node: Node, recorded: Recorded) -> Bounds:
    """Between what the values of an expression always are."""
    if isinstance(node, Number):
        return node.value, node.value
    if isinstance(node, Selector):
        return _recorded_bounds(node, recorded)
    if isinstance(node, Aggregate):
        return _folded(node, recorded)
    if isinstance(node, Call):
        return _called(node, recorded)
    if isinstance(node, Binary):
        return _combined(node, recorded)
    return ANY


def _recorded_bounds(node: Selector, recorded: Recorded) -> Bounds:
    rules = recorded.get(node.name, ()) if node.name else ()
    # a rule may read what it records
    others = {name: found for name, found in recorded.items() if name != node.name} if rules else {}
    found = [bounds(expression, others) for expression, _ in rules]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else ANY


def _folded(node: Aggregate, recorded: Recorded) -> Bounds:
    low, high = bounds(node.inner, recorded)
    if node.op in ("count", "count_values"):
        return 1.0, math.inf
    if node.op == "group":
        return 1.0, 1.0
    if node.op in ("stddev", "stdvar"):
        return 0.0, math.inf
    if node.op == "sum":
        return (low if low >= 0 else -math.inf), (high if high <= 0 else math.inf)
    return (low, high) if node.op in ("avg", "min", "max", "topk", "bottomk") else ANY


def _called(node: Call, recorded: Recorded) -> Bounds:
    if node.name in CLOCK:
        low, high = CLOCK[node.name]
        return float(low), float(high)
    if node.name in NOT_NEGATIVE:
        return 0.0, math.inf
    if node.name == "histogram_fraction" and not _may_fall(node.args[-1]):
        return 0.0, 1.0
    if node.name in ("absent", "absent_over_time", "present_over_time"):
        return 1.0, 1.0
    if node.name == "count_over_time":
        return 1.0, math.inf
    if node.name == "vector":
        return bounds(node.args[0], recorded)
    if node.name == "abs":
        return 0.0, math.inf
    if node.name in KEEPING and isinstance(node.args[0], Window):
        return bounds(node.args[0].inner, recorded)
    return ANY


def _may_fall(node: Node) -> bool:
    """Whether a histogram may hold less than nothing, for it is a difference."""
    return any(
        isinstance(part, Binary) or (isinstance(part, Call) and part.name in ("delta", "idelta"))
        for part in walk(node)
    )


def _combined(node: Binary, recorded: Recorded) -> Bounds:
    if is_divided_by_itself(node):
        factor = scaled(node.left)[0]
        return factor, factor
    if node.op == "/" and (is_share(node) or is_addend(node, recorded)):
        return 0.0, 1.0
    whole = of_itself(node)
    if whole is not None:
        return whole, whole
    (low, high), (least, most) = bounds(node.left, recorded), bounds(node.right, recorded)
    if node.op in COMPARISONS:
        if node.is_bool:
            return 0.0, 1.0
        if is_number(node.left):
            (low, high), (least, most) = (least, most), (low, high)
            op = {">": "<", ">=": "<=", "<": ">", "<=": ">="}.get(node.op, node.op)
        else:
            op = node.op
        if op in (">", ">="):
            return max(low, math.nextafter(least, math.inf) if op == ">" else least), high
        if op in ("<", "<="):
            return low, min(high, math.nextafter(most, -math.inf) if op == "<" else most)
        return (max(low, least), min(high, most)) if op == "==" else (low, high)
    if node.op in ("and", "unless"):
        return low, high
    if node.op == "or":
        return min(low, least), max(high, most)
    if node.op == "+":
        return low + least, high + most
    if node.op == "-":
        ours, theirs = ages.since(node.left), ages.since(node.right)
        if ours is not None and theirs is not None:
            (low, high), (least, most) = ours, theirs
        return low - most, high - least
    if least == most and node.op in ("*", "/") and math.isfinite(least) and least:
        factor = least if node.op == "*" else 1 / least
        return min(low * factor, high * factor), max(low * factor, high * factor)
    if low == high and node.op == "*" and math.isfinite(low) and low:
        return min(least * low, most * low), max(least * low, most * low)
    return ANY
