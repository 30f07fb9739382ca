"""The program's command line: made from the tables, and the same options in pytest under a prefix."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from promproof.cli.commands import COMMANDS
from promproof.cli.program import main
from promproof.cli.verify import prefixed
from promproof.optiontable import GROUPS, OPTIONS, PROGRAMS, options
from promproof.places import REPOSITORY
from promproof.pytest_plugin import pytest_addoption
from promproof.stack.binaries import NAMES

pytestmark = pytest.mark.unit


def test_no_command_has_an_option_twice() -> None:
    for command in COMMANDS:
        counted = Counter(option.name for option in options(command.name))
        assert not [name for name, times in counted.items() if times > 1], command.name


def test_every_option_has_a_heading_and_a_help_text() -> None:
    for option in OPTIONS:
        assert option.group in GROUPS, option.name
        assert option.help, option.name


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
    "words", [["verify", "--contrat", "x"], ["verfy"], ["--nothing"], [], ["verify", "-k", "x"]]
)
def test_a_mistake_on_the_command_line_is_4(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 4
    assert "Usage" in capsys.readouterr().err or words


def test_pytest_takes_the_options_with_their_prefix() -> None:
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
        "ERROR: nowhere.yaml: cannot be read: No such file or directory",
    )
