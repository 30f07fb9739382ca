"""A run that is interrupted, terminated or killed leaves nothing running and no port taken."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from promproof.stack.journal import RUN_VARIABLE, clear_leftovers, start_time
from promproof.stack.ports import bound_port
from promproof.stack.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.takes(2)]

REPOSITORY = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "data" / "run_stack.py"
SECONDS = 60.0


@dataclass(frozen=True)
class Run:
    """A run in a process of its own that has brought everything up."""

    process: subprocess.Popen[str]
    folder: Path
    pids: list[int]
    ports: list[int]

    def wait_until_gone(self) -> None:
        wait_until(lambda: ", ".join(self.alive() + self.taken()), SECONDS)

    def alive(self) -> list[str]:
        return [f"process {pid} runs" for pid in self.pids if start_time(pid) is not None]

    def taken(self) -> list[str]:
        return [f"port {port} is taken" for port in self.ports if bound_port(port) is None]


@pytest.fixture
def run(binaries: object, tmp_path: Path) -> Iterator[Run]:
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield Run(process, tmp_path, told["pids"], told["ports"])
        finally:
            process.kill()
            process.wait()
            clear_leftovers(tmp_path / "runs")


def test_a_run_that_tells_its_pids_runs(run: Run) -> None:
    # The twin of all tests below: what they look for is there before.
    assert len(run.alive()) == len(run.pids) == 5
    assert len(run.taken()) == len(run.ports) == 4


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        *(pytest.param(number, marks=pytest.mark.nightly) for number in (signal.SIGTERM, signal.SIGHUP)),
    ],
)
def test_an_interrupted_run_leaves_nothing_behind(run: Run, number: signal.Signals) -> None:
    run.process.send_signal(number)
    run.wait_until_gone()
    assert run.process.wait(SECONDS) != 0
    assert list((run.folder / "runs").glob("*.jsonl")) == []


def test_a_second_interrupt_leaves_nothing_behind(run: Run) -> None:
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    run.wait_until_gone()


def test_a_killed_run_leaves_only_what_its_children_have_started(run: Run) -> None:
    *children, worker = run.pids
    run.process.kill()
    run.process.wait(SECONDS)
    # The kernel ends what the harness started; what those have started is left to the next run.
    wait_until(lambda: ", ".join(str(pid) for pid in children if start_time(pid) is not None), SECONDS)
    assert start_time(worker) is not None


def test_the_next_run_clears_away_what_a_killed_run_left(run: Run) -> None:
    run.process.kill()
    run.process.wait(SECONDS)

    leftovers = clear_leftovers(run.folder / "runs")

    run.wait_until_gone()
    assert not (run.folder / "work").exists()
    assert f"process {run.pids[-1]} (target)" in [leftover.what for leftover in leftovers]
    assert f"folder {run.folder / 'work'}" in [leftover.what for leftover in leftovers]
    assert all(leftover.cleared for leftover in leftovers)
    assert clear_leftovers(run.folder / "runs") == []


def test_a_run_that_is_alive_is_not_cleared_away(run: Run) -> None:
    assert clear_leftovers(run.folder / "runs") == []
    assert len(run.alive()) == len(run.pids)


def stopped(pid: int) -> str:
    return "" if start_time(pid) is None else f"process {pid} runs"


@pytest.fixture
def bystander() -> Iterator[Callable[[dict[str, str]], int]]:
    """Starts processes that belong to nobody, in the environment that is given."""
    started: list[subprocess.Popen[bytes]] = []

    def start(environment: dict[str, str]) -> int:
        started.append(subprocess.Popen(["sleep", "600"], env={**os.environ, **environment}, process_group=0))
        return started[-1].pid

    yield start
    for process in started:
        process.kill()
        process.wait()


def abandoned_journal(folder: Path, run: str, *records: dict[str, object]) -> None:
    folder.mkdir()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    lines = [{"event": "run", "version": 1, "run": run, "pid": 1, "boot": boot}, *records]
    (folder / f"{run}.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines) + '{"event": "pro'
    )


def test_a_process_that_has_a_pid_of_the_journal_by_chance_is_left_alone(
    tmp_path: Path, bystander: Callable[[dict[str, str]], int]
) -> None:
    pid = bystander({})
    started = start_time(pid)
    assert started is not None
    record = {"event": "process", "name": "prometheus", "pid": pid, "start_time": started - 1, "command": []}
    abandoned_journal(tmp_path / "runs", "a1", record)
    assert clear_leftovers(tmp_path / "runs") == []
    assert start_time(pid) == started


def test_a_process_that_a_run_has_ended_itself_is_not_looked_for(
    tmp_path: Path, bystander: Callable[[dict[str, str]], int]
) -> None:
    pid = bystander({RUN_VARIABLE: "a1"})
    record = {"event": "process", "name": "x", "pid": pid, "start_time": start_time(pid), "command": []}
    abandoned_journal(tmp_path / "runs", "a1", record, {"event": "ended", "pid": pid})
    assert clear_leftovers(tmp_path / "runs") == []
    assert start_time(pid) is not None


def test_the_leftover_of_a_torn_journal_is_cleared_away(
    tmp_path: Path, bystander: Callable[[dict[str, str]], int]
) -> None:
    pid = bystander({})
    record = {"event": "process", "name": "x", "pid": pid, "start_time": start_time(pid), "command": []}
    abandoned_journal(tmp_path / "runs", "a1", record)
    (leftover,) = clear_leftovers(tmp_path / "runs")
    assert str(leftover) == f"process {pid} (x), left by run a1: cleared away"
    wait_until(lambda: stopped(pid), SECONDS)


def test_a_folder_without_the_mark_of_the_run_is_kept(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    abandoned_journal(tmp_path / "runs", "a1", {"event": "directory", "path": str(precious)})
    assert clear_leftovers(tmp_path / "runs") == []
    assert precious.is_dir()
