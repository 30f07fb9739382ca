"""A proc folder that says what a drill wants of CPU and memory, for a real Node Exporter to read.

Every tick count is derived from the elapsed time, never added up, so that the writer's lateness cancels in a ratio of
rates; `stat` and `meminfo` are replaced by rename, so that no reader sees half of one. The CPUs are loaded unequally.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = 100.0
"""USER_HZ, the unit of /proc/stat (proc(5)); Node Exporter takes it as 100."""
PERIOD_SECONDS = 0.04
MEMORY_KILOBYTES = 16_000_000
IDLE_SHARES = {"cpu": 0.2, "memory": 0.3}
"""What the folder says while no dose is held."""
UPTIME_SECONDS = 1000.0
METRICS = ("node_cpu_", "node_memory_")
"""How the metrics begin that the exporter reads from what is written here."""
MOUNTS = {"mounts": "/dev/root / ext4 rw 0 0\n", "mountinfo": "21 1 254:0 / / rw - ext4 /dev/root rw\n"}
"""The one file system that the exporter looks at, so that alerts on file systems have their series.

It asks process 1 for it: for mounts (proc(5)), from its release 1.9 on for mountinfo.
"""
# How used time is spread over user, system and iowait; iowait counts as used.
_SPREAD = (0.6, 0.3, 0.1)


@dataclass(frozen=True)
class Segment:
    """The used share of the CPU time from `begin` on (run time, seconds)."""

    begin: float
    share: float


def used_share(share: float, cpu: int, cpus: int) -> float:
    """The share of one CPU: the lower half less, the upper half more, the middle one as it is; the mean is `share`."""
    distance = 0.8 * min(share, 1 - share)
    if cpus % 2 and cpu == cpus // 2:
        return share
    return share - distance if cpu < cpus // 2 else share + distance


def stat(segments: list[Segment], cpus: int, now: float) -> str:
    """The text of /proc/stat at run time `now` (proc(5)): user, nice, system, idle, iowait, and five that stay 0."""
    rows = []
    for cpu in range(cpus):
        used, elapsed = 0.0, now - segments[0].begin
        for segment, later in zip(segments, [*segments[1:], None], strict=True):
            end = now if later is None else later.begin
            used += (end - segment.begin) * used_share(segment.share, cpu, cpus)
        busy = (UPTIME_SECONDS / 2 + used) * TICKS_PER_SECOND
        idle = (UPTIME_SECONDS + elapsed) * TICKS_PER_SECOND - busy
        # each rounded down on its own: a count that steps back by one tick would look like a reset
        user, system, iowait = (int(busy * part) for part in _SPREAD)
        rows.append(f"cpu{cpu} {user} 0 {system} {int(idle)} {iowait} 0 0 0 0 0")
    sums = [sum(int(row.split()[field]) for row in rows) for field in range(1, 11)]
    return "\n".join(["cpu  " + " ".join(map(str, sums)), *rows, "ctxt 0", "btime 0", "processes 1", ""])


def meminfo(share: float) -> str:
    """The text of /proc/meminfo; much of what is not free is available, so that a rule on MemFree shows."""
    available = round(MEMORY_KILOBYTES * (1 - share))
    free = available // 4
    rows = {
        "MemTotal": MEMORY_KILOBYTES,
        "MemFree": free,
        "MemAvailable": available,
        "Buffers": 0,
        "Cached": available - free,
    }
    return "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in rows.items())


class ProcFolder:
    """Writes the folder until it is closed. clock: run time in seconds."""

    def __init__(self, folder: Path, cpus: int, clock: Callable[[], float]) -> None:
        self.folder = folder
        self._cpus = cpus
        self._clock = clock
        self._lock = threading.Lock()
        self._segments = [Segment(clock(), IDLE_SHARES["cpu"])]
        self._memory = IDLE_SHARES["memory"]
        self._ended = threading.Event()
        self._written = clock()
        self.gaps: list[tuple[float, float]] = []
        """Times (begin, end) of the longest pauses between two writings, each longer than all before it."""
        (folder / "1").mkdir(parents=True, exist_ok=True)
        for name, text in MOUNTS.items():
            (folder / "1" / name).write_text(text, encoding="utf-8")
        self._write()
        self._thread = threading.Thread(target=self._run, name="proc-folder", daemon=True)
        self._thread.start()

    @property
    def longest_gap(self) -> float:
        """The longest pause (seconds) between two writings."""
        return max((end - begin for begin, end in self.gaps), default=0.0)

    def hold(self, kind: str, share: float) -> None:
        """From now on the used share of `cpu` or `memory` is this; it is on disk when this returns."""
        with self._lock:
            if kind == "cpu":
                self._segments.append(Segment(self._clock(), share))
            else:
                self._memory = share
            self._write()

    def release(self, kind: str) -> None:
        """Back to what it was before any dose."""
        self.hold(kind, IDLE_SHARES[kind])

    def close(self) -> None:
        """End writing."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(PERIOD_SECONDS):
            with self._lock:
                self._write()

    def _write(self) -> None:
        now = self._clock()
        if now - self._written > self.longest_gap:
            self.gaps.append((self._written, now))
        self._replace("stat", stat(self._segments, self._cpus, now))
        self._replace("meminfo", meminfo(self._memory))
        self._written = now

    def _replace(self, name: str, text: str) -> None:
        new = self.folder / f".{name}"
        new.write_text(text, encoding="ascii")
        os.replace(new, self.folder / name)
