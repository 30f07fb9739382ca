"""kill -9 of a process that runs a stack: the kernel ends the stack with it, within the promised five seconds."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from promproof.stack.journal import clear_leftovers, start_time
from promproof.stack.ports import bound_port
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.stack

DATA = Path(__file__).parent / "data"
PROMISED_SECONDS = 5.0
SCRIPT = """
import json, sys, threading
from pathlib import Path
from promproof.render.monitoring import render
from promproof.stack.app import ManagedApp
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from promproof.stack.processes import ProcessStack
from promproof.config.timescale import TimeScale

data, folder = map(Path, sys.argv[1:])
scale = TimeScale(60)

def configure(ports):
    return render(data / "shop", folder / "configuration", scale=scale, receivers={},
                  addresses={"itself": ports.address("prometheus")}, alertmanager=ports.address("alertmanager"))

with Journal(folder / "runs") as journal:
    app = ManagedApp(f"{{python}} {data / 'server.py'} {{port}}", folder / "work", journal)
    with app, ProcessStack(find_binaries(), configure, folder / "work", scale, journal) as stack:
        ports = stack.ports
        told = {
            "pids": [app.pid, *(state.pid for state in stack.states().values())],
            "ports": [app.port, ports.prometheus, ports.alertmanager, ports.node_exporter],
        }
        print(json.dumps(told), flush=True)
        threading.Event().wait()
"""


@dataclass(frozen=True)
class Run:
    """A run in a process of its own, and what belongs to it."""

    process: subprocess.Popen[str]
    pids: list[int]
    ports: list[int]

    def left(self) -> str:
        running = [f"process {pid} runs" for pid in self.pids if start_time(pid) is not None]
        return ", ".join(
            running + [f"port {port} is taken" for port in self.ports if bound_port(port) is None]
        )


@pytest.fixture
def run(binaries: object, tmp_path: Path) -> Iterator[Run]:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(DATA), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(DATA.parents[2])},
    ) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield Run(process, told["pids"], told["ports"])
        finally:
            process.kill()
            process.wait()
            clear_leftovers(tmp_path / "runs")


def test_a_killed_run_leaves_no_process_and_no_port(run: Run) -> None:
    # The look that finds nothing below finds everything before.
    assert run.left().count("runs") == run.left().count("is taken") == 4
    run.process.send_signal(signal.SIGKILL)
    assert run.process.wait() == -signal.SIGKILL
    wait_until(run.left, PROMISED_SECONDS)
