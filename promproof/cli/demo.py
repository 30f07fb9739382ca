"""`promproof demo`: a service, its stack and the web UI at once, for people who want to see an alert turn.

Exit status: 0 it was shown until somebody ended it or its time was over; 2 something died; 4 bad arguments or input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from promproof import crash, isolated
from promproof.cli import ui
from promproof.errors import EvidenceError
from promproof.http import Session
from promproof.interrupts import terminate_as_interrupt
from promproof.optiontable import options
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING, DEFAULT_REPORTS, DRILLS, PACKAGE
from promproof.report.progress import Progress
from promproof.run import demonstration
from promproof.run.bench import Bench
from promproof.run.clock import SystemClock
from promproof.run.housekeeping import run_folder
from promproof.run.options import Options, binaries, version_asked
from promproof.run.prepare import check_target, prepare
from promproof.run.prepared import Prepared
from promproof.run.scaling import told
from promproof.run.secrecy import HISTORY
from promproof.stack.children import Child, log_tail, start_child
from promproof.stack.waiting import wait_until

SHOP = PACKAGE / "demo"
PAGE_SECONDS = 120.0
READY_SECONDS = 5.0
SECONDS = 3600.0
"""A demonstration that nobody ends sends no more after an hour."""


@dataclass(frozen=True)
class Shown:
    """What is demonstrated: a contract with its monitoring, its drills, the scenario of its traffic."""

    contract: Path
    monitoring: Path
    drills: Path
    scenario: str | None = None
    """None: what the web UI takes by itself."""
    app: str | None = None


def shown(contract: Path) -> Shown:
    """The service of a contract; the shop of this package when the default contract is missing."""
    if contract == DEFAULT_CONTRACT and not contract.is_file():
        app = f"{{python}} {SHOP / 'shop.py'} {{port}} {{fault_port}} {{token}}"
        return Shown(
            SHOP / "contract.yaml", SHOP / "monitoring", SHOP / "drills", str(SHOP / "traffic.yaml"), app
        )
    return Shown(contract, DEFAULT_MONITORING, DRILLS)


def run(given: dict[str, Any]) -> int:
    """The exit status."""
    what = shown(given["contract"])
    port = str(given["web_port"])
    ui.check_port(["--web-host", "127.0.0.1", "--web-port", port])
    wished = Options.of(
        contract=what.contract,
        monitoring=what.monitoring,
        drill=False,
        stack="processes",
        binaries=binaries(given["binary"]),
        prometheus_version=version_asked(given),
        **({"app": what.app} if what.app else {}),
    )
    prepared = prepare(wished)
    check_target(prepared)
    folder = DEFAULT_REPORTS / datetime.now(UTC).strftime("demo-%Y%m%dT%H%M%S.%fZ")
    clock = SystemClock()
    progress = Progress(sys.stdout, clock.monotonic, None)
    seconds = SECONDS if given["seconds"] is None else given["seconds"]
    with run_folder(folder), terminate_as_interrupt(), progress:
        progress.say(f"demo {os.path.relpath(folder)}: {prepared.contract.service}, {told(prepared)}")
        show = _page(prepared, what, port, folder, progress.say)
        result = demonstration.run(prepared, show, seconds, folder, clock, progress.say)
        if result.ending.interrupted:
            progress.say("ended before it was shown")
        elif result.ending.trouble is None:
            progress.say(
                f"the demonstration is over; what happened is in {os.path.relpath(folder / HISTORY)}"
            )
    if result.ending.trouble is not None and not result.ending.interrupted:
        crash.tell(str(result.ending.trouble))
        return EvidenceError.exit_status
    return 0


def _page(
    prepared: Prepared, what: Shown, port: str, folder: Path, say: Callable[[str], None]
) -> demonstration.Show:
    """Locust's web UI with the verification page as a child, which sends from its start."""

    def show(bench: Bench, cleanup: ExitStack) -> Callable[[], None]:
        app = bench.service.app if bench.service.faults is not None else None
        given: dict[str, Any] = {option.key: option.default_of("ui") for option in options("ui")}
        given |= {
            "contract": what.contract.absolute(),
            "monitoring": what.monitoring.absolute(),
            "drills": what.drills.absolute(),
            "scenario": what.scenario,
            "duration": f"{SECONDS:g}s",
            "target": bench.service.url,
            "instance": bench.service.instance,
            "prometheus": bench.monitoring.prometheus.url,
            "alertmanager": bench.monitoring.alertmanager_url,
            "grafana": bench.monitoring.grafana_url,
            "fault_url": app.fault_url if app is not None else None,
            "running_scale": f"{prepared.scale.factor:g}",
            "reports": folder.absolute() / "page",
            "follow": folder.absolute() / HISTORY,
            "web_port": port,
            "rest": ("--autostart",),
        }
        child = start_child(
            isolated.command("promproof.interrupts", *ui.command(given)),
            name="web UI",
            log=folder / "page.log",
            env={"FAULT_TOKEN": app.token} if app is not None else {},
            journal=bench.tools.journal,
        )
        cleanup.callback(child.stop)
        say("starting the web UI")
        _await_page(port, child, bench)
        say(f"open http://127.0.0.1:{port}/?tab=verification and press a button")
        say("what happens is told here too, until Ctrl-C")
        return lambda: _raise_if_ended(child)

    return show


def _raise_if_ended(child: Child) -> None:
    """Raise when the page's process has ended.

    Raises:
        EvidenceError: with the last lines of its log.
    """
    if not child.is_running():
        raise EvidenceError("web UI", str(child.state()), log_tail(child.log), "look at page.log")


def _await_page(port: str, child: Child, bench: Bench) -> None:
    """Wait until the page can be opened.

    Raises:
        EvidenceError: its process ended, or it does not answer in time; with the last lines of its log.
    """

    def missing() -> str:
        bench.watch()
        _raise_if_ended(child)
        try:
            with Session(READY_SECONDS) as session:
                answer = session.get(f"http://127.0.0.1:{port}/verification/state.json")
        except requests.RequestException as error:
            return str(error)
        return "" if answer.ok else f"status {answer.status_code}"

    try:
        wait_until(missing, PAGE_SECONDS)
    except TimeoutError as error:
        raise EvidenceError(
            "web UI", f"not there: {error}", log_tail(child.log), "look at page.log"
        ) from error
