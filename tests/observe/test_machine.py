"""The machine's figures, read from a proc folder that a test wrote."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from promproof.observe.machine import MachineSampler, mount_points, read

pytestmark = pytest.mark.unit


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "net").mkdir()
    (tmp_path / "1").mkdir()
    (tmp_path / "stat").write_text(
        "cpu  300 0 100 1000 50 0 0 0 20 0\ncpu0 100 0 50 400 50 0 0 0 20 0\ncpu1 200 0 50 600 0 0 0 0 0 0\nintr 1\n"
    )
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 250 kB\n")
    (tmp_path / "diskstats").write_text("   8  0 sda 5 0 16 0 9 0 32 0 0 0 0\n")
    head = "Inter-| Receive\n face |bytes\n"
    (tmp_path / "net" / "dev").write_text(f"{head}  eth0: 700 7 0 0 0 0 0 0 900 9 0 0 0 0 0 0\n")
    (tmp_path / "1" / "mounts").write_text(
        "/dev/sda / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/sdb /my\\040disk xfs rw 0 0\nproc /proc proc rw 0 0\n"
    )
    return tmp_path


def test_the_figures_of_the_machine_are_read(proc: Path) -> None:
    clock = count(1.0)
    found = read(lambda: float(next(clock)), ("/", "/nowhere"), proc)
    assert (found.before, found.after, found.cpus) == (1.0, 2.0, 2)
    assert {mode: seconds for mode, seconds in found.cpu.items() if seconds} == {
        "user": 3.0,
        "system": 1.0,
        "idle": 10.0,
        "iowait": 0.5,
    }
    assert found.memory == (1_024_000, 256_000)
    assert found.disks == {"sda": (16 * 512, 32 * 512)}
    assert found.networks == {"eth0": (700, 900)}
    assert list(found.files) == ["/"]
    assert found.files["/"][0] >= found.files["/"][1] > 0


def test_the_interfaces_of_a_container_are_those_of_the_machine(proc: Path, tmp_path: Path) -> None:
    other = tmp_path / "dev"
    other.write_text("  eth7: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n")
    assert read(lambda: 0.0, (), proc, other).networks == {"eth7": (1, 2)}


def test_only_file_systems_with_a_disk_are_read(proc: Path) -> None:
    assert mount_points(proc) == ("/", "/my disk")


def test_a_sampler_ends_quietly_when_its_process_is_gone(tmp_path: Path) -> None:
    sampler = MachineSampler(lambda: 0.0, interval=0.001, network=tmp_path / "gone" / "net" / "dev")
    sampler.start()
    assert sampler.stop() == []
