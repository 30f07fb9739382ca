"""Broken files of every kind that a user writes: python -m benchmarks.fuzz [COUNT] [--seed N] [--kind NAME].

Each variant must end as accepted, as a finding, or as an input error that names the file; printed are the counts, the
slowest one (CPU seconds) and the memory of the process. What ends otherwise is printed with its seed, and its file is
kept beside.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from benchmarks.fuzz_files import KINDS, Kind, Workspace
from benchmarks.mutator import mutants
from promproof.errors import EvidenceError, InputError

CPU_SECONDS = 5.0
"""What one variant may take."""
DEADLINE_SECONDS = 50
"""Of real time, on a busy machine."""
MEMORY_BYTES = 500 * 1024 * 1024
CHUNK = 250


@dataclass
class Tally:
    """What became of variants of one kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0
    peak_megabytes: float = 0.0

    def add(self, other: Tally) -> None:
        self.outcomes += other.outcomes
        self.wrong += other.wrong
        self.slowest = max(self.slowest, other.slowest)
        self.peak_megabytes = max(self.peak_megabytes, other.peak_megabytes)


class Hang(BaseException):
    """Nothing came back in time."""


def run(kind: Kind, space: Workspace, seed: int, count: int) -> Tally:
    """So many variants of one kind in this process."""
    (path,) = space.folder.glob(kind.file)
    name = str(path.relative_to(space.folder))
    text = path.read_text(encoding="utf-8")
    space.compute()  # from the files as they are
    tally = Tally()
    for number, mutant in enumerate(mutants(kind.syntax, text, seed, count)):
        space.put(name, mutant)
        began = time.process_time()
        outcome = _outcome(kind, space)
        seconds = time.process_time() - began
        tally.slowest = max(tally.slowest, seconds)
        if seconds > CPU_SECONDS:
            outcome = f"took {seconds:.1f} s of CPU"
        if outcome not in ("accepted", "finding", "input error"):
            kept = Path(tempfile.gettempdir()) / f"fuzz-{kind.name.replace(' ', '-')}-{seed}-{number}"
            kept.write_bytes(mutant.content)
            tally.wrong.append(
                f"{kind.name}, seed {seed}, number {number} ({mutant.what}; {kept}):\n{outcome}"
            )
            outcome = "wrong"
        tally.outcomes[outcome] += 1
        space.take_away(name, text)
    tally.peak_megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return tally


def _outcome(kind: Kind, space: Workspace) -> str:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(DEADLINE_SECONDS)
    try:
        return "finding" if kind.go(space) else "accepted"
    except InputError as error:
        return _told(error, space)
    except EvidenceError:
        return "finding"
    except Hang:
        return "hang: " + "".join(traceback.format_exc())
    except Exception:
        return traceback.format_exc()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _told(error: InputError, space: Workspace) -> str:
    """An input error must name the place: a file of the workspace with its line, or a file that is none."""
    text = str(error)
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"can't be printed: {text!r}"
    if not error.where.startswith(str(space.folder)):
        return f"names no file: {text}"
    if not re.match(r".*:\d+", error.where) and not re.search(
        "cannot be read|is there|no run of|over 4096", text
    ):
        return f"names no line: {text}"
    return "input error"


def _chunks(count: int, seed: int, kinds: Iterable[Kind]) -> Iterable[tuple[Kind, int, int]]:
    chosen = list(kinds)
    total = sum(kind.share for kind in chosen)
    for kind in chosen:
        left = max(1, round(count * kind.share / total))
        number = seed
        while left > 0:
            yield kind, number, min(left, CHUNK)
            left -= CHUNK
            number += 1


def main() -> int:
    """Run all chunks, each in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=[kind.name for kind in KINDS])
    parser.add_argument("--chunk", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.chunk:
        name, seed, count = given.chunk
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            kind = next(kind for kind in KINDS if kind.name == name)
            print(json.dumps(vars(run(kind, Workspace(Path(folder)), int(seed), int(count)))))
        return 0
    kinds = [kind for kind in KINDS if given.kind in (None, kind.name)]
    tallies = {kind.name: Tally() for kind in kinds}
    chunks = list(_chunks(given.count, given.seed, kinds))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda chunk: _in_a_process(chunk[0].name, chunk[1], chunk[2]), chunks)
        for (kind, _, _), tally in zip(chunks, found, strict=True):
            tallies[kind.name].add(tally)
            for text in tally.wrong:
                print(f"{text}\n", flush=True)
    return _print(tallies)


def _in_a_process(name: str, seed: int, count: int) -> Tally:
    command = [sys.executable, "-m", "benchmarks.fuzz", "--chunk", name, str(seed), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return Tally(Counter(wrong=count), [f"{name}, seed {seed}: the process died\n{done.stderr[-2000:]}"])
    row = json.loads(done.stdout)
    return Tally(Counter(row["outcomes"]), row["wrong"], row["slowest"], row["peak_megabytes"])


def _print(tallies: dict[str, Tally]) -> int:
    columns = ("accepted", "finding", "input error", "wrong")
    print(f"{'file':18}" + "".join(f"{column:>13}" for column in columns) + f"{'slowest':>11}{'memory':>10}")
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    for name, tally in (*tallies.items(), ("all", total)):
        counts = "".join(f"{tally.outcomes[column]:13,}" for column in columns)
        print(f"{name:18}{counts}{tally.slowest:9.2f} s{tally.peak_megabytes:7.0f} MB")
    return int(bool(total.wrong) or total.peak_megabytes * 1024**2 > MEMORY_BYTES)


if __name__ == "__main__":
    sys.exit(main())
