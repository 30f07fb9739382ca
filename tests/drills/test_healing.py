"""Real signals to a real drill: whatever ends it, its fault is taken back, by itself or by --recover."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from _pytest.mark import ParameterSet

from promproof.places import REPOSITORY
from promproof.stack.journal import cache_dir
from promproof.stack.waiting import wait_until
from tests.conftest import at_once, chosen
from tests.drills.bench import command

pytestmark = [pytest.mark.stack, pytest.mark.whole_run, pytest.mark.takes(10)]
SECONDS = 120.0
NOX = (sys.executable, "-m", "nox", "-s", "drill", "--")
DRILL = """
drill: 1
name: Marked
alert: ServiceDown
scenario: {scenario}
rate: 20.0
fault:
  kind: command
  apply: [{python}, -c, "open({mark!r}, 'w').close()"]
  undo: [{python}, -c, "import os; os.remove({mark!r})"]
"""


@dataclass(frozen=True)
class Ended:
    """A drill that was disturbed while its fault was active."""

    status: int
    output: str
    marked: bool
    """Whether its fault was left behind."""
    mark: Path
    environment: dict[str, str]


def disturbed(
    where: Path, disturb: Callable[[subprocess.Popen[bytes]], None], through: Sequence[str]
) -> Ended:
    (where / "drills").mkdir(parents=True)
    mark, output = where / "mark", where / "output"
    scenario = REPOSITORY / "scenarios" / "steady.yaml"
    text = DRILL.format(python=sys.executable, mark=str(mark), scenario=scenario)
    (where / "drills" / "marked.yaml").write_text(text, encoding="utf-8")
    arguments = (
        "--drills",
        str(where / "drills"),
        "--reports",
        str(where / "reports"),
        "--stack",
        "processes",
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(where.parent / "cache")}
    environment["HARNESS_PYTHON"] = sys.executable
    started = [*through, *arguments] if through else command(*arguments)
    with (
        output.open("wb") as out,
        subprocess.Popen(started, cwd=REPOSITORY, stdout=out, stderr=out, env=environment) as process,
    ):
        try:
            wait_until(lambda: _missing(process, mark, output), SECONDS)
            disturb(process)
            process.wait(SECONDS)
        finally:
            process.kill()
    return Ended(process.returncode, output.read_text(), mark.exists(), mark, environment)


def _missing(process: subprocess.Popen[bytes], mark: Path, output: Path) -> str:
    assert process.poll() is None, output.read_text()
    return "" if mark.exists() else "the fault was not applied"


def interrupt_twice(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)


def hang_up(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGHUP)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()


def kill_child(name: str) -> Callable[[subprocess.Popen[bytes]], None]:
    def end(process: subprocess.Popen[bytes]) -> None:
        family = psutil.Process(process.pid).children(recursive=True)
        next(process for process in family if name in " ".join(process.cmdline())).kill()

    return end


THROUGH_NOX = "hang up through nox"
DISTURBANCES: dict[str, Callable[[subprocess.Popen[bytes]], None]] = {
    "interrupt twice": interrupt_twice,
    THROUGH_NOX: hang_up,
    "kill": kill,
    "prometheus dies": kill_child("--storage.tsdb.path"),
    "alertmanager dies": kill_child("--cluster.listen-address="),
    "target dies": kill_child("promptpilot"),
    "locust (steady) dies": kill_child("locustfile.py"),
}


def at_night(name: str) -> ParameterSet:
    """One of a kind that another disturbance shows every day."""
    return pytest.param(name, marks=pytest.mark.nightly)


@pytest.fixture(scope="module")
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    wanted: list[str] = chosen(request, "name")
    root = tmp_path_factory.mktemp("healing")
    # a cache of their own: what another run left to be taken back is no business of these; the programs are there
    cache = root / "cache" / "promproof"
    cache.mkdir(parents=True)
    if (cache_dir() / "programs").is_dir():
        (cache / "programs").symlink_to(cache_dir() / "programs")
    with at_once(3) as pool:
        runs = {
            name: pool.submit(
                disturbed,
                root / name.replace(" ", "-"),
                DISTURBANCES[name],
                NOX if name == THROUGH_NOX else (),
            )
            for name in wanted
        }
        return {name: run.result() for name, run in runs.items()}


@pytest.mark.parametrize("name", [at_night("interrupt twice"), THROUGH_NOX])
def test_an_interrupted_drill_takes_its_fault_back(name: str, ended: dict[str, Ended]) -> None:
    run = ended[name]
    assert not run.marked, run.output
    assert run.status == 2, run.output
    assert "healed: " in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("name", ["kill"])
def test_recover_takes_the_fault_of_a_killed_drill_back(name: str, ended: dict[str, Ended]) -> None:
    run = ended[name]
    assert run.status == -signal.SIGKILL
    assert run.marked
    done = subprocess.run(
        command("--recover"),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=run.environment,
    )
    assert done.returncode == 0, done.stderr
    assert str(run.mark) in done.stdout
    assert not run.mark.exists()


@pytest.mark.parametrize(
    "name",
    ["prometheus dies", *map(at_night, ("alertmanager dies", "target dies", "locust (steady) dies"))],
)
def test_a_component_that_dies_is_told_and_the_fault_is_taken_back(
    name: str, ended: dict[str, Ended]
) -> None:
    run, component = ended[name], name.removesuffix(" dies")
    assert not run.marked, run.output
    assert run.status == 2, run.output
    assert re.search(rf"{re.escape(component)}: (died with signal 9|ended early)", run.output), run.output
    assert "last log lines:" in run.output
    assert "unknown" in run.output
