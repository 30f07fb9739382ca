"""The proc folder: exact shares, counts that never step back, and a real Node Exporter that believes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from promproof.exposition import parse
from promproof.faults.procfs import MEMORY_KILOBYTES, ProcFolder, Segment, meminfo, stat, used_share
from promproof.stack.binaries import find_binaries
from promproof.stack.children import start_child
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import unmet_http, wait_until

CPUS = 4


def ticks(text: str) -> dict[str, list[int]]:
    rows = [row.split() for row in text.splitlines() if row.startswith("cpu")]
    return {row[0]: [int(field) for field in row[1:]] for row in rows}


@pytest.mark.unit
@pytest.mark.parametrize("share", [0.05, 0.2, 0.79, 0.81, 0.95])
def test_the_cpus_differ_and_amount_to_the_share(share: float) -> None:
    for cpus in (2, 3, 4):
        shares = [used_share(share, cpu, cpus) for cpu in range(cpus)]
        assert sum(shares) / cpus == pytest.approx(share)
        assert min(shares) < share < max(shares)
        assert all(0 <= share <= 1 for share in shares)


@pytest.mark.unit
def test_counts_never_step_back_and_meet_the_dose() -> None:
    segments = [Segment(0.0, 0.2), Segment(10.0, 0.79), Segment(20.0, 0.81)]
    before = ticks(stat(segments[:1], CPUS, 0.0))
    begin, end = ticks(stat(segments[:2], CPUS, 10.0)), ticks(stat(segments, CPUS, 20.0))
    for step in range(1, 3000):
        now = ticks(stat([segment for segment in segments if segment.begin <= step / 100], CPUS, step / 100))
        assert all(b <= a for cpu in now for b, a in zip(before[cpu], now[cpu], strict=True))
        before = now
    cpus = [name for name in begin if name != "cpu"]
    every = sum(sum(end[cpu]) - sum(begin[cpu]) for cpu in cpus)
    idle = sum(end[cpu][3] - begin[cpu][3] for cpu in cpus)
    assert every == pytest.approx(10 * 100 * CPUS, abs=4 * CPUS)
    assert 1 - idle / every == pytest.approx(0.79, abs=8 * CPUS / every)


@pytest.mark.unit
def test_the_used_share_of_memory_is_the_dose() -> None:
    rows = {line.split(":")[0]: int(line.split()[1]) for line in meminfo(0.84).splitlines()}
    assert rows["MemTotal"] == MEMORY_KILOBYTES
    assert 1 - rows["MemAvailable"] / rows["MemTotal"] == pytest.approx(0.84)
    assert rows["MemFree"] < rows["MemAvailable"]


@pytest.mark.stack
def test_a_real_exporter_shows_the_dose(tmp_path: Path) -> None:
    folder = ProcFolder(tmp_path / "proc", CPUS, time.monotonic)
    port = allocate_ports(1)[0]
    command = [
        str(find_binaries().node_exporter.path),
        f"--web.listen-address=127.0.0.1:{port}",
        f"--path.procfs={tmp_path / 'proc'}",
        "--collector.disable-defaults",
        "--collector.cpu",
        "--collector.meminfo",
    ]
    exporter = start_child(command, name="node_exporter", log=tmp_path / "log")
    try:
        wait_until(lambda: unmet_http(f"http://127.0.0.1:{port}/"), 30)
        folder.hold("cpu", 0.81)
        folder.hold("memory", 0.86)
        read = _reader(f"http://127.0.0.1:{port}/metrics")
        cpu, idle, memory = read()
        wait_until(lambda: "" if read()[0] - cpu > 4 else "too few ticks", 30)
        later, still, _ = read()
        every = later - cpu
        assert 1 - (still - idle) / every == pytest.approx(0.81, abs=8 * CPUS / (every * 100))
        assert memory == pytest.approx(0.86)
        folder.release("memory")
        assert read()[2] == pytest.approx(0.3)
        assert folder.longest_gap > 0
    finally:
        folder.close()
        exporter.kill()


def _reader(url: str) -> Callable[[], tuple[float, float, float]]:
    def read() -> tuple[float, float, float]:
        found = parse(requests.get(url, timeout=5).text)
        cpu = found.series("node_cpu_seconds_total")
        idle = sum(value for labels, value in cpu.items() if dict(labels)["mode"] == "idle")
        (available,) = found.series("node_memory_MemAvailable_bytes").values()
        (total,) = found.series("node_memory_MemTotal_bytes").values()
        return sum(cpu.values()), idle, 1 - available / total

    return read
