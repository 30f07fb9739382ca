"""No series tell a rule from a change that is left out as meaning the same: promtool is asked about random ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promproof.proofs.asking import Judge
from promproof.proofs.mutants.base import OPERATORS, Subject
from promproof.proofs.mutants.equivalent import RULES, equivalences
from promproof.proofs.mutants.syntax import read
from promproof.proofs.questions import Question
from promproof.stack.binaries import find_binary
from tests.proofs.mutants import drawn

pytestmark = pytest.mark.stack

Pair = tuple[str, str, str]
"""The name of an equivalence, the expression, and the changed one."""


@pytest.fixture(scope="module")
def promtool() -> Path:
    return find_binary("promtool").path


def claimed(expression: str) -> list[Pair]:
    """The changes of an expression that are left out, each with the names of the rules that say so."""
    rule: dict[str, object] = {"alert": "A", "expr": expression}
    subject = Subject("r.yml", ("groups", 0, "rules", 0), "r.yml:1", rule, read(expression))
    return [
        (name, expression, str(change.data["expr"]))
        for operator in OPERATORS
        for change in operator.make(subject)
        for name in equivalences(rule, change.data)
    ]


def told_apart(promtool: Path, pairs: Sequence[Pair], series: Sequence[dict[str, str]]) -> list[str]:
    """The pairs that are not answered alike at some moment, with the labels that an alert would have."""
    moments = [(pair, moment) for pair in pairs for moment in drawn.MOMENTS]
    asks = [
        (text, moment)
        for (_, old, new), moment in moments
        for text in (old, new, f"({old}) unless ({new})", f"({new}) unless ({old})")
    ]
    (reply,) = Judge(promtool).ask([Question(series, asks, [drawn.PLAIN_RULE], drawn.STEP, 300.0)])
    found = []
    for place, ((name, old, new), moment) in enumerate(moments):
        own = slice(4 * place, 4 * place + 4)
        values, errors = reply.values[own], reply.errors[own]
        if any(errors[:2]):
            is_alike = all(errors[:2])
        elif any(errors[2:]):
            is_alike = False
        else:
            is_alike = not values[2] and not values[3]
            if name not in drawn.SCALED:
                is_alike &= sorted(map(_close, values[0])) == sorted(map(_close, values[1]))
        if not is_alike:
            found.append(f"{name}: {old}  |  {new}  at {moment:g} s: {values} {errors}")
    return found


def _close(value: float) -> str:
    return f"{value:.9g}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sum by (job) (g) > 0", "sum by (job, instance) (g) > 0"),
        ("rate(c_total[5m]) > 0.5", "increase(c_total[5m]) > 0.5"),
        ("sum(g)", "sum(g) + 1"),
        ("g / on (job) h", "g / on (instance) h"),
    ],
)
def test_a_change_of_the_meaning_is_told(promtool: Path, old: str, new: str) -> None:
    series = [
        {"series": f'{name}{{job="j",instance="{number}"}}', "values": f"{number}+30x40"}
        for name in ("g", "h", "c_total")
        for number in (1, 2)
    ]
    assert told_apart(promtool, [("a mistake", old, new)], series)


def test_every_equivalence_is_met_by_an_expression_of_its_own() -> None:
    for name in RULES:
        expressions = drawn.EXAMPLES[name]
        assert all(name in {claim for claim, _, _ in claimed(text)} for text in expressions), name


def test_what_is_only_near_to_an_equivalence_is_asked() -> None:
    for name, pairs in drawn.NEAR.items():
        for old, new in pairs:
            assert name not in equivalences({"alert": "A", "expr": old}, {"alert": "A", "expr": new}), new


def _refuted(promtool: Path, data: st.DataObject) -> None:
    expressions = [data.draw(drawn.expressions()) for _ in range(8)]
    examples = [text for texts in drawn.EXAMPLES.values() for text in texts]
    pairs = [pair for text in (*expressions, *examples) for pair in claimed(text)]
    pairs += [("a factor of all buckets", *texts) for texts in drawn.QUANTILES]
    assert told_apart(promtool, pairs, data.draw(drawn.worlds())) == []


@given(st.data())
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_series_tell_a_change_that_is_left_out(promtool: Path, data: st.DataObject) -> None:
    _refuted(promtool, data)


@pytest.mark.nightly
@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_series_of_many_tell_a_change_that_is_left_out(promtool: Path, data: st.DataObject) -> None:
    _refuted(promtool, data)
