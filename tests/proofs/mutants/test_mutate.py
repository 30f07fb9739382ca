"""`promproof mutate` with the real promtool: one run for all of these."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.cli import mutate
from promproof.errors import InputError

RULES = """
groups:
  - name: g
    rules:
      - record: room:temperature:max
        expr: max by (room) (max_over_time(temperature{floor="1"}[5m]))
      - alert: Hot
        expr: room:temperature:max > 80
        for: 2m
        labels: {severity: critical}
      - alert: Untested
        expr: humidity > 50
"""
TESTS = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'temperature{room="a",floor="1"}', values: '80x10 81x30'}
    alert_rule_test:
      - {alertname: Hot, eval_time: 10m, exp_alerts: []}
      - {alertname: Hot, eval_time: 12m, exp_alerts: []}
      - {alertname: Hot, eval_time: 13m, exp_alerts: [{exp_labels: {room: a, severity: critical}}]}
"""
pytestmark = pytest.mark.stack


def given(folder: Path, rules: str = RULES, tests: str = TESTS, **more: Any) -> dict[str, Any]:
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    (folder / "tests.yml").write_text(tests, encoding="utf-8")
    values = {"paths": (str(folder),), "tests": (str(folder / "tests.yml"),), "format": "json"}
    return {
        **values,
        "min_score": None,
        "plugins": (),
        "binary": (),
        "alertmanager": None,
        "live": False,
        **more,
    }


def test_mutants_that_a_test_notices_are_killed_and_the_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mutate.run(given(tmp_path, min_score=99.0)) == 1
    told = json.loads(capsys.readouterr().out)
    alive = {(survivor["rule"], survivor["change"]) for survivor in told["survivors"]}
    hot = {change for rule, change in alive if rule == "Hot"}
    recorded = {change for rule, change in alive if rule == "room:temperature:max"}
    assert hot == set(), "the tests are on both sides of everything"
    assert 'matcher floor="1" dropped' in recorded, "no series has another floor"
    assert "by (room): room dropped" not in recorded, "the expected labels have it"
    assert {change for rule, change in alive if rule == "Untested"} >= {"threshold 50 -> 51"}
    assert all(survivor["diff"] and survivor["killed_by"] for survivor in told["survivors"])


def test_a_test_file_that_fails_without_any_change_is_no_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = TESTS.replace("eval_time: 13m", "eval_time: 12m30s")
    assert mutate.run(given(tmp_path, tests=tests, format="text")) == 2
    told = " ".join(capsys.readouterr().out.split())
    first = "tests.yml: fails without any change, and was left out; correct it first"
    assert first in told.partition("rule killed tests")[0], "the cause, before the table"
    assert "score: 0 of" in told
    whole = told.replace(" ", "")  # a terminal breaks long names
    assert f"UnitTesting:{tmp_path / 'tests.yml'}" in whole, "the user's file, not one that was made of it"
    assert "-tests.json" not in whole


def test_a_rule_that_promtool_refuses_is_told_with_the_file_that_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = RULES.replace("humidity > 50", "humidity > > 50")
    assert mutate.run(given(tmp_path, rules, format="text")) == 2
    told = "".join(capsys.readouterr().out.split())
    assert f"{tmp_path / 'rules.yml'}:group" in told
    assert "-rules.json" not in told


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no rule file is there"):
        mutate.run({**given(tmp_path), "paths": (str(tmp_path / "empty"),)})


def split(folder: Path) -> dict[str, Any]:
    """The recording rule in a file of its own, which the test file loads and the command does not name."""
    alone = "groups:\n  - name: r\n    rules:\n" + "".join(RULES.splitlines(keepends=True)[4:6])
    alerts = "".join(line for n, line in enumerate(RULES.splitlines(keepends=True)) if n not in (4, 5))
    (folder / "recorded.yml").write_text(alone, encoding="utf-8")
    tests = TESTS.replace("[rules.yml]", "[recorded.yml, rules.yml]")
    return given(folder, alerts, tests, paths=(str(folder / "rules.yml"),))


def test_rules_that_only_the_test_file_loads_are_there_and_are_not_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mutate.run(split(tmp_path)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["failing"] == []
    assert told["noticed"] == []
    assert {survivor["rule"] for survivor in told["survivors"]} == {"Untested"}


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_test_file_that_loads_none_of_the_rules_is_named(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.yml").write_text(RULES, encoding="utf-8")
    assert mutate.run(given(tmp_path, paths=(str(tmp_path / "other.yml"),), format=form)) == 2
    told = capsys.readouterr().out
    assert "tests.yml" in told
    assert json.loads(told)["unused"] if form == "json" else "loads none of these rule files" in told
    assert form == "json" or "so nothing was judged" in told


@pytest.mark.parametrize(("asked", "holds"), [("B", 1), ("A", 3)])
def test_a_for_is_judged_by_the_files_that_ask_for_its_alert(
    asked: str, holds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = "groups: [{name: g, rules: [{alert: A, expr: a > 1, for: 30s}, {alert: B, expr: b > 1}]}]"
    case = (
        "{interval: 1m, input_series: [], alert_rule_test: [{eval_time: 5m, alertname: %s, exp_alerts: []}]}"
    )
    files = "{rule_files: [rules.yml], evaluation_interval: %s, tests: [%s]}"
    values = given(tmp_path, rules, files % ("1m", case % "A"))
    (tmp_path / "fine.yml").write_text(files % ("10s", case % asked), encoding="utf-8")
    mutate.run({**values, "tests": (*values["tests"], str(tmp_path / "fine.yml"))})
    told = json.loads(capsys.readouterr().out)
    assert sum(row["operator"] == "for" for row in told["survivors"]) == holds


def test_a_for_that_ends_at_the_same_evaluation_is_no_mutant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = "groups: [{name: g, rules: [{alert: A, expr: a > 1, for: 30s}]}]"
    case = (
        "{interval: 1m, input_series: [], alert_rule_test: [{eval_time: 5m, alertname: A, exp_alerts: []}]}"
    )
    for interval, holds in (("1m", 1), ("10s", 3)):
        tests = f"{{rule_files: [rules.yml], evaluation_interval: {interval}, tests: [{case}]}}"
        mutate.run(given(tmp_path, rules, tests))
        told = json.loads(capsys.readouterr().out)
        assert sum(row["operator"] == "for" for row in told["survivors"]) == holds
