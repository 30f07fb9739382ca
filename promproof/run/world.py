"""What a drill can do to the target, the stack and the receivers, each with its undo.

Built-in faults die with the run: the target and the stack are its children. What outlives it (a lease, somebody else's
target) has its undo in the book before it is applied.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil

from promproof.config.yamlfile import dump, load
from promproof.contract.model import seconds
from promproof.drills.drill import Drill
from promproof.drills.plan import DISCOVERY_SECONDS, Step
from promproof.errors import EvidenceError, InputError
from promproof.faults import undo
from promproof.faults.kinds import (
    CommandFault,
    ContainerFault,
    Dosed,
    HttpFault,
    Resource,
    SignalFault,
    TargetState,
)
from promproof.faults.port import FaultPort
from promproof.faults.procfs import ProcFolder
from promproof.faults.undo import UndoBook
from promproof.observe.webhook import Receiver
from promproof.stack.journal import start_time
from promproof.stack.protocol import ALERTMANAGER, PROMETHEUS, Stack

METRICS_ROUTE = "GET /metrics"
POLL_SECONDS = 0.01


class Target(Protocol):
    """A target that the run has started."""

    @property
    def pid(self) -> int | None: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...


@dataclass
class World:
    """Everything that drills act on. rendered: the run copy of Prometheus' configuration, None for a foreign stack."""

    book: UndoBook
    receiver: Receiver
    stack: Stack
    target: Target | None
    port: FaultPort | None
    folder: ProcFolder | None
    job: str
    rendered: Path | None
    scrape: float
    say: Callable[[str], None]
    counts: list[dict[str, Any]] = field(default_factory=list)
    """Final counts of the faults that have ended and were not handed over yet."""
    _written: dict[str, int] = field(default_factory=dict)
    _original: str | None = None
    _stopped: tuple[int, int] | None = None
    _down: bool = False

    def perform(self, drill: Drill, step: Step) -> None:
        """Do what a step says; it has taken effect when this returns.

        Raises:
            EvidenceError: it could not be done.
        """
        match step.do:
            case "watch":
                return
            case "dose":
                self._dose(drill, step.value)
            case "break":
                self._break(drill)
            case "slow_scrapes":
                self._port().apply("slow", rate=1.0, routes=[METRICS_ROUTE], delay_seconds=step.value)
            case "fail_scrapes":
                self._end("slow")
                self._fail_scrapes(int(step.value))
            case "disturb":
                self._disturb(drill, int(step.value))
            case "heal":
                self.heal(drill)

    def heal(self, drill: Drill) -> None:
        """Take the drill's fault back.

        Raises:
            EvidenceError: it could not be taken back; the book keeps it.
        """
        fault = drill.fault
        self.receiver.refuse(0)
        if isinstance(fault, Resource) and self.folder is not None:
            self.folder.release(fault.kind)
        elif isinstance(fault, TargetState):
            self._mend(fault)
        elif not isinstance(fault, Dosed):
            self._take_back(drill.name)
        if isinstance(fault, Dosed):
            self._end(fault.kind)
        elif isinstance(fault, TargetState):  # what made its scrapes slow or fail
            self._end("slow")
            self._end("errors")

    def heal_all(self) -> list[str]:
        """Take everything back, whatever state things are in; tells what was done."""
        told = []
        self.receiver.refuse(0)
        self.receiver.excused = False
        if self._stopped is not None:
            self._continue()
            told.append("the target goes on")
        if self._original is not None and self.rendered is not None:
            self.rendered.write_text(self._original, encoding="utf-8")
            told.append("the target is in the configuration again")
        if self.port is not None:
            self.port.heal()
        return [*told, *self.book.heal()]

    def is_clean(self) -> bool:
        """Whether no fault is active: asked of the target itself where it can tell."""
        if self._stopped is not None or self._original is not None or self._down or self.book.open:
            return False
        return self.port is None or bool(self.port.states()["clean"])

    def taken_counts(self) -> list[dict[str, Any]]:
        """Final counts of faults that have ended since the last call."""
        counts, self.counts = self.counts, []
        return counts

    # doses

    def _dose(self, drill: Drill, dose: float) -> None:
        fault = drill.fault
        if isinstance(fault, Dosed):
            self._note_replaced(fault.kind, lambda: self._port().apply(fault.kind, **dosed(fault, dose)))
        elif isinstance(fault, Resource):
            if self.folder is None:
                raise EvidenceError(
                    "proc folder", "this run has none", (), "use a stack that the harness starts"
                )
            self.folder.hold(fault.kind, dose)
        elif not isinstance(fault, TargetState):
            self._apply_foreign(drill, dose)

    def _note_replaced(self, kind: str, apply: Callable[[], Any]) -> None:
        """The counts of the dose before, which ends by being replaced, belong to the ledger."""
        port = self._port()
        before = len(self._ended(port, kind))
        apply()
        self.counts += self._ended(port, kind)[before:]

    @staticmethod
    def _ended(port: FaultPort, kind: str) -> list[dict[str, Any]]:
        return [one for one in port.states()["ended"] if one["kind"] == kind]

    def _end(self, kind: str) -> None:
        if self.port is not None and any(one["kind"] == kind for one in self.port.states()["active"]):
            self.counts.append(self.port.end(kind))

    # the target as a whole

    def _break(self, drill: Drill) -> None:
        fault = drill.fault
        if not isinstance(fault, TargetState):
            self._apply_foreign(drill, 1.0)
            return
        self.receiver.excused = fault.kind in ("killed", "hanging") and not drill.page_routing
        if fault.kind == "killed":
            self._down = True
            self._owned().kill()
        elif fault.kind == "hanging":
            self._stop(self._owned())
        elif fault.kind == "failing_scrapes":
            self._port().apply("errors", rate=1.0, routes=[METRICS_ROUTE], status=500)
        else:
            self._undiscover()

    def _mend(self, fault: TargetState) -> None:
        if fault.kind == "killed" and self._down:
            self._owned().start()
            self._down = False
        elif fault.kind == "hanging" and self._stopped is not None:
            self._continue()
        elif fault.kind == "undiscovered" and self._original is not None and self.rendered is not None:
            self.rendered.write_text(self._original, encoding="utf-8")
            self.stack.reload(PROMETHEUS)
            self._original = None
        self.receiver.excused = False

    def _stop(self, target: Target) -> None:
        pid = target.pid
        started = start_time(pid) if pid is not None else None
        if pid is None or started is None:
            raise EvidenceError("target", "its process cannot be seen", (), "use --stack processes")
        self._written["hanging"] = self.book.add(undo.SendSignal(pid=pid, started=started, number="CONT"))
        self._stopped = (pid, started)
        os.kill(pid, signal.SIGSTOP)

    def _continue(self) -> None:
        assert self._stopped is not None
        pid, started = self._stopped
        if start_time(pid) == started:
            os.kill(pid, signal.SIGCONT)
        self._stopped = None
        self.book.done(self._written.pop("hanging"))

    def _undiscover(self) -> None:
        if self.rendered is None:
            raise EvidenceError(
                "prometheus", "its configuration is not this run's", (), "leave --stack external out"
            )
        self._original = self.rendered.read_text(encoding="utf-8")
        data = load(self.rendered, "the run copy").data
        for job in data.get("scrape_configs") or ():
            if job.get("job_name") == self.job:
                job["static_configs"] = []
        self.rendered.write_text(dump(data), encoding="utf-8")
        self.stack.reload(PROMETHEUS)

    def _fail_scrapes(self, times: int) -> None:
        """Let exactly so many scrapes fail: the fault ends as soon as it has hit the last one."""
        port = self._port()
        port.apply("errors", rate=1.0, routes=[METRICS_ROUTE], status=500)
        deadline = time.monotonic() + (times + 2) * self.scrape + DISCOVERY_SECONDS
        while True:
            active = [one for one in port.states()["active"] if one["kind"] == "errors"]
            if not active or active[0]["injected"] >= times:
                break
            if time.monotonic() > deadline:
                raise EvidenceError(
                    "target", f"fewer than {times} scrapes came", (), "look at the target's job"
                )
            time.sleep(POLL_SECONDS)
        self._end("errors")

    # other people's targets

    def _apply_foreign(self, drill: Drill, dose: float) -> None:
        fault, name = drill.fault, drill.name
        match fault:
            case HttpFault():
                self._write(name, undo.CallHttp(call=fault.undo))
                undo.send(fault.apply, dose)
            case CommandFault():
                self._write(name, undo.RunCommand(argv=fault.undo))
                undo.run(fault.apply, dose)
            case SignalFault():
                pid = process_of(fault)
                started = start_time(pid)
                if started is None:
                    raise EvidenceError(
                        "fault", f"process {pid} is gone", (), "look whether the target is up"
                    )
                self._write(name, undo.SendSignal(pid=pid, started=started, number=fault.undo))
                os.kill(pid, signal.Signals[f"SIG{fault.apply}"])
            case ContainerFault():
                self._write(name, undo.Container(container=fault.container, action=fault.undo))
                undo.Container(container=fault.container, action=fault.apply).perform()

    def _write(self, name: str, one: undo.Undo) -> None:
        if name not in self._written:  # another dose of the same fault has the same undo
            self._written[name] = self.book.add(one)

    def _take_back(self, name: str) -> None:
        number = self._written.pop(name, None)
        if number is not None:
            self.book.take_back(number)

    # the path

    def _disturb(self, drill: Drill, times: int) -> None:
        assert drill.disturb is not None
        match drill.disturb.what:
            case "webhook_fails":
                self.receiver.refuse(times)
            case "alertmanager_restarts":
                self.stack.stop(ALERTMANAGER)
                self.stack.start(ALERTMANAGER)
            case "prometheus_restarts":
                self.stack.stop(PROMETHEUS)
                self.stack.start(PROMETHEUS)
            case "scrapes_fail":
                self._fail_scrapes(times)
            case "target_restarts":
                self._restart_target(drill)

    def _restart_target(self, drill: Drill) -> None:
        """A fault lives in the target's process: its counts are taken before, and its dose is held again after."""
        port, fault = self._port(), drill.fault
        if not isinstance(fault, Dosed) or not isinstance(drill.below, float):
            raise EvidenceError("drill", "target_restarts needs a dosed fault", (), "correct the drill")
        self._end(fault.kind)
        self._owned().restart()
        port.apply(fault.kind, **dosed(fault, drill.below))

    def _port(self) -> FaultPort:
        if self.port is None:
            raise EvidenceError(
                "fault port", "the target has none", (), "--fault-url and --fault-token name it"
            )
        return self.port

    def _owned(self) -> Target:
        if self.target is None:
            raise EvidenceError(
                "target", "the run did not start it", (), "use a fault of kind signal, command or http"
            )
        return self.target


def dosed(fault: Dosed, dose: float) -> dict[str, Any]:
    """What the fault port is asked for."""
    settings: dict[str, Any] = {"rate": dose, "routes": list(fault.routes)}
    if fault.kind == "slow":
        settings["delay_seconds"] = seconds(fault.delay or "0s")
    elif fault.kind == "errors":
        settings["status"] = fault.status
    return settings


def process_of(fault: SignalFault) -> int:
    """The process that a signal fault names.

    Raises:
        InputError: there is none, or it may not be seen.
    """
    if fault.pid_file is not None:
        try:
            return int(Path(fault.pid_file).read_text().strip())
        except (OSError, ValueError) as error:
            raise InputError(
                f"no pid can be read: {error}", fault.pid_file, "a file with one number"
            ) from error
    for one in psutil.net_connections(kind="tcp"):
        if (
            one.status == psutil.CONN_LISTEN
            and one.laddr
            and one.laddr[1] == fault.port
            and one.pid is not None
        ):
            return int(one.pid)
    raise InputError(f"nobody listens on port {fault.port}", "fault.port", "the port of a running process")
