"""What the program takes before it does anything: `python -m benchmarks.start`, CPU seconds, medians of five."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median

from benchmarks import words
from benchmarks.growing import timed

COMMANDS = (("--help",), ("check", "--help"), ("verify", "--help"), ("drill", "--list"))
TIMES = 5


def main() -> None:
    words.nothing(__doc__)
    print("| command | s of CPU |\n|---|---|")
    for given in COMMANDS:
        command = [sys.executable, "-m", "promproof", *given]
        taken = [
            timed(partial(subprocess.run, command, capture_output=True, check=True))[1] for _ in range(TIMES)
        ]
        print(f"| {' '.join(given)} | {median(taken):.2f} |")


if __name__ == "__main__":
    main()
