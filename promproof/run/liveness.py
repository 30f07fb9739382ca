"""Whether the components of a run still work, not only exist: a stopped process holds its port and says nothing.

A thread of its own looks, so that the driving isn't delayed. That a process is stopped is the kernel's word, and
decisive after a moment. A component that is busy answers late: for silence it takes several questions over a time in
which nothing that works has ever kept quiet. The target is asked nothing: each request to it is part of the truth.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import requests

from promproof.errors import EvidenceError
from promproof.faults.undo import EndFault, SendSignal, UndoBook
from promproof.http import Session
from promproof.stack.frozen import stopped
from promproof.stack.protocol import READY_PATHS, ComponentState, Stack, Status

LOOK_SECONDS = 1.0
PID_SECONDS = 5.0
"""how long a pid is believed: a container's is a question to the engine"""
STOPPED_SECONDS = 2.0
QUESTION_SECONDS = 5.0
"""between two questions to one component, and the time for its answer"""
SILENT_SECONDS = 45.0
SILENT_QUESTIONS = 5

Say = Callable[[str], None]


@dataclass
class Component:
    """One that is looked at. state: what it is now; log: its last lines; ready_url: where it says that it is ready."""

    name: str
    state: Callable[[], ComponentState]
    log: Callable[[], list[str]] = list
    ready_url: str | None = None
    _pid: int | None = None
    _pid_at: float = field(default=float("-inf"))

    def pid(self, now: float) -> int | None:
        """Its process, while it is meant to run and is on this machine."""
        if now - self._pid_at >= PID_SECONDS:
            state = self.state()
            self._pid = state.pid if state.status is Status.RUNNING else None
            self._pid_at = now
        return self._pid


class Course:
    """What was seen of one component: pure, with the time as an argument. reason: why it doesn't work, or empty."""

    def __init__(self) -> None:
        self.stopped = ""
        self.silent = ""
        self._stopped_since: float | None = None
        self._silent_since: float | None = None
        self._unanswered = 0

    @property
    def reason(self) -> str:
        return self.stopped or self.silent

    def look(self, now: float, pid: int | None) -> None:
        """pid: a process of it that is stopped, None when none is."""
        if pid is None:
            self._stopped_since, self.stopped = None, ""
            return
        self._stopped_since = now if self._stopped_since is None else self._stopped_since
        if now - self._stopped_since >= STOPPED_SECONDS:
            self.stopped = f"process {pid} is stopped: it got a SIGSTOP that is not this run's"

    def answered(self, now: float, unmet: str) -> None:
        """unmet: why a question had no answer; empty when it had one."""
        if not unmet:
            self._silent_since, self._unanswered, self.silent = None, 0, ""
            return
        self._silent_since = now if self._silent_since is None else self._silent_since
        self._unanswered += 1
        silence = now - self._silent_since
        if self._unanswered >= SILENT_QUESTIONS and silence >= SILENT_SECONDS:
            self.silent = (
                f"it has given no answer for {silence:.0f} s, to {self._unanswered} questions: {unmet}"
            )


class Liveness:
    """Looks at components from `start` to `stop`, and says at once when one stops working, and when it goes on."""

    def __init__(self, components: Iterable[Component], book: UndoBook, say: Say) -> None:
        self._components = list(components)
        self._courses = {component.name: Course() for component in self._components}
        self._asked = {component.name: float("-inf") for component in self._components}
        self._told: dict[str, str] = {}
        self._book = book
        self._say = say
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="liveness", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End looking."""
        self._ended.set()

    def raise_if_frozen(self) -> None:
        """Raise when a component doesn't work any more.

        Raises:
            EvidenceError: with what was seen, and its last log lines.
        """
        for component in self._components:
            if reason := self._courses[component.name].reason:
                raise _frozen(component, reason)

    def raise_if_stopped(self, name: str) -> None:
        """Raise when a component can't answer because its process is stopped.

        Raises:
            EvidenceError: with what was seen, and its last log lines.
        """
        for component in self._components:
            if component.name == name and (reason := self._courses[name].stopped):
                raise _frozen(component, reason)

    def _run(self) -> None:
        with Session(QUESTION_SECONDS) as session:
            while not self._ended.wait(LOOK_SECONDS):
                for component in self._components:
                    try:
                        self._look(component, session)
                    except Exception:
                        continue

    def _look(self, component: Component, session: Session) -> None:
        course, now = self._courses[component.name], time.monotonic()
        pid = stopped(component.pid(now))
        course.look(now, None if pid is not None and _meant(self._book, pid) else pid)
        if component.ready_url is not None and now - self._asked[component.name] >= QUESTION_SECONDS:
            self._asked[component.name] = now
            meant = component.state().status in (Status.RUNNING, Status.FOREIGN) and not course.stopped
            course.answered(time.monotonic(), _unmet(session, component.ready_url) if meant else "")
        self._tell(component.name, course.reason)

    def _tell(self, name: str, reason: str) -> None:
        before = self._told.get(name, "")
        self._told[name] = reason
        if bool(before) != bool(reason) and not self._ended.is_set():
            self._say(f"{name}: {reason or 'it goes on'}")


def of_stack(stack: Stack) -> list[Component]:
    """The components of a stack, each with its question."""

    def made(name: str) -> Component:
        url = getattr(stack.endpoints, name, None)
        ready = None if url is None else url + READY_PATHS[name]
        return Component(name, lambda: stack.states()[name], lambda: stack.log_tail(name), ready)

    return [made(name) for name in stack.states()]


def _meant(book: UndoBook, pid: int) -> bool:
    """Whether a drill has stopped this process: its undo is in the book before the signal is sent."""
    return any(
        undo.pid == pid if isinstance(undo, SendSignal) else not isinstance(undo, EndFault)
        for undo in book.open
    )


def _unmet(session: Session, url: str) -> str:
    """Why no answer came; empty for any answer: what it says is for the checks."""
    try:
        session.get(url)
    except requests.RequestException as error:
        return f"{url} gives none ({type(error).__name__})"
    return ""


def _frozen(component: Component, reason: str) -> EvidenceError:
    todo = "look who stops it, or what the machine is busy with; then run again"
    return EvidenceError(component.name, reason, component.log(), todo)
