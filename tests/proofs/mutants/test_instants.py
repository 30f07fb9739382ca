"""What expressions alone tell of mutants, and what is left to the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.config.yamlfile import dump, load
from promproof.proofs.coverage import test_files as files_of
from promproof.proofs.mutants.base import Mutant, mutants
from promproof.proofs.mutants.instants import is_askable, noticed, questions, relabelled
from promproof.proofs.mutants.project import Suite, entries, subject, suites
from promproof.proofs.mutants.promtool import Answer

pytestmark = pytest.mark.unit

HOT = {"alert": "Hot", "expr": "heat > 80", "for": "2m", "labels": {"severity": "critical"}}
CASES = [
    {"alertname": "Hot", "eval_time": "10m30s", "exp_alerts": []},
    {"alertname": "Hot", "eval_time": "13m", "exp_alerts": [{"exp_labels": {"severity": "critical"}}]},
]


def given(folder: Path, rules: list[dict[str, Any]], **more: Any) -> tuple[Suite, list[Mutant]]:
    """The tests of a folder, and the mutants of its last rule."""
    case = {"interval": "1m", "input_series": [{"series": "heat", "values": "80x10 81x30"}]}
    tests = {"rule_files": ["r.yml"], "evaluation_interval": "1m", **more}
    (folder / "r.yml").write_text(dump({"groups": [{"name": "g", "rules": rules}]}), encoding="utf-8")
    (folder / "t.yml").write_text(dump({**tests, "tests": [{**case, "alert_rule_test": CASES}]}), "utf-8")
    document = load(folder / "r.yml", "a rule file")
    read = subject(entries(document)[-1])
    assert read is not None
    (suite,) = suites(files_of([str(folder / "t.yml")]), {(folder / "r.yml").resolve(): document})
    return suite, mutants(read)


def answer(asked: dict[int, str]) -> Answer:
    lines = [
        f'    expr: "(x) + 0 * {place}", time: 1m,\n        exp: {{}} -9.8765E+04\n        got: {got}'
        for place, got in asked.items()
    ]
    return Answer(False, frozenset(), frozenset(), "\n".join(lines))


def test_a_moment_is_asked_for_all_evaluations_of_for(tmp_path: Path) -> None:
    suite, made = given(tmp_path, [HOT])
    asked = questions(suite, made[0].subject, [(7, made[0])], [0])
    assert asked is not None
    assert asked.asked == [(who, 3, (0, at)) for at in (600.0, 780.0) for who in (None, 7)]
    entry = asked.job.tests["tests"][0]["promql_expr_test"][0]
    assert (entry["expr"], entry["eval_time"]) == (
        "(count_over_time((heat > 80)[120001ms:1m])) + 0 * 0",
        "10m",
    ), "promtool compares at the evaluation before"


def test_another_label_set_kills_and_a_value_below_for_is_silence(tmp_path: Path) -> None:
    suite, made = given(tmp_path, [HOT])
    asked = questions(suite, made[0].subject, [(7, made[0]), (8, made[1])], [0])
    assert asked is not None
    said = {0: "nil", 1: "{} 2E+00", 2: "nil", 3: "{} 3E+00", 4: "{} 3E+00", 5: '{a="}, {"} 3E+00'}
    assert noticed(asked, answer(said)) == {8}
    said[5] = "{} 3E+00"
    assert noticed(asked, answer(said)) == set()


def test_a_rule_that_is_not_as_its_case_expects_is_not_understood(tmp_path: Path) -> None:
    suite, made = given(tmp_path, [HOT])
    asked = questions(suite, made[0].subject, [(7, made[0])], [0])
    assert asked is not None
    assert noticed(asked, answer({0: "{} 3E+00", 1: "nil", 2: "{} 3E+00", 3: "nil"})) is None


@pytest.mark.parametrize(
    ("rules", "more", "expected"),
    [
        ([HOT], {}, True),
        ([{"record": "heat", "expr": "x"}, HOT], {}, True),
        ([{"record": "heat", "expr": "x"}, HOT], {"group_eval_order": ["g"]}, False),
        ([HOT, HOT], {}, False),
        ([{**HOT, "keep_firing_for": "5m"}], {}, False),
        ([{**HOT, "expr": "heat > 80 unless ALERTS"}], {}, False),
    ],
    ids=[
        "alone",
        "after what it reads",
        "in another order",
        "two of one name",
        "kept firing",
        "other alerts",
    ],
)
def test_an_expression_says_all_only_where_nothing_else_decides(
    tmp_path: Path, rules: list[dict[str, Any]], more: dict[str, Any], expected: bool
) -> None:
    suite, made = given(tmp_path, rules, **more)
    assert is_askable(suite, made[0].subject, made) == expected


def test_another_severity_is_noticed_where_an_alert_is_expected(tmp_path: Path) -> None:
    suite, made = given(tmp_path, [HOT])
    number = next(n for n, mutant in enumerate(made) if mutant.operator == "severity")
    assert relabelled([suite], made) == {number}
    suite, made = given(tmp_path, [{**HOT, "alert": "Cold"}])
    assert relabelled([suite], made) == set(), "no case expects it"
