"""The program's command line: made from the tables, and the same options in pytest under a prefix."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import pytest

from promproof.cli import ui, verify
from promproof.cli.commands import COMMANDS
from promproof.cli.program import main, program
from promproof.cli.verify import prefixed
from promproof.errors import InputError
from promproof.load.locust import left_out
from promproof.optiontable import GROUPS, OPTIONS, PROGRAMS, options
from promproof.places import REPOSITORY
from promproof.pytest_plugin import pytest_addoption
from promproof.stack.binaries import NAMES
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.unit


def test_no_command_has_an_option_twice() -> None:
    for command in COMMANDS:
        counted = Counter(option.name for option in options(command.name))
        assert not [name for name, times in counted.items() if times > 1], command.name


def test_a_command_is_made_once_and_when_it_is_asked_for() -> None:
    whole = program()
    context = click.Context(whole)
    assert not whole.commands.get("check")
    assert whole.list_commands(context) == list(dict.fromkeys(row.name.split()[0] for row in COMMANDS))
    assert (check := whole.get_command(context, "check")) is not None
    assert check is whole.get_command(context, "check")
    assert whole.get_command(context, "chek") is None


def test_every_option_has_a_heading_and_a_help_text() -> None:
    for option in OPTIONS:
        assert option.group in GROUPS, option.name
        assert option.help, option.name


@pytest.mark.parametrize("width", [50, 66, 80])
def test_no_line_of_a_help_ends_within_a_word(width: int) -> None:
    top = program()
    for row in COMMANDS:
        command: click.Command = top
        for word in row.name.split():
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), word)
            assert found is not None
            command = found
        context = command.context_class(command, info_name=row.name, terminal_width=width)
        text = command.get_help(context)
        assert not [line for line in text.splitlines() if line.endswith("-")], row.name
        assert text.isascii(), row.name


def test_the_programs_of_the_help_are_those_that_are_looked_for() -> None:
    assert set(PROGRAMS) == set(NAMES)


def test_pytest_has_each_option_of_verify_under_the_prefix_and_no_other() -> None:
    parser = pytest.Parser(_ispytest=True)
    pytest_addoption(parser)
    names = [name for option in parser.getgroup("promproof").options for name in option.names()]
    assert names == [f"--promproof-{option.name}" for option in options("verify")]


def test_what_verify_is_told_reaches_pytest() -> None:
    given = {option.key: option.default_of("verify") for option in options("verify")}
    given |= {"claim": ["target/", "alert/A"], "no_drill": True, "time_scale": 20.0, "app": "a --b c"}
    told = [
        word for word in prefixed(given) if not word.startswith(("--promproof-contract", "--promproof-m"))
    ]
    assert told[:4] == [
        "--promproof-claim=target/",
        "--promproof-claim=alert/A",
        "--promproof-no-drill",
        "--promproof-time-scale=20.0",
    ]
    assert "--promproof-app=a --b c" in told


@pytest.mark.parametrize(
    ("rest", "quiet"), [([], True), (["-x"], True), (["--collect-only", "-q"], False), (["-vv"], False)]
)
def test_pytest_is_told_once_how_much_to_say(
    rest: list[str], quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []

    def begun(given: list[str], plugins: list[object]) -> int:
        words.extend(given)
        return 0

    monkeypatch.setattr(pytest, "main", begun)
    given = {option.key: option.default_of("verify") for option in options("verify")}
    assert verify.run({**given, "claim": ["target/"], "rest": rest}) == 0
    assert words.count("-q") == quiet + rest.count("-q")


def test_a_missing_word_is_named_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 4
    assert capsys.readouterr().err.splitlines() == [
        "promproof schema: contract|drill|scenario|report is missing",
        "  expected: one of contract, drill, scenario, report",
        "  to do: promproof schema --help",
    ]


@pytest.mark.parametrize(
    "words", [["verify", "--contrat", "x"], ["verfy"], ["--nothing"], [], ["verify", "-k", "x"]]
)
def test_a_mistake_on_the_command_line_ends_with_4(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 4
    assert "Usage" in capsys.readouterr().err or words


def test_pytest_takes_the_options_with_their_prefix_and_puts_no_word_before_what_is_wrong() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "verification", "--promproof-contract", "nowhere.yaml"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        4,
        "nowhere.yaml: cannot be read: No such file or directory",
    )


HEAVY = {"gevent", "locust", "numpy", "pandas", "pydantic", "pytest", "requests", "rich", "yaml", "docker"}
IMPORTED = """
import sys
from promproof.__main__ import main
sys.argv = ["promproof", *sys.argv[1:]]
main()
print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "light"),
    [([], True), (["verify"], True), (["ui"], True), (["scenarios", "check", "smoke"], False)],
    ids=["program", "verify", "ui", "what runs"],
)
def test_a_help_imports_nothing_heavy(words: list[str], light: bool) -> None:
    line = [sys.executable, "-c", IMPORTED, *words, *(["--help"] if light else [])]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    modules = set(done.stderr.split())
    assert bool(modules & HEAVY) != light
    ours = {name for name in modules if name.startswith("promproof.")}
    if light:
        assert ours == {
            f"promproof.{name}"
            for name in (
                "__main__",
                "cli",
                "cli.commands",
                "cli.program",
                "crash",
                "errors",
                "interrupts",
                "optiontable",
                "optiontable.judging",
                "optiontable.loading",
                "optiontable.option",
                "optiontable.running",
                "optiontable.subject",
                "places",
            )
        }


