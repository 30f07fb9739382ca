"""An expression with those of the recording rules that it reads in their places: what it asks of scraped series.

A record is put in where nothing is asked of it that its expression does not have: `job:errors:rate5m{job="api"}`, where
all that it reads has job="api" and each aggregation keeps the job. Any other one stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, parse, walk

_DEEPEST = 8
"""Records of records of records."""


def written_out(expression: str, recordings: Sequence[tuple[str, str]]) -> str:
    """The expression, each record of one rule alone replaced by what that rule says.

    recordings: name and expression of each. A text that does not parse comes back as it is.
    """
    names = [name for name, _ in recordings]
    only = {name: text for name, text in recordings if names.count(name) == 1}
    for _ in range(_DEEPEST):
        try:
            once = _once(expression, only)
        except ValueError:
            return expression
        if once == expression:
            break
        expression = once
    return expression


def left_open(expression: str, recordings: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The records in an expression of which nobody knows what they ask of scraped series.

    Several rules write one, it is read over a window or at another time, or a label of it may be one that its rule
    gives. One of another value than all that its rule reads is not open: it is empty.
    """
    names = [name for name, _ in recordings]
    texts = dict(recordings)
    try:
        nodes = walk(parse(expression))
    except ValueError:
        return ()
    ranged = {id(node.vector_selector) for node in nodes if isinstance(node, promql.MatrixSelector)}
    found = []
    for node in nodes:
        if isinstance(node, promql.VectorSelector) and node.name in texts:
            shifted = node.offset is not None or node.at is not None or id(node) in ranged
            if shifted or names.count(str(node.name)) > 1 or not _is_empty(texts[str(node.name)], node):
                found.append(str(node.name))
    return tuple(dict.fromkeys(found))


def _is_empty(inner: str, selector: Any) -> bool:
    """Whether a selector asks for another value of a label than all that a rule reads of scraped series."""
    try:
        read = [node for node in walk(parse(inner)) if isinstance(node, promql.VectorSelector)]
    except ValueError:
        return False
    given = [_equal(node) for node in read]
    return any(
        bool(given) and all(label in one and one[label] != value for one in given)
        for label, value in _equal(selector).items()
    )


def _equal(selector: Any) -> dict[str, str]:
    """The labels of which a selector asks for one value."""
    return {
        str(matcher.name): str(matcher.value)
        for matcher in selector.matchers.matchers
        if str(matcher.op) == "MatchOp.Equal"
    }


def _once(expression: str, only: Mapping[str, str]) -> str:
    tree = parse(expression)
    nodes = walk(tree)
    ranged = {id(node.vector_selector) for node in nodes if isinstance(node, promql.MatrixSelector)}
    text, found = str(tree.prettify()), False
    for node in nodes:
        if not isinstance(node, promql.VectorSelector) or id(node) in ranged or node.name not in only:
            continue
        inner = parse(only[str(node.name)])
        if node.offset is None and node.at is None and _has(inner, node):
            own, put = re.escape(str(node.prettify())), f"({inner.prettify()})".replace("\\", r"\\")
            text = re.sub(rf"(?<![\w:]){own}(?![\w:{{\[])", put, text)
            found = True
    return text if found else expression


def _has(inner: Any, selector: Any) -> bool:
    """Whether all series of an expression have what the matchers of a selector ask for."""
    wanted = {
        (str(matcher.name), str(matcher.value))
        for matcher in selector.matchers.matchers
        if str(matcher.op) == "MatchOp.Equal"
    }
    if len(wanted) != len(selector.matchers.matchers):
        return False
    kept = {label for label, _ in wanted}
    for node in walk(bare(inner)):
        if isinstance(node, promql.VectorSelector):
            given = {(str(matcher.name), str(matcher.value)) for matcher in node.matchers.matchers}
            if not wanted <= given:
                return False
        if isinstance(node, promql.AggregateExpr):
            by = node.modifier
            labels = set(map(str, by.labels)) if by is not None else set()
            is_without = by is not None and "Without" in str(by.type)
            if (kept & labels) if is_without else not kept <= labels:
                return False
    return True
