"""The kernel's figures for the machine: the truth of what Node Exporter exposes, read from /proc and statvfs.

Counters come as the kernel has them (CPU seconds by mode, bytes by device), so that a difference of two readings is
what happened in between.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from promproof.evidence.records import MachineReading

PROC = Path("/proc")
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
STOP_SECONDS = 5.0
"""A file system that does not answer holds up a reading for ever, and must not hold up the run."""
SECTOR = 512
"""/proc/diskstats counts sectors of 512 bytes whatever the disk has (Documentation/admin-guide/iostats.rst)."""
NO_DISK = ("tmpfs", "ramfs", "overlay", "squashfs", "nsfs", "devtmpfs")


def read(
    clock: Callable[[], float],
    mounts: tuple[str, ...] = (),
    proc: Path = PROC,
    network: Path | None = None,
) -> MachineReading:
    """One reading: `before` and `after` (run time), and figures by name.

    cpu: seconds by mode over all CPUs; cpus: how many; memory: [total, available] bytes; disks: [read, written]
    bytes by device; networks: [received, sent] bytes by interface, from the file `network` (a container has
    interfaces of its own); files: [size, available] bytes by mount point.
    """
    before = clock()
    cpu, cpus = _cpu((proc / "stat").read_text())
    memory = _memory((proc / "meminfo").read_text())
    disks = _disks((proc / "diskstats").read_text())
    networks = _networks((network or proc / "net" / "dev").read_text())
    files = {mount: figures for mount in mounts if (figures := _file_system(mount)) is not None}
    return MachineReading(before, clock(), cpu, cpus, memory, disks, networks, files)


def mount_points(proc: Path = PROC) -> tuple[str, ...]:
    """Mount points of file systems on a disk, as the first process sees them."""
    source = proc / "1" / "mounts"
    try:
        text = source.read_text()
    except OSError:
        text = (proc / "self" / "mounts").read_text()
    rows = [line.split(" ") for line in text.splitlines()]
    return tuple(
        dict.fromkeys(
            row[1].replace("\\040", " ") for row in rows if row[2] not in NO_DISK and row[0].startswith("/")
        )
    )


class MachineSampler:
    """Reads the machine's figures over and over on a thread of its own, until told to stop."""

    def __init__(
        self, clock: Callable[[], float], *, interval: float = 0.1, network: Path | None = None
    ) -> None:
        self.readings: list[MachineReading] = []
        self._clock = clock
        self._interval = interval
        self._network = network
        self._mounts = mount_points()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="machine-sampler", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> list[MachineReading]:
        """End sampling and return all readings."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        return self.readings

    def _run(self) -> None:
        while True:
            try:
                self.readings.append(read(self._clock, self._mounts, network=self._network))
            except OSError:  # Node Exporter ended: the readings end here, and checks see the gap
                return
            if self._ended.wait(self._interval):
                return


def _cpu(text: str) -> tuple[dict[str, float], int]:
    ticks = os.sysconf("SC_CLK_TCK")
    lines = [line.split() for line in text.splitlines() if line.startswith("cpu")]
    each = [fields[1:9] for fields in lines if fields[0] != "cpu"]
    totals = {mode: sum(int(fields[index]) for fields in each) / ticks for index, mode in enumerate(MODES)}
    return totals, len(each)


def _memory(text: str) -> tuple[int, ...]:
    rows = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return tuple(int(rows[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))


def _disks(text: str) -> dict[str, tuple[int, ...]]:
    rows = [line.split() for line in text.splitlines()]
    return {row[2]: (int(row[5]) * SECTOR, int(row[9]) * SECTOR) for row in rows if len(row) > 9}


def _networks(text: str) -> dict[str, tuple[int, ...]]:
    rows = [line.split(":", 1) for line in text.splitlines() if ":" in line]
    return {name.strip(): (int(fields.split()[0]), int(fields.split()[8])) for name, fields in rows}


def _file_system(mount: str) -> tuple[int, ...] | None:
    try:
        status = os.statvfs(mount)
    except OSError:
        return None
    return status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize
