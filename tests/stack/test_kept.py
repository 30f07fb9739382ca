"""A stack of processes that is kept up: who finds it, and that nobody finds one whose process has ended."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promproof.cli import load, stackprocesses
from promproof.cli.program import main
from promproof.cli.ui import with_kept
from promproof.optiontable import options
from promproof.stack.journal import start_time
from promproof.stack.kept import Kept, kept, place, told

pytestmark = pytest.mark.unit
PLACES = {
    "target": "http://127.0.0.1:18000",
    "prometheus": "http://127.0.0.1:19090",
    "alertmanager": "http://127.0.0.1:19093",
    "node_exporter": "http://127.0.0.1:19100",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")


@pytest.fixture
def stack(tmp_path: Path) -> Kept:
    log = tmp_path / "run" / "stack" / "logs" / "prometheus.log"
    log.parent.mkdir(parents=True)
    log.write_text("ready\n", encoding="utf-8")
    return Kept(
        pid=os.getpid(),
        started=start_time(os.getpid()) or 0,
        folder=str(tmp_path / "run"),
        contract=str(Path("monitoring/contract.yaml").absolute()),
        scale=1.0,
        instance="127.0.0.1:18000",
        fault_url="http://127.0.0.1:18001",
        token="secret-token",
        urls=PLACES,
    )


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"])
    yield running
    running.kill()
    running.wait()


def of_ui(**more: object) -> dict[str, object]:
    return {option.key: option.default_of("ui") for option in options("ui")} | more


def test_a_stack_is_found_as_long_as_it_is_kept_and_by_its_user_alone(stack: Kept) -> None:
    with told(stack):
        assert kept() == stack
        assert stat.S_IMODE(place().stat().st_mode) == 0o600
    assert kept() is None


def test_a_stack_whose_process_was_killed_is_none(stack: Kept) -> None:
    with told(replace(stack, started=stack.started - 1)):
        assert kept() is None


def test_a_file_of_another_version_is_none(stack: Kept) -> None:
    with told(stack):
        place().write_text('{"version": 0}', encoding="utf-8")
        assert kept() is None
        place().write_text("{", encoding="utf-8")
        assert kept() is None


def test_the_web_ui_takes_the_places_of_a_kept_stack(stack: Kept) -> None:
    found = with_kept(of_ui(), stack)
    assert found["target"] == PLACES["target"]
    assert found["prometheus"] == PLACES["prometheus"]
    assert found["alertmanager"] == PLACES["alertmanager"]
    assert (found["instance"], found["fault_url"]) == (stack.instance, stack.fault_url)
    assert found["running_scale"] == "1"
    assert stack.token not in map(str, found.values())


def test_the_web_ui_keeps_to_what_is_said_and_to_its_own_contract(stack: Kept) -> None:
    for given in (of_ui(target="http://127.0.0.1:7"), of_ui(prometheus="http://127.0.0.1:7"), of_ui()):
        other = stack if given != of_ui() else replace(stack, contract="/elsewhere/contract.yaml")
        assert with_kept(given, other) == given
    assert with_kept(of_ui(), None) == of_ui()


def test_a_load_session_goes_to_the_target_of_a_kept_stack_unless_told_otherwise(
    stack: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {option.key: option.default_of("load") for option in options("load")}
    assert load.with_kept(given, stack) == {**given, "target": PLACES["target"]}
    assert f"target {PLACES['target']}" in capsys.readouterr().out
    assert load.with_kept(given, None) == given
    other = {**given, "target": "http://127.0.0.1:7"}
    assert load.with_kept(other, stack) == other
    assert load.with_kept(given, replace(stack, contract="/elsewhere/contract.yaml")) == given


def test_without_an_engine_and_a_stack_each_action_says_how_to_bring_one_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for action in ("status", "logs", "down"):
        assert main(["stack", action]) == 4
        assert "bring one up: promproof stack" in capsys.readouterr().err


def test_an_engine_that_was_asked_for_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", "--stack", "containers"]) == 4
    assert "no container engine answers" in capsys.readouterr().err
    assert main(["stack", "--stack", "external"]) == 4
    assert "auto, processes, containers" in capsys.readouterr().err


def test_options_of_processes_are_not_lost_on_containers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", "--stack", "containers", "--app", "my-api {port}"]) == 4
    assert "--app is for a stack of processes" in capsys.readouterr().err
    assert main(["stack", "--contract", "nowhere.yaml"]) == 4
    told = capsys.readouterr()
    assert "stack: processes, since --contract is for them" in told.out
    assert "nowhere.yaml" in told.err


def test_a_second_stack_is_refused_with_what_to_do(stack: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    with told(stack):
        assert main(["stack", "--stack", "processes"]) == 4
    assert "promproof stack down ends it" in capsys.readouterr().err


def test_logs_are_those_of_the_parts_that_are_named(stack: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    with told(stack):
        assert main(["stack", "logs", "prometheus"]) == 0
        assert "prometheus     ready" in capsys.readouterr().out
        assert main(["stack", "logs", "grafana"]) == 4
        assert "no part is called grafana" in capsys.readouterr().err


def test_a_part_that_does_not_answer_is_told_by_the_status(
    stack: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stackprocesses.status(stack) == 2
    assert f"prometheus     {PLACES['prometheus']}  http" in capsys.readouterr().out


def test_down_ends_the_process_that_keeps_it(stack: Kept, sleeper: subprocess.Popen[bytes]) -> None:
    running = replace(stack, pid=sleeper.pid, started=start_time(sleeper.pid) or 0)
    assert stackprocesses.down(running) == 0
    assert sleeper.wait(10) == -signal.SIGTERM
