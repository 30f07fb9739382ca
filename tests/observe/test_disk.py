"""The stimulus of the disk: bytes reach the disk and come back from it, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.evidence.history import Recorder
from promproof.evidence.records import StimulusDisk
from promproof.faults.stimuli import DISK_BYTES, use_disk
from promproof.observe.machine import read
from promproof.run.clock import SystemClock

pytestmark = pytest.mark.unit


def moved(folder: Path) -> tuple[Recorder, int, int]:
    """The history, and the bytes read and written by all disks meanwhile."""
    history = Recorder(folder / "history.jsonl", "test", SystemClock())
    before = read(history.now).disks
    use_disk(folder, history)
    after = read(history.now).disks
    history.close()
    total = [sum(after[name][n] - before.get(name, [0, 0])[n] for name in after) for n in (0, 1)]
    return history, total[0], total[1]


def test_the_disk_is_used_and_no_file_is_left(tmp_path: Path) -> None:
    history, got, put = moved(tmp_path)
    (record,) = history.of(StimulusDisk)
    assert record.data.amount == DISK_BYTES
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]
    if not put:
        pytest.skip(f"needs a disk: {tmp_path} is on no disk whose counters move, a tmpfs for example")
    assert put >= DISK_BYTES
    assert got > 0


def test_a_folder_that_cannot_be_written_is_recorded_and_ends_nothing(tmp_path: Path) -> None:
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    use_disk(tmp_path / "nowhere", history)
    history.close()
    (record,) = history.of(StimulusDisk)
    assert "No such file" in (record.data.unavailable or "")
