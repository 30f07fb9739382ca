"""An alert's expression without its recordings: where it is sure to say the same, and that it kills none too many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.config.yamlfile import dump, load
from promproof.proofs.coverage import test_files as files_of
from promproof.proofs.mutants.base import Mutant, mutants
from promproof.proofs.mutants.batch import separate
from promproof.proofs.mutants.inlined import inlined
from promproof.proofs.mutants.instants import is_askable, noticed, questions
from promproof.proofs.mutants.project import Suite, readers, subject, suites
from promproof.proofs.mutants.promtool import judge
from promproof.stack.binaries import find_binary

ERRORS = {"record": "errors", "expr": "sum by (job) (rate(e[5m]))"}
WHOLE = {"record": "whole", "expr": "sum by (job) (rate(w[5m]))", "labels": {"over": "5m"}}
SHARE = {"record": "share", "expr": "errors / ignoring (over) whole"}


def given(folder: Path, rules: list[dict[str, Any]], tests: list[dict[str, Any]], **group: Any) -> Suite:
    (folder / "r.yml").write_text(
        dump({"groups": [{"name": "g", "rules": rules, **group}]}), encoding="utf-8"
    )
    file = {"rule_files": ["r.yml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "t.yml").write_text(dump(file), encoding="utf-8")
    document = load(folder / "r.yml", "a rule file")
    (suite,) = suites(files_of([str(folder / "t.yml")]), {(folder / "r.yml").resolve(): document})
    return suite


def read(folder: Path, expression: str, rules: list[dict[str, Any]], **group: Any) -> str | None:
    suite = given(folder, [*rules, {"alert": "A", "expr": expression}], [], **group)
    return inlined(suite, expression, len(rules), {})


@pytest.mark.unit
def test_recordings_are_put_in_place_of_their_names_with_their_labels(tmp_path: Path) -> None:
    assert read(tmp_path, "share > 0.1", [ERRORS, WHOLE, SHARE]) == (
        "((sum by (job) (rate(e[5m]))) / ignoring (over) "
        '(label_replace(sum by (job) (rate(w[5m])), "over", "5m", "", ""))) > 0.1'
    )
    assert read(tmp_path, 'whole{over=~"5.*"} > 1 and other', [WHOLE]) is not None
    longer = {**WHOLE, "expr": "sum by (job) (rate(w[1h]))", "labels": {"over": "1h"}}
    told = read(tmp_path, 'whole{over="1h"} > 1', [WHOLE, longer])
    assert told is not None
    assert "1h" in told
    assert "5m" not in told


@pytest.mark.unit
@pytest.mark.parametrize(
    ("expression", "rules", "group"),
    [
        ("max_over_time(errors[5m]) > 1", [ERRORS], {}),
        ("errors offset 5m > 1", [ERRORS], {}),
        ("max_over_time((errors > 1)[5m:1m]) > 1", [ERRORS], {}),
        ('errors{job="a"} > 1', [ERRORS], {}),
        ("whole > 1", [WHOLE, {**WHOLE, "labels": {"over": "1h"}}], {}),
        ('{over="5m"} > 1', [WHOLE], {}),
        ("share > 1", [SHARE, ERRORS, WHOLE], {}),
        ("errors > 1", [ERRORS], {"limit": 5}),
        ("errors > 1", [ERRORS], {"query_offset": "1m"}),
    ],
    ids=[
        "a window",
        "an offset",
        "a subquery",
        "a label of the series",
        "two of one name",
        "any metric",
        "recorded before what it reads",
        "a limit",
        "another moment",
    ],
)
def test_what_may_say_something_else_is_left_to_the_rules(
    tmp_path: Path, expression: str, rules: list[dict[str, Any]], group: dict[str, Any]
) -> None:
    assert read(tmp_path, expression, rules, **group) is None


@pytest.mark.stack
def test_mutants_of_recordings_that_an_expression_tells_are_told_by_the_rules_too(tmp_path: Path) -> None:
    case = {
        "interval": "1m",
        "input_series": [
            {"series": f'{name}{{job="{job}",instance="{n}"}}', "values": f"0+{by * n}x40"}
            for name, by in (("e", 7), ("w", 60))
            for job in ("a", "b")
            for n in (1, 2)
        ],
        "alert_rule_test": [
            {"alertname": "A", "eval_time": at, "exp_alerts": [{"exp_labels": {"job": j}} for j in jobs]}
            for at, jobs in (("2m", ()), ("30m", ("a", "b")))
        ],
    }
    alert = {"alert": "A", "expr": "share > 0.1", "for": "5m"}
    suite = given(tmp_path, [ERRORS, WHOLE, SHARE, alert], [case])
    made: list[Mutant] = []
    for entry in suite.rules[:3]:
        known = subject(entry)
        assert known is not None
        made += mutants(known)
    ((_, reader, numbers),) = readers([suite], made, set())
    assert numbers == list(range(len(made)))
    assert is_askable(suite, reader, [])
    asked = questions(suite, reader, list(enumerate(made)), [0])
    assert asked is not None
    assert asked.job.rules == {"groups": [{"name": "g", "rules": []}]}, (
        "nothing is evaluated from the beginning"
    )
    promtool = find_binary("promtool").path
    dead = noticed(asked, judge(promtool, [asked.job])[0])
    assert dead
    jobs = [job for mutant in made if (job := separate(suite, mutant)) is not None]
    alone = {number for number, answer in enumerate(judge(promtool, jobs)) if not answer.passed}
    assert dead <= alone
    assert len(dead) > len(alone) / 2
    assert not alone >= set(range(len(made))), "a window that is twice as long says the same of steady series"
