"""How long the main job takes, and where the time goes: `python -m benchmarks.main_job [SCALE] [--runs N]`.

Verifies the shipped folder (`promproof verify`) so many times and prints each run's time by the clock, from the command
to its exit, its parts, its verdicts, and the time that durations alone demand at the time scale that it took. Without
SCALE that is the one that the program takes by itself on this machine: 150 where it has two processors to spare.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
BAR_SECONDS = 30.0
"""of a run at a time scale of 150"""
# window + for below the threshold, half a window + for + group_wait above it, and group_interval + window of quiet
SCALED_MINUTES = (5 + 5) + (2.5 + 5 + 0.5) + (1 + 5)
DISCOVERY_SECONDS = 5
"""of Prometheus, which no scale shortens"""
SCENARIO_SECONDS = 5.2
"""of the reconciliation: its slowest request"""
MARKS = (
    ("target and stack", "run copy of"),
    ("until the first scrape", "drill: starting Locust"),
    ("reconciliation", "below, "),
    ("below the threshold", "raised, "),
    ("raised, until it was told", "healed"),
    ("resolved and quiet", "at rest"),
    ("at rest", "asking every panel"),
    ("panels, restart and reload", "judging"),
    ("judging, with its pages", "tearing down"),
    ("the end", ""),
)
"""The parts of a run, each with the words that stand where it ends."""
_LINE = re.compile(r"^\[ *([0-9.]+) s\] (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One run: exit status, seconds by the clock, and what it printed."""

    status: int
    seconds: float
    output: str

    @property
    def scale(self) -> float:
        """The time scale that it took last: one that its machine did not hold is begun anew."""
        return float(re.findall(r"time scale ([0-9.]+)", self.output)[-1])

    @property
    def claims(self) -> str:
        """How many claims have which verdict."""
        found = re.findall(r"^\d+ claims: .*$", self.output, re.MULTILINE)
        return found[-1] if found else "no verdicts"

    def parts(self) -> list[tuple[str, float]]:
        """The parts in order with their seconds, from the lines that it printed; those that never came are left out."""
        lines = [(float(t), text) for t, text in _LINE.findall(self.output)]
        total = re.search(r" in ([0-9.]+)s", self.output)
        inside = float(total[1]) if total is not None else self.seconds
        found: list[tuple[str, float]] = [("outside of the session", self.seconds - inside)]
        at = 0.0
        for name, words in MARKS:
            end = next((t for t, text in lines if t >= at and words in text), None) if words else inside
            if end is not None:
                found.append((name, end - at))
                at = end
        return found


def driven(scale: float | None) -> Run:
    """One run of the shipped folder."""
    words = [] if scale is None else ["--time-scale", f"{scale:g}"]
    with tempfile.TemporaryDirectory(prefix="promproof-") as reports:
        command = [sys.executable, "-m", "promproof", "verify", "--reports", reports, *words]
        started = time.monotonic()
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        return Run(done.returncode, time.monotonic() - started, done.stdout)


def main() -> int:
    """The worst exit status of the runs."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("scale", nargs="?", type=float)
    given.add_argument("--runs", type=int, default=1, metavar="N", help="so many, one after the other")
    asked = given.parse_args()
    runs = []
    for number in range(asked.runs):
        run = driven(asked.scale)
        runs.append(run)
        print(
            f"run {number + 1}: {run.seconds:.1f} s, status {run.status}, time scale {run.scale:g}, {run.claims}"
        )
        for name, seconds in run.parts():
            print(f"  {name:<28}{seconds:6.1f}")
    median, scale = statistics.median(run.seconds for run in runs), runs[-1].scale
    demanded = SCALED_MINUTES * 60 / scale + DISCOVERY_SECONDS + SCENARIO_SECONDS
    print(
        f"median of {len(runs)}: {median:.1f} s, {median / BAR_SECONDS:.2f} of the bar of {BAR_SECONDS:g} s"
    )
    print(f"demanded by durations alone: {demanded:.1f} s; the run takes {median / demanded:.2f} times that")
    return max(run.status for run in runs)


if __name__ == "__main__":
    sys.exit(main())