@pytest.mark.parametrize(
    ("command", "number"), [("verify", signal.SIGHUP), ("drill", signal.SIGTERM)], ids=["verify", "drill"]
)
def test_a_signal_before_anything_is_started_ends_a_command_with_one_line(
    tmp_path: Path, command: str, number: signal.Signals
) -> None:
    """Typed directly, without nox: while it loads a plugin, which here never comes to its end."""
    loading = tmp_path / "loading"
    (tmp_path / "plugins").mkdir()
    text = f"import pathlib, time\npathlib.Path({str(loading)!r}).touch()\ntime.sleep(600)\n"
    (tmp_path / "plugins" / "slow.py").write_text(text, encoding="utf-8")
    line = [sys.executable, "-m", "promproof", command, "--plugins", str(tmp_path / "plugins")]
    line += ["--reports", str(tmp_path / "reports")]
    with subprocess.Popen(line, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as started:
        wait_until(lambda: "" if loading.exists() else "no plugin is loaded", 60.0)
        started.send_signal(number)
        _, said = started.communicate(timeout=60)
    assert (started.returncode, said) == (2, f"interrupted by {number.name} before anything was started\n")
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["check", "init", "mutate", "prove"])
def test_a_signal_ends_what_a_command_has_begun(
    command: str,
    number: signal.Signals,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(given: dict[str, Any]) -> int:
        with TemporaryDirectory(dir=tmp_path):
            signal.raise_signal(number)
        return 0

    monkeypatch.setattr(f"promproof.cli.{command}.run", work)
    assert main([command, *(["rules.yml"] if command == "prove" else [])]) == 2
    assert capsys.readouterr().err == f"interrupted by {number.name}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--help"], ["scenarios", "schema"]], ids=["help", "schema"])
def test_a_reader_that_goes_away_leaves_no_traceback(words: list[str]) -> None:
    line = [sys.executable, "-m", "promproof", *words]
    with subprocess.Popen(
        line, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        started.stdout.close()
        assert started.stderr is not None
        said = started.stderr.read()
    assert (started.returncode, said) == (2, "")


def test_the_web_ui_takes_the_options_of_the_table_and_refuses_unknown_ones() -> None:
    ui.refuse_unknown(["--web-login", "--headless", "--ledger=x", "-L", "DEBUG"])
    with pytest.raises(InputError, match="did you mean --web-login"):
        ui.refuse_unknown(["--web-logni"])
    given = {option.key: option.default_of("ui") for option in options("ui")}
    words = ui.command({**given, "reports": Path("there"), "rest": ["-P", "0", "--loglevel=INFO"]})
    assert words[-3:] == ["0", "--loglevel", "INFO"]
    assert words[words.index("--host") + 1] == "http://127.0.0.1:8000"
    assert words[words.index("--ledger") + 1] == "there/ledgers"
    assert "--plugins" not in words, "Locust has no such option"


@pytest.mark.parametrize(("names", "played"), [({"root", "steady"}, "steady"), ({"root"}, "root")])
def test_the_web_ui_begins_with_a_scenario_that_is_there(
    names: set[str], played: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "known", lambda: names)
    given = {option.key: option.default_of("ui") for option in options("ui")}
    words = ui.command({**given, "rest": []})
    assert words[words.index("--scenario") + 1] == played


def test_what_is_meant_for_other_runs_of_locust_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locust.conf").write_text("headless = true\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("LOCUST_USERS", "LOCUST_WEB_PASSWORD", "LOCUST_TLS_KEY", "NO_LOCUST_USERS"):
        monkeypatch.setenv(name, "1")
    assert left_out() == ["locust.conf", "LOCUST_USERS"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("promproof verify --rep", ["plain,--reports"]),
        ("promproof scen", ["plain,scenarios"]),
        ("promproof load ste", ["plain,steady"]),
        ("promproof drill Slow", ["plain,SlowResponses"]),
        ("promproof load here/my", ["file,here/my"]),
    ],
    ids=["option", "command", "scenario", "drill", "file"],
)
def test_a_shell_is_offered_options_commands_and_names(
    words: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_PROMPROOF_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    main([])
    assert capsys.readouterr().out.splitlines() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_calls_the_program(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert f"_PROMPROOF_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_the_version_is_that_of_the_installed_distribution(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    for version, said in (
        (lambda name: "1.2.3", "1.2.3"),
        (missing, "from a checkout that is not installed"),
    ):
        monkeypatch.setattr("importlib.metadata.version", version)
        assert main(["--version"]) == 0
        assert said in capsys.readouterr().out
