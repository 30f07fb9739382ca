"""The gate's pytest processes: tied to this one, told of every signal, and some of them behind others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Self

LAUNCHER = Path(__file__).resolve().parents[2] / "promproof" / "stack" / "launcher.py"
PASSED_ON = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Process:
    """One command. When it has ended: its status, 2 where a signal ended it, its seconds and those of CPU."""

    def __init__(self, command: Sequence[str], folder: Path, output: Path | None, behind: int) -> None:
        # The tests start hundreds of Pythons: where bytecode is not kept, as in containers, each compiles all anew.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        argv = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]
        self.apart = behind > 0
        self.status: int | None = None
        self.seconds = self.cpu_seconds = 0.0
        self._begin = time.monotonic()
        with output.open("wb") if output is not None else nullcontext() as stdout:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=stdout,
                cwd=folder,
                env=environment,
                start_new_session=self.apart,
            )
        if self.apart:
            # By process too, for kernels that do not know sessions; who is not root cannot give that back.
            os.setpriority(os.PRIO_PROCESS, self._process.pid, behind)
            self.take_precedence(behind)
        assert self._process.stdin is not None
        with self._process.stdin as go:
            go.write(b"g")

    def take_precedence(self, number: int) -> None:
        """0: that of everybody else; more: less. By session, as the kernel shares the cores (autogroup)."""
        with suppress(OSError):
            Path(f"/proc/{self._process.pid}/autogroup").write_text(str(number), encoding="ascii")

    def ended(self) -> bool:
        """Whether it has; the processors' time is that of all its children too."""
        if self.status is None:
            pid, status, used = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                code = self._process.returncode = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 2
                self.seconds = time.monotonic() - self._begin
                self.cpu_seconds = used.ru_utime + used.ru_stime
        return self.status is not None

    def tell(self, number: int) -> None:
        if not self.ended():
            # Popen would ask whether it has ended first, and keep the time of CPU from us.
            os.kill(self._process.pid, number)


class Processes:
    """Those that run. While this is entered no signal ends the gate: it is handed on to them, and they end."""

    def __init__(self) -> None:
        self.interrupted = False
        self._running: list[Process] = []

    def __enter__(self) -> Self:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        return self

    def __exit__(self, *_: object) -> None:
        while signal.sigtimedwait(PASSED_ON, 0) is not None:
            pass  # answered by the end of all
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def start(
        self, command: Sequence[str], folder: Path, output: Path | None = None, behind: int = 0
    ) -> Process:
        process = Process(command, folder, output, behind)
        self._running.append(process)
        return process

    def wait(self, process: Process) -> Process:
        """Wait until it has ended, and hand signals on to all."""
        while not process.ended():
            told = signal.sigtimedwait(PASSED_ON, 0.1)
            if told is None:
                continue
            self.interrupted = True
            for running in self._running:
                # What the terminal sends (si_code above 0: the kernel) reaches all of our session by itself.
                if told.si_code <= 0 or running.apart:
                    running.tell(told.si_signo)
        self._running.remove(process)
        return process

    def end(self) -> None:
        """Tell all that still run to end, once: a second word would break into their endings."""
        if not self.interrupted:
            self.interrupted = True
            for running in self._running:
                running.tell(signal.SIGTERM)
