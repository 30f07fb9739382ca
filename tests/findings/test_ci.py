"""The pre-commit hooks and the GitHub Action of this repository: what they run is run here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.cli.program import main
from promproof.places import REPOSITORY

pytestmark = pytest.mark.stack
HOOKS = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
BAD = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: count(up == 1) == 0\n"
DOCUMENTED = (REPOSITORY / "docs" / "check.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a rule file that has a mistake."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yml").write_text(BAD, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], check=True)
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    return tmp_path


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_a_command_that_finds_the_mistake(
    hook: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = hook["entry"].split()
    assert program == "promproof"
    assert hook["pass_filenames"] is False, "a file alone is judged without those that it belongs to"
    assert re.search(hook["files"], "monitoring/rules.yml")
    assert main(words) == 1
    assert "rule/never-fires" in capsys.readouterr().out


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_is_documented(hook: dict[str, Any]) -> None:
    assert f"id: {hook['id']}" in DOCUMENTED


def ran(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The step of the action that checks, with inputs besides their defaults."""
    (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == "check"]
    values = {name: str(given["default"]) for name, given in ACTION["inputs"].items()}
    values.update({name.replace("_", "-"): value for name, value in inputs.items()})
    environment = {}
    for name, value in step["env"].items():
        expression = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)
        assert expression is not None, value
        environment[name] = values[expression[1]]
    program = folder / "runner" / "promproof" / "bin" / "promproof"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m promproof "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            **os.environ,
            **environment,
            "RUNNER_TEMP": str(folder / "runner"),
            "PYTHONPATH": str(REPOSITORY),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        },
    )


def test_the_action_annotates_the_mistake_writes_the_summary_and_fails(folder: Path) -> None:
    done = ran(folder)
    assert done.returncode == 1, done.stderr
    assert "::error file=rules.yml,line=5,title=rule/never-fires::" in done.stdout
    assert "rule/never-fires" in (folder / "summary.md").read_text(encoding="utf-8")


def test_the_action_hands_every_input_on(folder: Path) -> None:
    (folder / "my rules").mkdir()
    done = ran(
        folder,
        paths="rules.yml\nrules.yml",
        severity="info",
        format="sarif",
        output="my rules/o.sarif",
        baseline="no.json",
        changed_since="HEAD",
    )
    assert done.returncode == 4
    assert "no.json: cannot be read" in done.stderr
    done = ran(folder, paths="rules.yml\nrules.yml", format="sarif", output="my rules/o.sarif")
    assert done.returncode == 1, done.stderr
    assert '"rule/never-fires"' in (folder / "my rules" / "o.sarif").read_text(encoding="utf-8")


def test_no_script_of_the_action_holds_an_input() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"], step["name"]


def test_every_input_is_used_and_documented() -> None:
    (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == "check"]
    used = {re.sub(r".*inputs\.([\w-]+).*", r"\1", value) for value in step["env"].values()}
    assert used == set(ACTION["inputs"])
    assert all(f"`{name}`" in DOCUMENTED for name in used)


def test_a_check_of_rules_imports_nothing_that_takes_long(folder: Path) -> None:
    (folder / "runbooks.md").write_text("# API down\n", encoding="utf-8")
    (folder / "linked.yml").write_text(
        "groups: [{name: g, rules: [{alert: Down, expr: up == 0, annotations: {runbook: 'runbooks.md#api-down'}}]}]",
        encoding="utf-8",
    )
    heavy = (
        "pydantic", "markdown_it", "importlib.metadata", "requests", "gevent", "pytest", "rich",
        "promproof.grafana.dashboard", "promproof.findings.panels",
    )  # fmt: skip
    script = (
        "import sys; from promproof.cli.program import main; main(['check']); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert done.stdout.splitlines()[-1] == "[]"
