"""A run for tests to interrupt: brings the shop's stack and a target up, tells their pids and ports, waits.

`run_stack.py FOLDER`: workdir, journals and run copy go there.
"""

import json
import sys
import threading
from pathlib import Path

from promproof.config.timescale import TimeScale
from promproof.interrupts import terminate_as_interrupt
from promproof.render.monitoring import Rendered, render
from promproof.stack.app import ManagedApp
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from promproof.stack.processes import Ports, ProcessStack

DATA = Path(__file__).parent


def main(folder: Path) -> None:
    scale = TimeScale(60)

    def configure(ports: Ports) -> Rendered:
        return render(
            DATA / "shop",
            folder / "configuration",
            scale=scale,
            addresses={"itself": ports.address("prometheus")},
            alertmanager=ports.address("alertmanager"),
            receivers={},
        )

    with terminate_as_interrupt(), Journal(folder / "runs") as journal:
        work = journal.directory(folder / "work")
        app = ManagedApp(f"{{python}} {DATA / 'server.py'} {{port}}", work, journal, env={"WORKER": "1"})
        stack = ProcessStack(find_binaries(), configure, work, scale, journal)
        with app, stack:
            pids = [state.pid for state in stack.states().values()] + [app.state().pid, app.pid]
            ports = [stack.ports.prometheus, stack.ports.alertmanager, stack.ports.node_exporter, app.port]
            sys.stdout.write(json.dumps({"pids": pids, "ports": ports}) + "\n")
            sys.stdout.flush()
            threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
