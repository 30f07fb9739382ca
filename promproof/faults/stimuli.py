"""What is done to the target's process so that its own figures must move, each in a known amount."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from promproof.contract.model import Contract
from promproof.contract.truths import ProcessTruth
from promproof.errors import EvidenceError
from promproof.evidence.figures import Figures
from promproof.evidence.history import Recorder
from promproof.evidence.records import StimulusConnections, StimulusCpu, StimulusDisk, StimulusMemory
from promproof.faults.port import FaultPort

CONNECTIONS = 20
CONNECT_SECONDS = 5.0
PORTS = {"http": 80, "https": 443}
DISK_BYTES = 4_000_000
BALLAST_BYTES = 64_000_000


def asks_connections(contract: Contract) -> bool:
    """Whether a metric is promised that held connections must move. Without one none are held.

    Some servers count a connection that ends without a word as a request that was refused; HAProxy does.
    """
    return any(
        isinstance(metric.truth, ProcessTruth) and metric.truth.figure == "open_descriptors"
        for metric in contract.metrics
    )


def hold_connections(url: str, history: Recorder, wait: Callable[[], None]) -> None:
    """Keep connections open without sending anything while `wait` lets scrapes pass."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or PORTS.get(parts.scheme, 80))
    asked = history.now()
    with ExitStack() as stack:
        try:
            for _ in range(CONNECTIONS):
                stack.enter_context(socket.create_connection(address, timeout=CONNECT_SECONDS))
        except OSError as error:  # one that answers a few at once is a target like any other
            why = f"the target does not take {CONNECTIONS} connections at once: {error}"
            history.add(StimulusConnections(unavailable=why))
            return
        begin = history.now()
        wait()
        end = history.now()
    history.add(StimulusConnections(asked, begin, end, CONNECTIONS, f"{CONNECTIONS} held connections"))


def use_disk(folder: Path, history: Recorder) -> None:
    """Write through to the disk below `folder` and read it back from there: the disk counters of the machine move."""
    path = folder / "disk.bin"
    begin = history.now()
    try:
        with path.open("w+b", buffering=0) as file:
            file.write(os.urandom(DISK_BYTES))
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            file.seek(0)
            read = len(file.read())
        path.unlink()
    except OSError as error:
        history.add(StimulusDisk(unavailable=str(error)))
        return
    what = f"{read} bytes written through and read back"
    history.add(StimulusDisk(None, begin, history.now(), read, what))


def hold_memory(faults: FaultPort | None, history: Recorder, wait: Callable[[], None]) -> None:
    """Let the target hold touched memory while `wait` lets scrapes pass."""
    if faults is None:
        history.add(StimulusMemory(unavailable="the target has no fault port to hold memory for us"))
        return
    asked = history.now()
    try:
        faults.apply("ballast", bytes=BALLAST_BYTES)
    except EvidenceError as error:
        history.add(StimulusMemory(unavailable=f"the target does not hold memory for us: {error.state}"))
        return
    begin = history.now()
    wait()
    end = history.now()
    faults.end("ballast")
    history.add(StimulusMemory(asked, begin, end, BALLAST_BYTES, f"{BALLAST_BYTES // 10**6} MB held"))


def cpu_work(history: Recorder, before: Figures, after: Figures, requests: int) -> None:
    """The traffic itself is the CPU work; its amount is what the kernel charged for it."""
    history.add(
        StimulusCpu(
            before.before,
            before.before,
            after.after,
            after.cpu_seconds - before.cpu_seconds,
            f"{requests} requests",
        )
    )


def pause(seconds: float) -> Callable[[], None]:
    """A wait of fixed length, for letting scrapes pass."""
    return lambda: time.sleep(seconds)
