"""Whatever stands where a command reads a file of its user, it ends with the file's name and 4, and never waits."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from promproof.cli import check
from promproof.cli.program import main
from promproof.config import usertext
from promproof.config.folder import read_folder
from promproof.config.scrape_auth import authorization
from promproof.config.usertext import Mistake
from promproof.errors import InputError
from promproof.faults.process_signal import SignalFault
from promproof.places import REPOSITORY, cache_dir
from promproof.proofs import rulefiles
from promproof.proofs.coverage.order import chains
from promproof.proofs.coverage.testfile import read_test_file
from promproof.report.page import earlier
from promproof.stack.journal import locked

pytestmark = pytest.mark.unit

RULES = "groups: [{name: g, rules: [{alert: A, expr: up == 0, for: 1m}]}]\n"


def deep(place: Path) -> None:
    place.write_text("[" * 100_000 + "\n", encoding="utf-8")


def no_text(place: Path) -> None:
    place.write_bytes(b'{"a": "\xff"}\n')


HOSTILE: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a device": lambda place: place.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
    "100,000 brackets": deep,
    "no UTF-8": no_text,
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "check --baseline FILE": ("check", "rules.yml", "--baseline", "FILE"),
    "drill --list": ("drill", "--list", "--drills", "drills"),
    "scenarios show": ("scenarios", "show", "FILE"),
    "scenarios check": ("scenarios", "check", "FILE"),
    "judge": ("judge", "run"),
    "report": ("report", "run"),
    "init": ("init", "--target", "http://127.0.0.1:9", "--output", "draft"),
    "init --env-file": ("init", "--app", "server {port}", "--env-file", "FILE"),
    "init --header": ("init", "--target", "http://127.0.0.1:9", "--header", "target=X: @FILE"),
}
PLACES = {
    "drill --list": "drills/a.yaml",
    "judge": "run/history.jsonl",
    "report": "run/history.jsonl",
    "init": "draft/contract.yaml",
}


TAKEN = {(command, "100,000 brackets") for command in ("init --header", "init", "scenarios show")}
"""A header is whatever a file holds; to what shows or merges a file as it stands it is text."""


@pytest.mark.parametrize(
    ("command", "hostile"),
    [(command, hostile) for command in COMMANDS for hostile in HOSTILE if (command, hostile) not in TAKEN],
)
def test_what_stands_in_place_of_a_file_is_told_with_its_name(
    command: str,
    hostile: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yml").write_text(RULES, encoding="utf-8")
    place = tmp_path / PLACES.get(command, "FILE")
    place.parent.mkdir(exist_ok=True)
    HOSTILE[hostile](place)
    assert main(COMMANDS[command]) == 4
    assert place.name in capsys.readouterr().err


def test_a_pipe_is_no_file_of_a_secret_an_ignored_path_or_a_number(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert authorization({"bearer_token_file": "pipe"}, tmp_path) == ""
    with pytest.raises(InputError, match="no pid can be read"):
        SignalFault(kind="signal", pid_file=str(pipe), apply="STOP", undo="CONT").process()
    assert usertext.beginning(pipe) == ""


def test_an_option_s_file_may_be_a_pipe_that_somebody_writes_into() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"TOKEN=abc\n")
    os.close(writer)
    assert usertext.given(Path(f"/dev/fd/{reader}")) == "TOKEN=abc\n"
    assert usertext.given(Path("/dev/null")) == ""
    os.close(reader)


def test_a_pipe_without_an_end_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usertext, "PIPE_SECONDS", 0.1)
    reader, writer = os.pipe()
    with pytest.raises(Mistake, match=r"no end after 0\.1 s"):
        usertext.given(Path(f"/dev/fd/{reader}"))
    for end in (reader, writer):
        os.close(end)


def test_a_pipe_that_has_no_writer_any_more_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(*_: object) -> None:
        raise AssertionError("nothing can come any more")

    monkeypatch.setattr("select.select", waits)
    reader, writer = os.pipe()
    os.close(writer)
    with pytest.raises(Mistake, match="nobody writes into the pipe"):
        usertext.given(Path(f"/dev/fd/{reader}"))
    os.close(reader)


def test_a_named_pipe_is_read_whose_writer_comes_a_moment_later(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_text("TOKEN=abc\n", encoding="utf-8"))
    writer.start()
    assert usertext.given(pipe) == "TOKEN=abc\n"
    writer.join()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_run_beside_whose_report_is_broken_is_none_before_this_one(hostile: str, tmp_path: Path) -> None:
    for name in ("20260101T000000Z", "20260102T000000Z"):
        (tmp_path / name).mkdir()
    HOSTILE[hostile](tmp_path / "20260101T000000Z" / "report.json")
    assert earlier.before(tmp_path / "20260102T000000Z") == []


def test_a_rule_file_of_10_000_documents_is_read_in_one_pass(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("---\na: 1\n" * 10_000 + "---\n" + RULES, encoding="utf-8")
    (alert,) = rulefiles.read([file]).alerts
    assert alert.where == f"{file}:20002"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("alert: [A], expr: up", "alert is no text"),
        ("alert: A, expr: {up: 1}", "expr is no text"),
        ("alert: A, expr: up, annotations: [1]", "annotations are no mapping"),
        ("alert: A, expr: up, annotations: {summary: {a: 1}}", "annotations.summary is no text"),
        ("alert: A, expr: up, labels: {severity: [page]}", "labels.severity is no text"),
    ],
)
def test_a_rule_that_prometheus_refuses_is_not_proven(rule: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(f"groups: [{{name: g, rules: [{{{rule}}}]}}]\n", encoding="utf-8")
    found = rulefiles.read([file])
    assert found.alerts == []
    (problem,) = found.problems
    assert problem.startswith(f"{file}:1: group g: ")
    assert problem.endswith(told)


def test_rules_that_are_no_list_are_told_of_a_file_that_was_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("groups: [{name: g, rules: 7}]\n", encoding="utf-8")
    assert rulefiles.read([file]).problems == [f"{file}:1: rules are no list"]


def test_general_settings_that_are_a_list_cost_no_scrape_interval() -> None:
    assert list(rulefiles.scrape_intervals({"global": [1], "scrape_configs": [{}, 3]})) == [60.0]


@pytest.mark.parametrize(
    "text",
    ["groups: 5", "groups: [{name: g, rules: 7}]", "groups: [{name: g, rules: [{alert: [A], expr: up}]}]"],
)
def test_the_order_of_groups_is_asked_of_what_is_a_rule_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    file = tmp_path / "test.yml"
    case = "{alert_rule_test: [{eval_time: 1m, alertname: A}]}"
    file.write_text(f"rule_files: [rules.yml]\ngroup_eval_order: 3\ntests: [{case}]\n", encoding="utf-8")
    assert chains(read_test_file(file)) == []


def test_a_stream_without_end_is_not_read_for_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "MOST_OF_A_STREAM", 1 << 20)
    with Path("/dev/zero").open(encoding="utf-8") as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        assert main(["check", "-"]) == 4
    assert "stdin: has over 1 MiB" in capsys.readouterr().err


LONG = "x" * 300
LONG_PATHS = (
    ("check", LONG),
    ("prove", LONG),
    ("prove", "rules.yml", "--write-tests", LONG),
    ("mutate", LONG),
    ("mutate", ".", "--live", "--contract", LONG),
    ("judge", LONG),
    ("report", LONG),
    ("scenarios", "check", LONG),
    ("scenarios", "show", LONG),
    ("drill", "--list", "--drills", LONG),
    ("verify", "--contract", LONG),
    ("verify", "--monitoring", LONG),
    ("verify", "--plugins", LONG),
    ("verify", "--binary", f"promtool={LONG}"),
    ("load", LONG),
    ("load", "steady", "--plugins", LONG),
    ("load", "steady", "--contract", LONG),
    ("init", "--app", "server {port}", "--monitoring", LONG),
    ("init", "--app", "server {port}", "--directory", LONG),
    ("init", "--target", "http://127.0.0.1:9", "--output", LONG),
    ("ui", "--contract", LONG),
)


@pytest.mark.parametrize(
    "words", LONG_PATHS, ids=[" ".join(words).replace(LONG, "LONG") for words in LONG_PATHS]
)
def test_a_name_of_300_characters_is_one_line_and_4(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yml").write_text(RULES, encoding="utf-8")
    assert main(words) == 4
    assert "File name too long" in capsys.readouterr().err.splitlines()[0]
    assert [path.name for path in tmp_path.iterdir()] == ["rules.yml"]


@pytest.mark.parametrize("place", ["rules.yml", "/proc/tests"])
def test_tests_that_have_no_place_are_told_before_anything_is_proven(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yml").write_text(RULES, encoding="utf-8")
    assert main(["prove", "rules.yml", "--write-tests", place]) == 4
    assert capsys.readouterr().err.startswith(f"--write-tests: {place} cannot be written: ")


def test_a_command_runs_in_a_folder_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--app", "server {port}", "--directory", str(tmp_path / "none")]) == 4
    assert f"--directory: {tmp_path / 'none'} is no folder" in capsys.readouterr().err


def test_a_file_of_a_folder_that_cannot_be_read_may_be_one_of_rules(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULES, encoding="utf-8")
    (tmp_path / "b.yml").symlink_to("/proc/self/mem")  # opens, and can't be read
    found = rulefiles.read([tmp_path])
    assert [alert.name for alert in found.alerts] == ["A"]
    assert found.problems == [f"{tmp_path / 'b.yml'}: cannot be read: Input/output error"]


def test_a_monitoring_folder_or_a_cache_that_cannot_be_looked_at_is_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        read_folder(tmp_path / LONG)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / LONG))
    assert cache_dir() == tmp_path / LONG / "promproof"
    with pytest.raises(InputError, match="cannot be written: File name too long"), locked(cache_dir() / "x"):
        pass


READERS = {
    "catalogue": "the files of a set-up that a run has read already, and the catalogue itself",
    "cli/ui.py": "Locust's own source",
    "config/baked.py": "bounded, and a Dockerfile that can't be read brings no file",
    "config/jsonlines.py": "what this program wrote",
    "config/masking.py": "the folder of a run",
    "faults/broken_configuration.py": "the run copy",
    "faults/monitoring_state.py": "the run copy",
    "faults/undiscovered.py": "the run copy",
    "findings/read_markdown.py": "bounded, and whatever it holds",
    "live/drills.py": "the log of a drill that it has started",
    "load/team.py": "the kernel",
    "observe": "the kernel",
    "proofs/cache.py": "what this program wrote",
    "proofs/deployed.py": "what this program wrote",
    "proofs/known.py": "what this program wrote",
    "render/grafana.py": "a dashboard that has been read already",
    "report": "what this program ships",
    "run/alone.py": "what this program wrote",
    "run/exercises.py": "the run copy",
    "run/spare.py": "control groups of the kernel",
    "stack": "the kernel, logs of its own children, programs of the cache",
}
"""Who reads a file without the one reader, and what that is."""


def test_whoever_reads_a_file_of_a_user_takes_the_one_reader() -> None:
    found = {
        place
        for path in sorted((REPOSITORY / "promproof").rglob("*.py"))
        if "promproof/config/usertext.py" not in str(path) and _reads(path)
        for place in [str(path.relative_to(REPOSITORY / "promproof"))]
    }
    known = {place for place in found if place in READERS or place.split("/")[0] in READERS}
    assert found == known, "read it with config.usertext or config.inputs, or say here what it is"
    assert {name for name in READERS if not any(place.startswith(name) for place in found)} == set()


def _reads(path: Path) -> bool:
    calls = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    )
    names = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
    return bool(names & {"read_text", "read_bytes"})
