"""The six default drills at once, as a user runs them: every claim is judged, and nothing that is shipped fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from promproof.drills.drill import load_folder
from promproof.places import DRILLS, REPOSITORY
from promproof.run.drills import claims
from tests.drills.bench import drill

pytestmark = pytest.mark.stack
# A machine that is too busy may leave a claim unknown, and says so in these words; it never makes one fail.
BUSY = (
    "lateness",
    "hole",
    "ledgers disagree",
    "scrapes failed by themselves",
    "was not written",
    "slow by themselves",
    "none was owed",
    "seen by clients",
)


@pytest.mark.whole_run(alone=True)
@pytest.mark.nightly
def test_every_default_drill_is_judged_and_none_fails(tmp_path: Path) -> None:
    done = drill(tmp_path)
    wanted = claims([drill for drill in load_folder(DRILLS) if drill.default])
    assert list(done.verdicts) == [claim.id for _, claim in wanted], done.output
    bad = done.not_passed()
    assert not [text for text in bad.values() if text.startswith("fail")], done.output
    assert all(any(word in text for word in BUSY) for text in bad.values()), done.output
    assert done.status == (2 if bad else 0)
    assert {hop["drill"] for hop in done.report["run"]["hops"]} == {
        drill.plan.name for drill in load_folder(DRILLS)[:6]
    }
    assert "inactive -> pending" in done.output
    assert "webhook <- HighErrorRate firing" in done.output


def test_nox_hands_the_exit_status_of_a_drill_on() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nox", "-s", "drill", "--", "Nothing"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "HARNESS_PYTHON": sys.executable},
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "no drill is called 'Nothing'" in done.stdout + done.stderr
