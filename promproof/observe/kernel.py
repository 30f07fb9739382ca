"""The kernel's figures for a process, read from /proc without its help: the truth of the `process_*` metrics."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from promproof.evidence.figures import Figures

PROC = Path("/proc")
STOP_SECONDS = 5.0


def read(pid: int, clock: Callable[[], float], proc: Path = PROC) -> Figures:
    """Read the figures of a process.

    Raises:
        OSError: the process is gone, or belongs to somebody else.
    """
    before = clock()
    stat = (proc / str(pid) / "stat").read_text()
    # The command may hold spaces and parentheses; the fields after its last ')' start with the state (field 3).
    fields = stat[stat.rindex(")") + 2 :].split()
    ticks = int(fields[11]) + int(fields[12])
    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    descriptors = len(os.listdir(proc / str(pid) / "fd"))
    return Figures(
        before, clock(), ticks / os.sysconf("SC_CLK_TCK"), resident, descriptors, threads=int(fields[17])
    )


class Sampler:
    """Reads a process's figures over and over on a thread of its own, until told to stop."""

    def __init__(self, pid: int, clock: Callable[[], float], *, interval: float = 0.05) -> None:
        self.readings: list[Figures] = []
        self._pid = pid
        self._clock = clock
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kernel-sampler", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> list[Figures]:
        """End sampling and return all readings."""
        self._ended.set()
        self._thread.join(STOP_SECONDS)
        return self.readings

    def _run(self) -> None:
        while not self._ended.wait(self._interval):
            try:
                self.readings.append(read(self._pid, self._clock))
            except OSError:  # the process ended: the readings end here, and checks see the gap
                return
