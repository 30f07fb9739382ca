"""A disk that fills up while a run lasts: said, judged with what is known, status 2, and nothing left running."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.evidence.records import Trouble
from promproof.places import REPOSITORY
from promproof.run.clock import SystemClock

pytestmark = pytest.mark.stack
ROOM = "600k"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for the beginning of a run."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root: only root may mount a small file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_ends_the_run_with_2_and_leaves_nothing(small_disk: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "promproof", "verify", "--stack", "processes", "--reports", small_disk],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "Traceback" not in said
    assert "No space left on device" in said
    assert re.search(r"\d+ claims: ", said), "the table of verdicts was not printed"
    left = [
        process.info
        for process in psutil.process_iter(["cmdline"])
        if str(small_disk) in str(process.info["cmdline"])
    ]
    assert left == []


def test_a_record_that_cannot_be_written_is_kept_and_told(small_disk: Path) -> None:
    history = Recorder(small_disk / "history.jsonl", "run", SystemClock())
    for _ in range(100):
        history.add(Trouble("x" * 10_000))
    assert len(list(history.of(Trouble))) == 100
    with pytest.raises(EvidenceError, match="No space left on device"):
        history.raise_if_broken()
    history.close()


def test_a_record_after_the_end_is_dropped_without_an_error(tmp_path: Path) -> None:
    history = Recorder(tmp_path / "history.jsonl", "run", SystemClock())
    history.add(Trouble("in time"))
    history.close()
    history.add(Trouble("late"))
    assert "late" not in (tmp_path / "history.jsonl").read_text()
