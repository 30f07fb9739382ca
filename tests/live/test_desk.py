"""The desk of the page's drills: what becomes of a drill that is stopped, and of what it leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from promproof.drills.drill import load_folder
from promproof.live.drills import DrillDesk, Place
from promproof.places import DRILLS
from tests.load.processes import wait_for

pytestmark = pytest.mark.stack
NAME = "HighErrorRate"
HEALS_SLOWLY = """
import signal, sys, time
from pathlib import Path
times = 0
def stopped(number, frame):
    global times
    times += 1
signal.signal(signal.SIGINT, stopped)
print("[ 0.0 s] under way", flush=True)
while not times:
    time.sleep(0.02)
time.sleep(1)
report = Path(sys.argv[1]) / "run" / "report.json"
report.parent.mkdir()
report.write_text('{"verdicts": [{"claim": "signals", "outcome": "%d", "reason": ""}]}' % times)
"""
WRITES_HALF = """
import sys
from pathlib import Path
report = Path(sys.argv[1]) / "run" / "report.json"
report.parent.mkdir()
report.write_text('{"verdicts": [')
"""


@dataclass(frozen=True)
class Other(Place):
    """One where another program runs in place of the drills' command."""

    program: str = ""

    def command(self, name: str, reports: Path) -> list[str]:
        return [sys.executable, "-c", self.program, str(reports)]


@pytest.fixture
def desk(tmp_path: Path) -> Callable[[str], DrillDesk]:
    def make(program: str) -> DrillDesk:
        place = Other("", "", "", "", tmp_path, tmp_path, program=program)
        return DrillDesk(place, load_folder(DRILLS), tmp_path / "reports")

    return make


def newest(desk: DrillDesk) -> dict[str, object]:
    return dict(desk.state()["newest"])


def test_a_drill_that_is_stopped_twice_keeps_its_verdicts(desk: Callable[[str], DrillDesk]) -> None:
    made = desk(HEALS_SLOWLY)
    made.start(NAME)
    wait_for(lambda: bool(newest(made)["lines"]), "its first line")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: made.stop(), range(2)))
    assert not made.is_running
    assert newest(made)["verdicts"] == [{"claim": "signals", "outcome": "1", "reason": ""}]


def test_half_a_report_gives_no_verdicts(desk: Callable[[str], DrillDesk], tmp_path: Path) -> None:
    made = desk(WRITES_HALF)
    made.start(NAME)
    wait_for(lambda: newest(made)["state"] == "status 0", "its end")
    assert list(tmp_path.glob("reports/*/run/report.json"))
    assert newest(made)["verdicts"] == []


def test_a_drill_that_did_not_start_has_no_verdicts_of_an_earlier_page(
    desk: Callable[[str], DrillDesk],
) -> None:
    first = desk(HEALS_SLOWLY)
    first.start(NAME)
    wait_for(lambda: bool(newest(first)["lines"]), "its first line")
    first.stop()
    second = desk("raise SystemExit(4)")
    second.start(NAME)
    wait_for(lambda: newest(second)["state"] == "status 4", "its end")
    assert newest(second)["verdicts"] == []
