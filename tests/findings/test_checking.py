"""`promproof check`: what is shown, how it ends, and that a folder without monitoring is never green."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from promproof.cli.program import main
from promproof.config.jsonplaces import Lines
from promproof.findings import judging
from promproof.findings.choosing import matches
from promproof.findings.finding import Finding
from promproof.findings.judging import NotVerifiedError
from promproof.findings.kind import KINDS, Judge, Kind, Severity, each_rule
from promproof.findings.setup import Rule, Setup

pytestmark = pytest.mark.unit
MILD = Kind("rule/mild", Severity.INFO, "mild", "why", "", "")
HARD = Kind("rule/hard", Severity.ERROR, "hard", "why", "", "")
RULES = """groups:
- name: api
  rules:
  - alert: Down
    expr: up == 0
  - alert: Mild
    expr: up == 0
"""


def found(rule: Rule, setup: Setup) -> Iterator[Finding]:
    if rule.name == "Down":
        yield HARD.at(rule.at("expr"), "is wrong " * 20, effect="nobody\nknows", todo="mend it", see="a\n  b")
    else:
        yield MILD.at(rule.at(), "could be better")


def crashed(rule: Rule, setup: Setup) -> Iterator[Finding]:
    yield HARD.at(rule.at(str(rule.labels["le"])), "never reached")


def not_here(rule: Rule, setup: Setup) -> Iterator[Finding]:
    if rule.name:
        raise NotVerifiedError("promtool is not here")
    yield HARD.at(rule.at(), "never reached")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the command, with two rules; the judges are those that a test asks for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    judges(monkeypatch, found)
    return tmp_path


def judges(monkeypatch: pytest.MonkeyPatch, *functions: object) -> None:
    KINDS.names()  # or the judges that this imports would be lost to all other tests
    made: list[Judge] = []
    monkeypatch.setattr("promproof.findings.kind.JUDGES", made)
    for function in functions:
        each_rule(HARD, MILD)(function)  # type: ignore[arg-type]  # judges of several shapes
    monkeypatch.setattr(judging, "JUDGES", made)


def test_a_finding_is_shown_with_its_place_its_effect_and_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 1
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"rules.yml:5 error rule/hard {'is wrong ' * 20}".rstrip()
    assert others == [
        "    effect: nobody knows",
        "    to do: mend it",
        "    see: a",
        "           b",
        "",
        "checked: 2 rules",
        "1 error in 1 file; not shown: 1 info (--severity info)",
    ]


def test_a_terminal_gets_lines_of_its_width(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["check", "rules.yml"]) == 1
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60


@pytest.mark.parametrize(
    ("severity", "shown", "status"), [("error", 1, 1), ("info", 2, 1), ("hint", 2, 1)], ids=str
)
def test_a_finding_milder_than_asked_is_not_shown(
    severity: str, shown: int, status: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--severity", severity, "--format", "json"]) == status
    document = json.loads(capsys.readouterr().out)
    assert len(document["findings"]) == shown
    assert sum(document["counts"].values()) == shown


def test_a_mild_finding_alone_is_green_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules.yml").write_text(RULES.replace("Down", "Up"), encoding="utf-8")
    assert main(["check"]) == 0
    assert "no findings; not shown: 2 info (--severity info)" in capsys.readouterr().out


def test_a_judge_that_crashes_makes_status_2_and_is_named_with_the_item(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judges(monkeypatch, crashed)
    assert main(["check"]) == 2
    said = capsys.readouterr().out
    assert (
        "not verified: rule/hard, rule/mild: a judge crashed, a mistake of promproof: KeyError: 'le'" in said
    )
    assert "at Down (rules.yml:4) and 1 more item" in said


def test_a_missing_program_is_named_once_and_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judges(monkeypatch, not_here)
    assert main(["check"]) == 0
    assert capsys.readouterr().out.splitlines()[:1] == [
        "not verified: rule/hard, rule/mild: promtool is not here"
    ]


def test_a_finding_decides_the_status_beside_a_crash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judges(monkeypatch, crashed, found)
    assert main(["check"]) == 1


@pytest.mark.parametrize(
    "text", ["name: somebody else's\n", "services: {db: {image: 'postgres:16'}}\n", ""], ids=str
)
def test_a_folder_without_monitoring_ends_with_4(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rules.yml").write_text(text, encoding="utf-8")
    assert main(["check"]) == 4
    assert ".: there is no monitoring file: nothing was checked" in capsys.readouterr().err


def test_a_folder_of_templates_alone_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.yml").write_text("{{- if .Values.rules }}\ngroups: []\n{{- end }}\n", encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 4
    assert "rules.yml: a template: give `helm template`" in capsys.readouterr().err


def test_a_file_that_is_no_regular_one_is_named_and_not_waited_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(folder / "pipe.yml")
    (folder / "gone.yml").symlink_to(folder / "nowhere.yml")
    main(["check", str(folder)])
    shown = capsys.readouterr().out
    assert "pipe.yml: cannot be read: it is no regular file" in shown
    assert "gone.yml: cannot be read: No such file or directory" in shown
    (folder / "rules.yml").unlink()
    assert main(["check", str(folder / "pipe.yml")]) == 4
    assert "nobody writes into the pipe" in capsys.readouterr().err
    assert main(["check", "--prometheus-config", str(folder / "pipe.yml")]) == 4


def test_a_pipe_that_is_named_is_read_as_what_its_text_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in (RULES, json.dumps(yaml.safe_load(RULES))):
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        pipe = f"/dev/fd/{reading}"
        assert main(["check", pipe, "--format", "json"]) == 1
        os.close(reading)
        found = json.loads(capsys.readouterr().out)["findings"]
        assert {finding["file"] for finding in found} == {pipe}
        assert not any(pipe in finding["see"] for finding in found)


def test_the_standard_input_is_read_and_all_its_documents_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{RULES}---\n{RULES}"))
    assert main(["check", "-", "--format", "json"]) == 1
    places = [
        (finding["file"], finding["line"]) for finding in json.loads(capsys.readouterr().out)["findings"]
    ]
    assert places == [("stdin", 5), ("stdin", 13)]


def test_a_file_is_written_and_the_terminal_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--output", "found.txt"]) == 1
    assert capsys.readouterr().out == ""
    assert "rules.yml:5 error rule/hard" in (folder / "found.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--severity", "warn"], "--severity: no severity is called 'warn'; did you mean warning?"),
        (["--format", "jsn"], "--format: no format is called 'jsn'; did you mean json?"),
        (["nowhere"], "nowhere: no file or folder is there"),
        (["--output", "no/where"], "no/where: can't be written: No such file or directory"),
    ],
    ids=["severity", "format", "path", "output"],
)
def test_a_wrong_word_is_refused_with_what_is_meant(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *words]) == 4
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "line"),
    [("$.panels[0].targets[0].expr", 8), ("$.panels[0].targets[0].none", 7), ("$.none", 1), ("$", 1)],
    ids=str,
)
def test_a_json_path_has_its_line_or_that_of_what_holds_it(path: str, line: int) -> None:
    text = json.dumps({"title": "D", "panels": [{"title": "P", "targets": [{"expr": "up"}]}]}, indent=1)
    assert Lines(text).line(path) == line


@pytest.mark.parametrize(
    ("pattern", "rule", "is_named"),
    [
        ("rule/le-dropped", "rule/le-dropped", True),
        ("rule", "rule/le-dropped", True),
        ("rule/*", "rule/le-dropped", True),
        ("*/le-dropped", "grafana/le-dropped", True),
        ("rule/le", "rule/le-dropped", False),
        ("ru", "rule/le-dropped", False),
    ],
    ids=str,
)
def test_a_kind_is_named_by_its_id_its_family_or_a_pattern(pattern: str, rule: str, is_named: bool) -> None:
    assert matches(pattern, rule) is is_named


def test_an_unknown_id_is_refused_with_the_one_that_is_meant(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--only", "rule/irate-in-alerts"]) == 4
    assert (
        "--only: no kind of finding is called 'rule/irate-in-alerts'; did you mean rule/irate-in-alert"
        in (capsys.readouterr().err)
    )


def test_a_kind_that_is_not_asked_for_is_not_judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judges(monkeypatch, crashed)
    assert main(["check", "--only", "rule/irate-in-alert"]) == 0


def test_configurations_and_dashboards_can_be_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "prom.yml").write_text("rule_files: [rules.yml]\n", encoding="utf-8")
    (folder / "boards").mkdir()
    (folder / "boards" / "b.json").write_text('{"title": "B", "panels": []}', encoding="utf-8")
    words = ["--prometheus-config", "prom.yml", "--dashboards", "boards"]
    assert main(["check", *words]) == 1
    assert "checked: 2 rules, 1 Prometheus configuration, 1 dashboard\n" in capsys.readouterr().out
