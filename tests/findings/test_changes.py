"""`promproof check --changed-since REF`: what is in changed files, and what the change caused in others."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from promproof.cli.program import main

pytestmark = pytest.mark.stack
CONFIGURATION = """global: {scrape_interval: 15s}
rule_files: [rules.yml]
scrape_configs:
- job_name: api
  static_configs: [{targets: ['api:80']}]
"""
RULES = """groups:
- name: api
  rules:
  - alert: Always
    expr: count(up == 1) == 0
  - alert: Errors
    expr: rate(http_errors_total[1m]) > 1
"""


def git(*words: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, its monitoring in a folder that is the current one."""
    folder = tmp_path / "deploy"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "prometheus.yml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    git("init", "-q", "-b", "main", str(tmp_path))
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    return folder


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    only = ["--only", "rule/never-fires", "--only", "rule/window-too-short"]
    main(["check", "--changed-since", "main", "--format", "json", *only, *words])
    return json.loads(capsys.readouterr().out)


def rules(document: Any) -> list[tuple[str, int]]:
    return [(finding["rule"], finding["line"]) for finding in document["findings"]]


def test_nothing_is_found_where_nothing_was_changed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = checked(capsys)
    assert (rules(document), document["not_touched"], document["exit_status"]) == ([], 1, 0)


def test_an_older_mistake_in_a_changed_file_is_found(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "rules.yml").write_text(f"# a comment\n{RULES}", encoding="utf-8")
    assert rules(checked(capsys)) == [("rule/never-fires", 6)]


def test_only_what_a_change_causes_is_found_in_an_unchanged_file(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "prometheus.yml").write_text(CONFIGURATION.replace("15s", "1m"), encoding="utf-8")
    document = checked(capsys)
    assert (rules(document), document["not_touched"]) == ([("rule/window-too-short", 7)], 1)


@pytest.mark.parametrize(("before", "now", "found"), [("admin", "admin", []), ("letmein", "admin", [1])])
def test_a_page_above_the_paths_is_read_as_it_was_too(
    before: str, now: str, found: list[int], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = "grafana: {image: 'grafana/grafana:12.0.0', environment: {GF_SECURITY_ADMIN_PASSWORD: letmein}}"
    (repository / "compose.yml").write_text(f"services: {{{service}}}\n", encoding="utf-8")
    page = repository.parent / "README.md"
    page.write_text(f"deploy/compose.yml has Grafana (admin/{before}).\n", encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "second")
    page.write_text(f"deploy/compose.yml has Grafana (admin/{now}).\n", encoding="utf-8")
    (repository / "rules.yml").write_text(RULES.replace("Always", "Now"), encoding="utf-8")
    main(["check", "--changed-since", "main", "--format", "json", "--only", "compose/contradicts-page"])
    document = json.loads(capsys.readouterr().out)
    assert rules(document) == [("compose/contradicts-page", line) for line in found]


def test_a_file_that_git_does_not_know_yet_is_changed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "new.yml").write_text(RULES, encoding="utf-8")
    assert [finding["file"] for finding in checked(capsys)["findings"]] == ["new.yml"]


def test_a_change_on_the_other_branch_is_no_change_of_this_one(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git("checkout", "-q", "-b", "topic")
    git("checkout", "-q", "main")
    (repository / "rules.yml").write_text(f"# a comment\n{RULES}", encoding="utf-8")
    git("commit", "-q", "-a", "-m", "second")
    git("checkout", "-q", "topic")
    assert rules(checked(capsys)) == []


def test_a_folder_that_is_new_is_judged_whole(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "more").mkdir()
    (repository / "more" / "rules.yml").write_text(RULES, encoding="utf-8")
    assert len(checked(capsys, "more")["findings"]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--changed-since", "nowhere"], "--changed-since: git knows no commit 'nowhere'"),
        (["--changed-since=-x"], "--changed-since: git knows no commit '-x'"),
        (["--changed-since", "main", "-"], "--changed-since: git knows nothing of the standard input"),
    ],
    ids=["ref", "option", "stream"],
)
def test_a_question_that_git_cannot_answer_is_refused(
    words: list[str],
    said: str,
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.read", lambda size=-1: "", raising=False)
    assert main(["check", *words]) == 4
    assert said in capsys.readouterr().err


def test_a_folder_without_a_repository_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main(["check", "--changed-since", "main"]) == 4
    assert "--changed-since: git rev-parse: " in capsys.readouterr().err
