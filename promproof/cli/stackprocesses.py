"""`promproof stack` without a container engine: the target and its stack as processes, up until Ctrl-C.

Everything listens where people look for it as far as those ports are free; `promproof ui`, `status`, `logs` and `down`
of another terminal find it wherever it is.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from promproof import crash
from promproof.errors import EvidenceError, InputError
from promproof.interrupts import terminate_as_interrupt
from promproof.places import DEFAULT_REPORTS
from promproof.report.progress import Progress
from promproof.run import keeping
from promproof.run.bench import Bench
from promproof.run.clock import SystemClock
from promproof.run.housekeeping import run_folder
from promproof.run.options import Options, binaries
from promproof.run.prepare import check_target, prepare
from promproof.run.prepared import Prepared
from promproof.stack.children import log_tail
from promproof.stack.journal import start_time
from promproof.stack.kept import Kept, kept, told
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER, PROMETHEUS
from promproof.stack.waiting import unmet_http, wait_until

TARGET = "target"
LINES = 100
DOWN_SECONDS = 60.0


def up(given: Mapping[str, Any]) -> int:
    """Bring it up and keep it until somebody ends it; the exit status.

    Raises:
        InputError: one is up already, or something that is given cannot be used.
    """
    if (other := kept()) is not None:
        raise InputError(
            what=f"a stack is up already, kept by process {other.pid}",
            where="promproof stack",
            expected="one at a time",
            todo="promproof stack status tells where; promproof stack down ends it",
        )
    prepared = prepare(
        Options.of(
            contract=given["contract"],
            monitoring=given["monitoring"],
            drill=False,
            stack="processes",
            usual_ports=True,
            time_scale=float(given["time_scale"]),
            app=given["app"],
            binaries=binaries(given["binary"]),
        )
    )
    check_target(prepared)
    folder = DEFAULT_REPORTS / datetime.now(UTC).strftime("stack-%Y%m%dT%H%M%S.%fZ")
    clock = SystemClock()
    progress = Progress(sys.stdout, clock.monotonic, None)
    with run_folder(folder), terminate_as_interrupt(), progress:

        def show(bench: Bench, cleanup: ExitStack) -> None:
            stack = described(bench, prepared, folder)
            cleanup.enter_context(told(stack))
            for line in lines(stack):
                progress.say(line)
            progress.say("up until Ctrl-C here, or promproof stack down elsewhere; promproof ui finds it")

        result = keeping.keep(prepared, show, folder, clock, progress.say)
    if result.ending.trouble is not None and not result.ending.interrupted:
        crash.tell(str(result.ending.trouble))
        return EvidenceError.exit_status
    return 0


def described(bench: Bench, prepared: Prepared, folder: Path) -> Kept:
    """The stack for the commands of other terminals."""
    service, endpoints = bench.service, bench.monitoring.stack.endpoints
    app = service.app if service.faults is not None else None
    urls = {
        TARGET: service.url,
        PROMETHEUS: endpoints.prometheus,
        ALERTMANAGER: endpoints.alertmanager,
        NODE_EXPORTER: endpoints.node_exporter,
    }
    return Kept(
        pid=os.getpid(),
        started=start_time(os.getpid()) or 0,
        folder=str(folder.absolute()),
        contract=str(prepared.options.contract.absolute()),
        scale=prepared.scale.factor,
        instance=service.instance,
        fault_url=app.fault_url if app is not None else "",
        token=app.token if app is not None else "",
        urls={name: url for name, url in urls.items() if url is not None},
    )


def lines(stack: Kept) -> list[str]:
    """Where each part is, and where its files are."""
    return [f"{name:<14} {url}" for name, url in stack.urls.items()]


def status(stack: Kept) -> int:
    """Print where each part is, and whether it answers; 2 when one does not."""
    missing = {name: unmet_http(url) for name, url in stack.urls.items() if name != TARGET}
    for name, url in stack.urls.items():
        lack = missing.get(name, "")
        sys.stdout.write(f"{name:<14} {url}  {lack or 'up'}\n")
    sys.stdout.write(f"kept by process {stack.pid}; logs and data in {stack.folder}\n")
    return EvidenceError.exit_status if any(missing.values()) else 0


def logs(stack: Kept, names: Sequence[str]) -> int:
    """Print the last lines of the logs, of these parts or of all.

    Raises:
        InputError: there is no such part.
    """
    found = stack.logs()
    for name in names:
        if name not in found:
            raise InputError(
                what=f"no part is called {name}", where="promproof stack logs", expected=", ".join(found)
            )
    for name in names or found:
        for line in log_tail(found[name], LINES):
            sys.stdout.write(f"{name:<14} {line}\n")
    return 0


def down(stack: Kept) -> int:
    """End it and wait for that.

    Raises:
        EvidenceError: it does not end.
    """
    os.kill(stack.pid, signal.SIGTERM)
    try:
        wait_until(lambda: f"process {stack.pid} lives" if stack.is_up else "", DOWN_SECONDS)
    except TimeoutError as error:
        raise EvidenceError("stack", f"does not end {error}", (), f"kill {stack.pid}") from error
    sys.stdout.write(f"ended; its files stay in {stack.folder}\n")
    return 0
