"""Child processes that can't outlive the harness: a process group each, a log file, an end in three steps.

All are started by one thread that lives as long as the process: the kernel ties a child's life to the thread
that started it (prctl(2), PR_SET_PDEATHSIG), so a thread of a pool would take its children with it.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from promproof.interrupts import hurried, noted
from promproof.stack import launcher
from promproof.stack.journal import RUN_VARIABLE, Journal
from promproof.stack.protocol import ComponentState, Status
from promproof.stack.waiting import wait_until

_TAIL_BYTES = 65_536
PRECEDENCE = -10
BEHIND = 10
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


@dataclass(frozen=True)
class Patience:
    """Seconds to wait after each step of ending a process: interrupt, terminate, kill; under five in all."""

    interrupt: float = 1.5
    terminate: float = 1.5
    kill: float = 1.0


@dataclass(frozen=True)
class Completed:
    """A command that has ended; output is what it wrote to both of its streams."""

    exit_status: int
    output: str


class Child:
    """A process that was started, and its process group."""

    def __init__(
        self,
        name: str,
        command: list[str],
        log: Path,
        popen: subprocess.Popen[bytes],
        journal: Journal | None,
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self._popen = popen
        self._journal = journal
        self._asked_to_end = False
        self._reaping = threading.Lock()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_status(self) -> int | None:
        """None while it runs, else its exit status, negative for a signal."""
        if self._popen.returncode is not None:
            return self._popen.returncode
        try:
            # Without reaping: as long as the zombie is there, its number can't name another process group.
            end = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return self._popen.poll()
        if end is None:
            return None
        return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status

    def is_running(self) -> bool:
        return self.exit_status() is None

    def state(self) -> ComponentState:
        """What it is now, and whether it ended by itself."""
        status = self.exit_status()
        if status is None:
            return ComponentState(self.name, Status.RUNNING, self.pid)
        ended = Status.STOPPED if self._asked_to_end else Status.DIED
        return ComponentState(self.name, ended, self.pid, status)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, SIGKILL to its whole group; nothing happens when it has ended."""
        if not self.is_running():
            return
        if number in _ENDING:
            self._asked_to_end = True
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)
                if number in _ENDING:  # one that is stopped sees no signal before it goes on
                    os.killpg(self.pid, signal.SIGCONT)

    def stop(self, patience: Patience | None = None) -> None:
        """End it: interrupt, wait, terminate, wait, kill."""
        stop_all([self], patience)

    def kill(self) -> None:
        """End it at once, with its process group."""
        stop_all([self], steps=(signal.SIGKILL,))

    def reap(self) -> None:
        """Remove what is left of a process that has ended, the rest of its group included."""
        with self._reaping:
            if self._popen.returncode is not None:
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout=Patience.kill)
                if self._journal is not None:
                    self._journal.process_ended(self.pid)

    def pid_listening_on(self, port: int) -> int | None:
        """The process that listens on a TCP port: this one, or one that it started; None when none does."""
        return next(self.pids_listening_on(port), None)

    def pids_listening_on(self, port: int) -> Iterator[int]:
        """Those that listen on a TCP port, this one first; a server that forks workers has several."""
        try:
            process = psutil.Process(self.pid)
            family = [process, *process.children(recursive=True)]
        except psutil.Error:
            return
        for member in family:
            with suppress(psutil.Error):
                connections = member.net_connections(kind="tcp")
                if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
                    yield int(member.pid)


def start_child(
    command: Sequence[str],
    *,
    name: str,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    journal: Journal | None = None,
    is_behind: bool = False,
) -> Child:
    """Start a command without a shell; its output is appended to `log`, its input is empty.

    env is added to the environment of the harness. The command runs only after the journal has it. One that
    can't be executed ends with exit status 127 and the reason in its log. is_behind: it takes what the stack and the
    traffic leave of the machine, and no precedence.
    """
    argv = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), *command]
    environment = {**os.environ, **(env or {})}
    if journal is not None:
        environment[RUN_VARIABLE] = journal.run
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        popen = _spawner().run(
            lambda: subprocess.Popen(
                argv,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment,
                process_group=0,  # a Ctrl-C in the terminal reaches the harness alone
            )
        )
    child = Child(name, list(command), log, popen, journal)
    if is_behind:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, popen.pid, BEHIND)
    try:
        with suppress(BrokenPipeError), popen.stdin or nullcontext() as go:
            if journal is not None:
                journal.process_started(name, popen.pid, child.command)
            if go is not None:
                go.write(b"g")
    except BaseException:
        child.kill()
        raise
    return child


def run_to_end(
    command: Sequence[str],
    *,
    log: Path,
    seconds: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a command until it ends, or until the run is interrupted, which ends it (exit status -1).

    It runs behind everything that is measured: what is asked of promtool meanwhile must not make a scrape late.

    Raises:
        TimeoutError: it has not ended after `seconds`; it is gone then.
    """
    child = start_child(command, name=Path(command[0]).name, log=log, cwd=cwd, env=env, is_behind=True)
    try:
        wait_until(
            lambda: f"{child.name} has not ended" if child.is_running() and not noted() else "", seconds
        )
        status = child.exit_status()
    finally:
        child.kill()
    return Completed(-1 if status is None else status, log.read_text(encoding="utf-8", errors="replace"))


def stop_all(
    children: Sequence[Child],
    patience: Patience | None = None,
    steps: Sequence[signal.Signals] = _ENDING,
) -> None:
    """End several processes at the same time; who interrupts a second time is not kept waiting."""
    patience = patience or Patience()
    waits = {
        signal.SIGINT: patience.interrupt,
        signal.SIGTERM: patience.terminate,
        signal.SIGKILL: patience.kill,
    }

    def running() -> str:
        return ", ".join(child.name for child in children if child.is_running())

    def awaited() -> str:
        return "" if hurried() else running()

    try:
        for step in steps:
            for child in children:
                child.send_signal(step)
            with suppress(TimeoutError):
                wait_until(running if step == signal.SIGKILL else awaited, waits[step])
                if not running():
                    break
    finally:
        for child in children:
            child.reap()


def log_tail(log: Path, lines: int = 20, start: int = 0) -> list[str]:
    """The last lines of a file from byte `start` on, oldest first; none when there is no file."""
    try:
        with log.open("rb") as file:
            file.seek(max(start, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]


def take_precedence() -> None:
    """Put this thread, what it starts from now on, and their children before others, where this user may (root).

    At a time scale of 60 a scrape that a neighbour holds up by 0.2 s is one that is held up by 12 s in real time: what
    the neighbour does is then no part of what is verified.
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, min(PRECEDENCE, os.getpriority(os.PRIO_PROCESS, 0)))


Start = Callable[[], subprocess.Popen[bytes]]


class _Spawner:
    """The thread that starts all children, and what it is asked to start."""

    def __init__(self) -> None:
        self.harness = os.getpid()
        self._asked: queue.SimpleQueue[tuple[Start, Future[subprocess.Popen[bytes]]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="spawner", daemon=True).start()

    def run(self, start: Start) -> subprocess.Popen[bytes]:
        started: Future[subprocess.Popen[bytes]] = Future()
        self._asked.put((start, started))
        return started.result()

    def _work(self) -> None:
        while True:
            start, started = self._asked.get()
            try:
                started.set_result(start())
            except BaseException as error:
                started.set_exception(error)


_the_spawner: list[_Spawner] = []


def _spawner() -> _Spawner:
    if not _the_spawner or _the_spawner[0].harness != os.getpid():  # a fork has no threads of its parent
        _the_spawner[:] = [_Spawner()]
    return _the_spawner[0]
