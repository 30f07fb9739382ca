"""What the program takes before it does anything, and for one small file: `python -m benchmarks.start`, CPU seconds.

Medians of five, with the modules compiled, as they are for who installs the program.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import words
from benchmarks.growing import timed

COMMANDS = (("--help",), ("check", "--help"), ("verify", "--help"), ("drill", "--list"), ("check", "{file}"))
TIMES = 5
SMALL = """groups:
- name: shop
  rules:
  - alert: ShopDown
    expr: up{job="shop"} == 0
    for: 5m
    labels: {severity: critical}
    annotations: {summary: The shop is down}
"""


def main() -> None:
    words.nothing(__doc__)
    print("| command | s of CPU |\n|---|---|")
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "shop.rules.yml"
        file.write_text(SMALL, encoding="utf-8")
        environment = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(Path(name) / "compiled")}
        for given in COMMANDS:
            command = [sys.executable, "-m", "promproof", *(word.format(file=file) for word in given)]
            ask = partial(subprocess.run, command, capture_output=True, check=True, env=environment)
            ask()
            print(f"| {' '.join(given)} | {median(timed(ask)[1] for _ in range(TIMES)):.2f} |")


if __name__ == "__main__":
    main()
