"""Prints what a size and twice as much cost, each from a process of its own; twice the input should cost twice as much.

CPU time of the process and of the programs that it ran: seconds of the clock depend on what else the machine does.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from benchmarks import words

T = TypeVar("T")
ONLY = "--only"


def cpu_seconds() -> float:
    """CPU time so far of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """A result, and the CPU seconds that it took."""
    started = cpu_seconds()
    return work(), cpu_seconds() - started


def peak() -> float:
    """The most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def growth(module: str, size: int, times: int = 1, before: Sequence[str] = ()) -> None:
    """Print a size and its double: medians of so many processes of `module BEFORE SIZE --only`, which print JSON.

    What is named `MB` is memory, all else CPU seconds; `all` is their sum where the module gives none.
    """
    small, large = (
        _median([_asked(module, [*before, str(number)]) for _ in range(times)]) for number in (size, 2 * size)
    )
    print(
        f"| {' '.join([module.rpartition('.')[2], *before])} | {size} | {2 * size} | ratio |\n|---|---|---|---|"
    )
    for key in small:
        unit = "MB" if key == "MB" else "s of CPU"
        ratio = f"{large[key] / small[key]:.2f}" if small[key] else ""
        print(f"| {key} | {small[key]:.3f} {unit} | {large[key]:.3f} | {ratio} |")


def compare(
    module: str, about: str | None, measured: Callable[[int], dict[str, float]], times: int = 1
) -> None:
    """The program of a benchmark of one size: `SIZE` compares it with its double, `SIZE --only` prints one as JSON."""
    given = words.parser(about)
    given.add_argument("size", type=words.positive)
    given.add_argument(ONLY, action="store_true", help="one size, as JSON")
    options = given.parse_args()
    print(json.dumps(measured(options.size))) if options.only else growth(module, options.size, times)


def _asked(module: str, words: Sequence[str]) -> dict[str, float]:
    command = [sys.executable, "-m", module, *words, ONLY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    found.setdefault("all", sum(seconds for key, seconds in found.items() if key != "MB"))
    return found


def _median(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: median(row[key] for row in rows) for key in rows[0]}
