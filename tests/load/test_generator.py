"""A generator that cannot be waited for: stopped, silent, or one that has never begun."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promproof.errors import EvidenceError
from promproof.load import generator as module
from promproof.load.account import Account
from promproof.load.generator import LoadGenerator
from promproof.load.options import Options
from promproof.load.scenario import load
from promproof.places import REPOSITORY
from promproof.stack.children import Child, start_child
from promproof.stack.frozen import stopped
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.unit
STEADY = REPOSITORY / "scenarios" / "steady.yaml"


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    started = start_child(
        [sys.executable, "-c", "import time; time.sleep(60)"], name="sleeper", log=tmp_path / "log"
    )
    yield started
    started.kill()


@pytest.fixture
def generator(child: Child, tmp_path: Path) -> LoadGenerator:
    options = Options(STEADY, load(STEADY))
    made = LoadGenerator(options, tmp_path, Account(options.scenario, [], 0.1))
    made._main = child
    return made


def test_a_stopped_generator_is_named_within_seconds(generator: LoadGenerator, child: Child) -> None:
    generator.check()
    os.kill(child.pid, signal.SIGSTOP)
    wait_until(lambda: "" if stopped(child.pid) else "it runs", 10)
    generator.check()  # a moment is no proof

    def unnamed() -> str:
        generator.check()
        return "not named"

    with pytest.raises(EvidenceError, match=f"process {child.pid} is stopped: somebody sent SIGSTOP"):
        wait_until(unnamed, 10 * module.STOPPED_SECONDS)
    begun = time.monotonic()
    child.stop()
    assert child.exit_status() == -signal.SIGINT  # it went on, and ended as one that runs
    assert time.monotonic() - begun < 5


def test_a_generator_that_never_writes_is_given_up(
    generator: LoadGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator.check()
    monkeypatch.setattr(module, "START_SECONDS", -1.0)
    with pytest.raises(EvidenceError, match="has not begun within"):
        generator.check()


def test_a_generator_that_took_long_to_start_is_not_silent(generator: LoadGenerator) -> None:
    generator._started -= 2 * module.SILENT_SECONDS
    head = {"ledger": 1, "bin_seconds": 0.1, "monotonic": time.monotonic(), "epoch": 0.0}
    generator.ledger_file.write_text(json.dumps(head) + "\n")
    generator.poll()
    generator.check()


def test_a_generator_that_falls_silent_is_given_up(
    generator: LoadGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    lines = [
        {"ledger": 1, "bin_seconds": 0.1, "monotonic": now, "epoch": 0.0},
        {"t": now, "event": "setup-done"},
    ]
    generator.ledger_file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    generator.poll()
    generator.check()
    monkeypatch.setattr(module, "SILENT_SECONDS", -1.0)
    with pytest.raises(EvidenceError, match="has written nothing for"):
        generator.check()
