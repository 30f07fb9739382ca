"""Why a query gives nothing: it is relaxed step by step, and the first step that gives something names the cause.

The asking is done elsewhere: `relaxations` lists the questions, `name` reads the answers. Nothing here talks to a
server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from promproof.config.durations import format_milliseconds
from promproof.config.promql import parse, walk
from promproof.exposition import label_text, selector
from promproof.grafana.queries import metric_of
from promproof.promql.tree import compares, is_call, with_bool

LONGER = 20
WORDS = {
    "metric": "the metric {about} is missing",
    "label": "the label of {about} is missing",
    "value": "no series has {about}: this value was never seen",
    "selector": "no series has all of {about} together",
}
"""What a cause says, by the kind of the question that found it."""

NOT_EMPTY = '!=""'


@dataclass(frozen=True)
class Question:
    """One relaxed query: what kind of relaxation it is, what it is about, and the expression to ask."""

    kind: str
    about: str
    expression: str


def relaxations(expression: str) -> list[Question]:
    """The questions that tell why `expression` is empty, from the smallest part to the whole.

    Raises:
        ValueError: it does not parse.
    """
    root = parse(expression)
    asked: dict[tuple[str, str], Question] = {}
    for node in walk(root):
        if isinstance(node, promql.VectorSelector):
            for question in _of_selector(node):
                asked.setdefault((question.kind, question.expression), question)
        elif isinstance(node, promql.MatrixSelector):
            name = _text(node.vector_selector)
            window = round(node.range.total_seconds() * 1000)
            for factor, kind in ((1, "window"), (LONGER, "longer window")):
                text = f"max(count_over_time({name}[{format_milliseconds(window * factor)}]))"
                asked.setdefault((kind, text), Question(kind, f"{name}[{format_milliseconds(window)}]", text))
        elif isinstance(node, promql.BinaryExpr):
            for side, half in (("left", node.lhs), ("right", node.rhs)):
                if not isinstance(half, promql.NumberLiteral):
                    text = half.prettify()
                    asked.setdefault(("side", text), Question("side", f"{side} of {node.op}", text))
    return list(asked.values())


def _of_selector(node: Any) -> list[Question]:
    name = metric_of(node)
    questions = [Question("metric", name, f"count({selector(name)})")] if name else []
    matchers = [matcher for matcher in node.matchers.matchers if matcher.name != "__name__"]
    for matcher in matchers:
        text = _matcher(matcher)
        questions.append(
            Question(
                "label",
                f"{name}{{{matcher.name}}}",
                f"count({selector(name, label_text(matcher.name) + NOT_EMPTY)})",
            )
        )
        questions.append(Question("value", f"{name}{{{text}}}", f"count({selector(name, text)})"))
    if matchers:
        together = ",".join(_matcher(matcher) for matcher in matchers)
        questions.append(Question("selector", f"{name}{{{together}}}", f"count({selector(name, together)})"))
    return questions


def name(questions: Sequence[Question], answers: Mapping[str, float | None]) -> str:
    """The cause in words; `answers` holds the largest value of each expression, None where nothing came.

    Order: what is missing first counts, since everything after it is empty because of it.
    """
    for kind, words in WORDS.items():
        for question in questions:
            if question.kind == kind and not answers.get(question.expression):
                return words.format(about=question.about)
    for question in questions:
        if question.kind == "window":
            held = answers.get(question.expression) or 0
            if held < 2:
                longer = max(
                    (
                        answers.get(question.expression) or 0
                        for question in questions
                        if question.kind == "longer window"
                    ),
                    default=0,
                )
                many = "no sample" if not held else "a single sample"
                if longer >= 2:
                    return f"the window of {question.about} is too short: it holds {many}"
                return f"{question.about} holds {many}, also when it is {LONGER} times as long: nothing was scraped"
    sides = [question for question in questions if question.kind == "side"]
    if sides and all(answers.get(side.expression) is not None for side in sides):
        operator = sides[0].about.removeprefix("left of ")
        return f"a join without match: both sides of {operator} have series, no two belong together"
    empty = [side for side in sides if answers.get(side.expression) is None]
    if empty:
        return f"the {empty[0].about} gives nothing: {' '.join(empty[0].expression.split())}"
    return "no step of relaxing it gave a reason"


def told(cause: str) -> tuple[str, str]:
    """(kind of the question, what it is about) of a cause that `name` told; two empty texts for any other cause."""
    for kind, words in WORDS.items():
        begin, end = words.split("{about}")
        if cause.startswith(begin) and cause.endswith(end):
            return kind, cause.removeprefix(begin).removesuffix(end)
    return "", ""


def filters(expression: str) -> bool:
    """Whether a query gives something only while a condition holds: a comparison, or `absent`."""
    try:
        nodes = list(walk(parse(expression)))
    except ValueError:
        return False
    return any(
        (compares(node) and not with_bool(node)) or is_call(node, "absent", "absent_over_time")
        for node in nodes
    )


def _text(node: Any) -> str:
    matchers = ",".join(_matcher(matcher) for matcher in node.matchers.matchers if matcher.name != "__name__")
    name = metric_of(node)
    return selector(name, matchers)


def _matcher(matcher: Any) -> str:
    operator = "="
    for op, text in (
        (promql.MatchOp.NotEqual, "!="),
        (promql.MatchOp.Re, "=~"),
        (promql.MatchOp.NotRe, "!~"),
    ):
        if matcher.op == op:
            operator = text
    value = str(matcher.value).replace("\\", "\\\\").replace('"', '\\"')
    return f'{label_text(matcher.name)}{operator}"{value}"'
