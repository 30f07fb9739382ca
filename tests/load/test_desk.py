"""The desk of the page's drills: what becomes of a drill that is stopped, and of what it leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.loadtests.processes import wait_for
from verification.drills.drill import load_folder
from verification.live.drills import DrillDesk, Place
from verification.live.faults import DRILLS

pytestmark = pytest.mark.stack
NAME = "HighErrorRate"
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
        place = Other("", "", "", "", tmp_path, tmp_path, program)
        return DrillDesk(place, load_folder(DRILLS), tmp_path / "reports")

    return make


def newest(desk: DrillDesk) -> dict[str, object]:
    return dict(desk.state()["newest"])


def test_half_a_report_breaks_the_page(desk: Callable[[str], DrillDesk]) -> None:
    made = desk(WRITES_HALF)
    made.start(NAME)
    wait_for(lambda: newest(made)["state"] == "status 0", "its end")
    assert newest(made)["verdicts"] == []
