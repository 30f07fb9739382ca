"""A signal to a command, at any moment: an end in order, and status 2."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from promproof import interrupts
from promproof.interrupts import SIGNALS, hurried, noted, only_note, terminate_as_interrupt
from promproof.stack.children import Patience, run_to_end, start_child
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[1]
SECONDS = 30.0
SLOW = "import time\nprint('importing', flush=True)\ntime.sleep(600)\n"
ATTEMPT = (
    "import noxfile, sys\nprint('attempting', flush=True)\n"
    "sys.exit(noxfile.attempt([sys.executable, *sys.argv[1:]]))\n"
)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Leaves the handlers as they were; in their place one that hurts nobody."""
    before = [signal.signal(number, signal.SIG_IGN) for number in SIGNALS]
    yield
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "slow_module.py").write_text(SLOW)
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_during_the_imports_is_one_line_and_status_2(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "-m", "promproof.interrupts", "slow_module") as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "importing\n"
        command.send_signal(number)
        _, errors = command.communicate(timeout=SECONDS)
    assert (command.returncode, errors) == (2, f"interrupted by {number.name} before anything was started\n")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_nox_hands_a_signal_of_the_first_moment_on_to_its_command(
    tmp_path: Path, number: signal.Signals
) -> None:
    module = ("-m", "promproof.interrupts", "slow_module")
    with started(tmp_path, "-c", ATTEMPT, *module) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "attempting\n"
        wait_until(lambda: "" if psutil.Process(command.pid).children() else "no command yet", SECONDS)
        (child,) = psutil.Process(command.pid).children()
        command.send_signal(number)  # the launcher has hardly begun
        _, errors = command.communicate(timeout=SECONDS)
    assert (command.returncode, errors) == (2, f"interrupted by {number.name} before anything was started\n")
    assert not child.is_running()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_nox_waits_for_its_command_to_clean_up_and_returns_its_status(
    tmp_path: Path, number: signal.Signals
) -> None:
    cleans = (
        "import signal, sys, time\n"
        f"def end(*_):\n    print('cleaned', flush=True); sys.exit(7)\nsignal.signal({int(number)}, end)\n"
        "print('ready', flush=True)\ntime.sleep(600)"
    )
    with started(tmp_path, "-c", ATTEMPT, "-c", cleans) as command:
        assert command.stdout is not None
        assert [command.stdout.readline() for _ in range(2)] == ["attempting\n", "ready\n"]
        command.send_signal(number)
        output, _ = command.communicate(timeout=SECONDS)
    assert (command.returncode, output) == (7, "cleaned\n")


def test_a_command_of_nox_runs_with_no_signal_blocked(tmp_path: Path) -> None:
    shows = "import signal; print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))"
    with started(tmp_path, "-c", ATTEMPT, "-c", shows) as command:
        output, _ = command.communicate(timeout=SECONDS)
    assert (command.returncode, output) == (0, "attempting\n[]\n")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_second_signal_does_not_break_into_the_end_of_a_with_statement(number: signal.Signals) -> None:
    ended = []

    def work() -> None:
        try:
            os.kill(os.getpid(), number)
            threading.Event().wait(SECONDS)
        finally:
            for again in SIGNALS:
                os.kill(os.getpid(), again)
            ended.append((noted(), hurried()))

    with terminate_as_interrupt(), pytest.raises(KeyboardInterrupt, match=number.name):
        work()
    assert ended == [(number.name, True)]
    assert (noted(), signal.getsignal(number)) == ("", signal.SIG_IGN)


def test_a_signal_while_reports_are_written_is_only_noted() -> None:
    with terminate_as_interrupt():
        only_note()
        os.kill(os.getpid(), signal.SIGINT)
        assert (noted(), hurried()) == ("SIGINT", False)


def test_the_same_signal_from_a_terminal_and_from_nox_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("promproof.interrupts.time", SimpleNamespace(monotonic=lambda: now[0]))
    with terminate_as_interrupt():
        assert interrupts.note(signal.SIGINT)
        interrupts.note(signal.SIGINT)
        assert not hurried()
        now[0] += 2 * interrupts.SAME_SECONDS
        interrupts.note(signal.SIGINT)
        assert hurried()


def test_a_second_interrupt_kills_a_process_that_ignores_signals(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\nprint(1, flush=True)\n"
    )
    log = tmp_path / "log"
    child = start_child([sys.executable, "-c", stubborn + "time.sleep(600)"], name="stubborn", log=log)
    wait_until(lambda: "" if log.read_text() else "not up", SECONDS)
    with terminate_as_interrupt():
        interrupts.note(signal.SIGINT)
        interrupts.note(signal.SIGTERM)
        child.stop(Patience(interrupt=600, terminate=600))
    assert child.exit_status() == -signal.SIGKILL


def test_a_tool_is_ended_as_soon_as_the_run_is_interrupted(tmp_path: Path) -> None:
    sleeping = [sys.executable, "-c", "import time; time.sleep(600)"]
    with terminate_as_interrupt(), suppress(KeyboardInterrupt):
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGHUP)).start()
        try:
            threading.Event().wait(SECONDS)
        finally:
            done = run_to_end(sleeping, log=tmp_path / "log", seconds=600)
    assert done.exit_status == -1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_building_images_ends_at_a_signal_without_a_traceback_or_a_leftover(
    tmp_path: Path, number: signal.Signals
) -> None:
    docker, building = tmp_path / "bin" / "docker", tmp_path / "building"
    docker.parent.mkdir()
    docker.write_text(
        "#!/bin/sh\n"
        'case "$*" in "image inspect "*/base:*) exit 0;; image*) exit 1;; esac\n'  # only the base is there
        f"echo $$ > {building}.new; mv {building}.new {building}; exec sleep 600\n"
    )
    docker.chmod(0o755)
    (tmp_path / "temporary").mkdir()
    environment = {
        **os.environ,
        "PATH": f"{docker.parent}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(tmp_path / "temporary"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "promproof.interrupts", "promproof", "images"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        wait_until(lambda: "" if building.exists() else "no build yet", SECONDS)
        build = psutil.Process(int(building.read_text()))
        command.send_signal(number)
        _, errors = command.communicate(timeout=SECONDS)
    assert (command.returncode, errors) == (2, f"interrupted by {number.name}; what was built is kept\n")
    assert not build.is_running()
    assert list((tmp_path / "temporary").iterdir()) == []
