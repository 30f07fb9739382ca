"""How long the main job takes when everything is installed, and where the time goes: `python -m benchmarks.main_job`.

Runs `nox -s verify` twice and prints the second run, its time as a share of the sixty seconds it may take, and the
time that the deployed durations alone demand at this time scale.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
BAR_SECONDS = 60.0
SCALE = 60.0
# window + for below the threshold, half a window + for + group_wait above it, group_interval + window of quiet, the
# window of active_users, and Prometheus' discovery, which no scale shortens
DEMANDED_SECONDS = ((5 + 5) + (2.5 + 5 + 0.5) + (1 + 5) + 5) * 60 / SCALE + 5


def main() -> int:
    """Exit status of the second run."""
    seconds, status, output = 0.0, 0, ""
    for _ in range(2):
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "nox", "-s", "verify"],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds, status, output = time.monotonic() - started, done.returncode, done.stdout
    for line in re.findall(r"^\[ *[0-9.]+ s\].*$", output, re.MULTILINE):
        print(line)
    print(
        f"second run: status {status}, {seconds:.1f} s, {seconds / BAR_SECONDS:.2f} of the bar of {BAR_SECONDS:g} s"
    )
    ratio = seconds / DEMANDED_SECONDS
    print(f"demanded by the durations alone: {DEMANDED_SECONDS:.0f} s; the run takes {ratio:.2f} times that")
    return status


if __name__ == "__main__":
    sys.exit(main())
