"""How long the main job takes, and where the time goes: `python -m benchmarks.main_job [SCALE]`.

Runs `nox -s verify` twice and prints the second run, its time as a share of the sixty seconds it may take, and the
time that the deployed durations alone demand at this time scale, which is 60 unless named.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
BAR_SECONDS = 60.0
SCALE = 60.0
# window + for below the threshold, half a window + for + group_wait above it, group_interval + window of quiet, and the
# window of active_users
SCALED_MINUTES = (5 + 5) + (2.5 + 5 + 0.5) + (1 + 5) + 5
DISCOVERY_SECONDS = 5
"""Of Prometheus, which no scale shortens."""


def main() -> int:
    """Exit status of the second run."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("scale", nargs="?", type=float, default=SCALE)
    scale = given.parse_args().scale
    seconds, status, output = 0.0, 0, ""
    for _ in range(2):
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "nox", "-s", "verify", "--", "--time-scale", f"{scale:g}"],
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
    demanded = SCALED_MINUTES * 60 / scale + DISCOVERY_SECONDS
    ratio = seconds / demanded
    print(f"demanded by the durations alone: {demanded:.0f} s; the run takes {ratio:.2f} times that")
    return status


if __name__ == "__main__":
    sys.exit(main())
