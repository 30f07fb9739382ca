"""promtool and amtool are asked when they are here; an old one is no judge, and one that is not here is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.cli.program import main
from promproof.findings.programs import located
from promproof.places import cache_dir
from promproof.stack.binaries import find_binaries

pytestmark = pytest.mark.stack
RULES = "groups:\n- name: a\n  rules:\n  - {alert: Up, expr: 'up == 0'}\n"
ROUTES = "route: {receiver: a}\nreceivers: [{name: a}]\n"
SAID = """Checking rules.yml
  SUCCESS: 1 rules found

Checking HERE/rules.yml
  FAILED:
HERE/rules.yml: 4:5: group "a", rule 1, "Up": it is odd
"""
ONLY = ["--only", "file/promtool", "--only", "file/amtool"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the command; no program is found unless a test says so."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "folder" / "rules.yml").write_text(RULES, encoding="utf-8")
    return tmp_path / "folder"


def program(folder: Path, name: str, version: str, said: str) -> None:
    """A program of that version that says the same of all files."""
    text = said.replace("HERE", str(folder))
    file = folder.parent / "bin" / name
    file.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{name}, version {version} (x)"; exit; fi\n'
        f"cat <<'END'\n{text}END\nexit 1\n",
        encoding="utf-8",
    )
    file.chmod(0o755)


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    main(["check", "--format", "json", *(words or ONLY)])
    return json.loads(capsys.readouterr().out)


def test_what_a_current_promtool_refuses_is_found_in_its_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(here, "promtool", "3.5.0", SAID)
    (finding,) = checked(capsys)["findings"]
    assert (finding["rule"], finding["file"], finding["line"]) == ("file/promtool", "rules.yml", 4)
    assert finding["message"] == 'promtool 3.5.0: 4:5: group "a", rule 1, "Up": it is odd'
    assert finding["see"] == "promtool check rules rules.yml"


@pytest.mark.parametrize(
    "text",
    [
        RULES.replace("up == 0", 'sum(rate({app="a"} |= "error" [5m])) > 1'),
        RULES.replace("name: a", "name: a\n  partial_response_strategy: warn"),
        f"namespace: team\n{RULES}",
        RULES.replace("up == 0", 'up{cluster="${CLUSTER}"} == 0'),
    ],
)
def test_what_promtool_says_of_a_file_of_another_program_is_no_finding(
    text: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(here, "promtool", "3.5.0", SAID)
    (here / "rules.yml").write_text(text, encoding="utf-8")
    assert checked(capsys)["findings"] == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (SAID, "promtool 2.42.0 refuses it, and is too old to judge by ("),
        (
            SAID.replace("it is odd", "line 3: field query_offset not found in type rulefmt.RuleGroup"),
            "promtool 2.42.0 does not know query_offset: too old, or a key of another program; --binary promtool=",
        ),
        (
            SAID.replace("it is odd", 'unknown function with name "histogram_avg"'),
            "promtool 2.42.0 does not know histogram_avg: too old",
        ),
    ],
    ids=["refused", "key", "function"],
)
def test_what_an_old_promtool_refuses_is_not_verified(
    said: str, reason: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(here, "promtool", "2.42.0", said)
    document = checked(capsys)
    (missed,) = document["not_verified"]
    assert f"rules.yml: {reason}" in missed["reason"]
    assert (missed["rules"], document["findings"], document["exit_status"]) == (["file/promtool"], [], 0)


def test_a_mistake_that_is_found_already_is_not_repeated_by_promtool(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(here, "promtool", "3.5.0", SAID)
    (here / "rules.yml").write_text(RULES.replace("up == 0", "up =="), encoding="utf-8")
    rules = [finding["rule"] for finding in checked(capsys, "--severity", "error")["findings"]]
    assert rules == ["rule/unparsable"]


def test_a_program_that_is_not_here_is_named_once_for_all_files(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "more.yml").write_text(RULES, encoding="utf-8")
    (here / "am.yml").write_text(ROUTES, encoding="utf-8")
    assert main(["check", *ONLY]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(";")[0] for line in lines if line.startswith("not verified")] == [
        "not verified: file/promtool: promtool is not here",
        "not verified: file/amtool: amtool is not here",
    ]


def test_a_program_that_no_file_needs_is_not_missed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "rules.yml").rename(here / "rules.txt")
    (here / "board.json").write_text('{"title": "B", "panels": []}', encoding="utf-8")
    assert checked(capsys)["not_verified"] == []


def test_a_chosen_program_in_the_folder_here_needs_no_slash(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(here, "promtool", "3.5.0", "Checking HERE/rules.yml\n  FAILED:\n HERE/rules.yml: no\n")
    monkeypatch.chdir(here.parent / "bin")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for choice in ("promtool", "./promtool", "."):
        said = checked(capsys, str(here), "--only", "file/promtool", "--binary", f"promtool={choice}")
        assert [finding["rule"] for finding in said["findings"]] == ["file/promtool"], choice


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("promtool=/nowhere", "--binary promtool=/nowhere: /nowhere does not answer `--version` as promtool"),
        ("grafana=/nowhere", "--binary grafana=/nowhere: grafana is not asked"),
        ("promtool", "--binary: 'promtool' names no file"),
    ],
    ids=["no program", "another", "no file"],
)
def test_a_wrong_choice_of_a_program_is_reported(
    choice: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--binary", choice]) == 4
    assert said in capsys.readouterr().err


def test_a_program_that_is_named_is_taken_before_that_of_path(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(here, "promtool", "3.5.0", SAID)
    (here.parent / "bin").rename(here.parent / "mine")
    (here.parent / "bin").mkdir()
    program(here, "promtool", "3.6.0", SAID)
    (finding,) = checked(capsys, "--binary", f"promtool={here.parent / 'mine'}", *ONLY)["findings"]
    assert finding["message"].startswith("promtool 3.5.0: ")


def test_the_programs_that_are_here_answer(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.undo()
    binaries = find_binaries()
    given = {"promtool": binaries.promtool.path, "amtool": binaries.amtool.path}
    programs = located(given)
    assert {name: program.version for name, program in programs.items()} == {
        "promtool": binaries.promtool.version,
        "amtool": binaries.amtool.version,
    }
    assert located({}).keys() <= {"promtool", "amtool"}
    assert cache_dir().name
    from promproof.findings.programs import refusals

    broken, good = here / "broken.yml", here / "rules.yml"
    broken.write_text(RULES.replace("up == 0", "up =="), encoding="utf-8")
    refused = refusals(programs["promtool"], ("check", "rules", "--lint=none"), [str(broken), str(good)])
    assert list(refused) == [str(broken)]
    assert "could not parse expression" in refused[str(broken)]
    routes = here / "am.yml"
    routes.write_text(ROUTES.replace("receiver: a", "receiver: b"), encoding="utf-8")
    assert (
        'undefined receiver "b"'
        in refusals(programs["amtool"], ("check-config",), [str(routes)])[str(routes)]
    )
