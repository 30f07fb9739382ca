"""Running the drills' own command, as a user does, and reading what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promproof.places import REPOSITORY

BROKEN = Path(__file__).parent / "broken.py"
TIMEOUT_SECONDS = 400


@dataclass(frozen=True)
class Ran:
    """A finished command: its exit status, what it said, and the outcome and reason of each claim."""

    status: int
    output: str
    verdicts: dict[str, tuple[str, str]]
    report: dict[str, Any]

    def not_passed(self) -> dict[str, str]:
        """Claims that did not pass, with their reasons."""
        return {
            claim: f"{outcome}: {reason}"
            for claim, (outcome, reason) in self.verdicts.items()
            if outcome != "pass"
        }


def command(*arguments: str, broken: str = "") -> list[str]:
    """The command line; `broken` names what is broken on purpose in the harness itself."""
    start = [sys.executable, str(BROKEN), broken] if broken else [sys.executable, "-m", "promproof", "drill"]
    return [*start, *arguments]


def drill(reports: Path, *arguments: str, broken: str = "", stack: str = "processes") -> Ran:
    """Run drills to their end, as processes."""
    done = subprocess.run(
        command(*arguments, "--stack", stack, "--reports", str(reports), broken=broken),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    found = sorted(reports.glob("*/report.json"))
    report: dict[str, Any] = json.loads(found[-1].read_text()) if found else {}
    verdicts = {
        verdict["claim"]: (verdict["outcome"], verdict["reason"]) for verdict in report.get("verdicts", ())
    }
    return Ran(done.returncode, done.stdout + done.stderr, verdicts, report)
