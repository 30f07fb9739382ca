"""Tests that `prove --write-tests` leaves load the rules where they are deployed; a copy stays where that can't be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from promproof.cli.program import main

pytestmark = pytest.mark.stack

HOT = "{alert: Hot, expr: max by (room) (temperature) > 80, for: 2m, labels: {severity: page}}"
COLD = "{alert: Cold, expr: min by (room) (temperature) < 5, for: 2m}"
RECORDED = "{record: 'room:temperature:max', expr: max by (room) (temperature)}"
READING = "{alert: Hot, expr: 'room:temperature:max > 80', for: 2m}"
MADE = Path("tests-of-rules")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(file: str, *rules: str, group: str = "g") -> None:
    Path(file).parent.mkdir(exist_ok=True)
    lines = "".join(f"  - {rule}\n" for rule in rules)
    Path(file).write_text(f"groups:\n- name: {group}\n  rules:\n{lines}", encoding="utf-8")


def write(*paths: str) -> None:
    assert main(["prove", *paths, "--no-cache", "--write-tests", str(MADE)]) == 0


def loads(name: str = "Hot") -> list[str]:
    files: list[str] = yaml.safe_load((MADE / f"{name}.test.yml").read_text(encoding="utf-8"))["rule_files"]
    return files


def passes(promtool: Path, name: str = "Hot") -> bool:
    command = [str(promtool), "test", "rules", str(MADE / f"{name}.test.yml")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_change_of_the_deployed_rule_turns_its_written_test_red(promtool: Path) -> None:
    put("rules/r.yml", HOT, COLD)
    write("rules")
    assert loads() == loads("Cold") == ["../rules/r.yml"]
    assert not list(MADE.glob("*.rules.yml"))
    assert passes(promtool)
    put("rules/r.yml", HOT.replace("80", "90"), COLD)
    assert not passes(promtool)
    assert passes(promtool, "Cold")


def test_what_changes_nothing_leaves_the_written_tests_green(promtool: Path) -> None:
    put("rules/r.yml", HOT, COLD)
    write("rules")
    put("rules/r.yml", f"# another order, and a comment\n  - {COLD}", HOT, group="renamed")
    assert passes(promtool)
    assert passes(promtool, "Cold")


def test_what_an_alert_reads_is_loaded_from_its_own_file_and_evaluated_before_it(promtool: Path) -> None:
    put("rules/a.yml", READING, group="alerts")
    put("rules/r.yml", RECORDED, group="recordings")
    write("rules")
    document = yaml.safe_load((MADE / "Hot.test.yml").read_text(encoding="utf-8"))
    assert document["rule_files"] == ["../rules/r.yml", "../rules/a.yml"]
    assert document["group_eval_order"] == ["recordings", "alerts"]
    assert all(passes(promtool) for _ in range(3))
    put("rules/r.yml", RECORDED.replace("max by (room) ", "max"), group="recordings")
    assert not passes(promtool)


def test_mutants_of_the_deployed_rules_are_asked_of_the_written_tests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put("rules/r.yml", HOT)
    write("rules")
    capsys.readouterr()
    assert main(["mutate", "rules", "--tests", str(MADE), "--min-score", "100"]) == 0
    assert "killed, 100.0 %" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n"
            f"  groups:\n  - {{name: g, rules: [{HOT}]}}\n",
            "promtool does not pass it on the rule files themselves",
        ),
        (
            "groups:\n- name: g\n  rules:\n"
            + f"  - {HOT}\n"
            + "".join(f"  - {{record: 'a:{number}', expr: vector(1)}}\n" for number in range(100)),
            "its files hold 101 rules, and promtool evaluates all of them in each test",
        ),
        (
            f"groups:\n- {{name: a, rules: [{HOT}]}}\n- {{name: b, rules: [{HOT.replace('page', 'mail')}]}}\n",
            "promtool does not pass it on the rule files themselves",
        ),
    ],
    ids=["a resource of the operator", "many rules", "two alerts of one name"],
)
def test_a_test_that_cannot_have_the_file_itself_keeps_a_copy_and_says_why(
    text: str, reason: str, promtool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("r.yml").write_text(text, encoding="utf-8")
    write("r.yml")
    assert f"tests a copy of its rule: Hot.test.yml: {reason}" in " ".join(capsys.readouterr().err.split())
    assert loads() == ["Hot.rules.yml"]
    assert passes(promtool)


def test_an_alert_that_always_fires_and_one_of_the_clock_have_a_test(promtool: Path) -> None:
    dog = "{alert: Dog, expr: vector(1), for: 7m, labels: {severity: none}}"
    night = "{alert: Night, expr: hour() > 22}"
    put("r.yml", dog, night)
    write("r.yml")
    assert passes(promtool, "Dog")
    assert passes(promtool, "Night")
    put("r.yml", dog.replace("none", "page"), night.replace("22", "21"))
    assert not passes(promtool, "Dog")
    assert not passes(promtool, "Night")


def test_a_proven_alert_without_a_test_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    put("r.yml", "{alert: Pinned, expr: 'x @ 300 > 3'}")
    write("r.yml")
    assert "left out: Pinned: its way from a cause to healing was not followed\n" in capsys.readouterr().err
