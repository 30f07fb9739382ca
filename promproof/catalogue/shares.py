"""The faults of a catalogue over all processors: each process judges its share, in a copy of the set-up of its own.

Each has to judge the set-up without a fault first, so that few faults are judged here. A share is handed over as a
file, and its results come back as lines of JSON while it goes on.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from promproof import isolated, plugins
from promproof.catalogue.folder import SetUp
from promproof.catalogue.judging import Judge, Red
from promproof.catalogue.model import Fault
from promproof.catalogue.scoring import Fate, Judging, Scored, score
from promproof.errors import EvidenceError
from promproof.stack.binaries import Binaries
from promproof.stack.children import Child, log_tail, start_child, stop_all
from promproof.stack.waiting import wait_until

LEAST = 24
"""Faults for each process: what the set-up without a fault costs is as much as about eight."""
SECONDS = 6 * 3600.0
Say = Callable[[Scored], None]


@dataclass(frozen=True)
class Share:
    """What one process judges. faults: with their numbers among all."""

    setup: SetUp
    binaries: Binaries
    faults: tuple[tuple[int, Fault], ...]
    places: int
    results: Path

    def judge(self, judge: Judging) -> None:
        """Write each result down as soon as it is there."""
        numbers = {fault.name: number for number, fault in self.faults}
        with self.results.open("w", encoding="utf-8") as file:

            def write(scored: Scored) -> None:
                said = {**asdict(scored), "fault": numbers[scored.fault.name]}
                file.write(json.dumps(said) + "\n")
                file.flush()

            score([fault for _, fault in self.faults], self.setup, judge, self.places, write)


def score_all(
    faults: Sequence[Fault],
    setup: SetUp,
    binaries: Binaries,
    places: int,
    say: Say,
    processes: int | None = None,
) -> list[Scored]:
    """The fates of all faults, in their order. processes: as many as there are processors.

    Raises:
        EvidenceError: a process ended before its share was judged.
    """
    count = min(processes or len(os.sched_getaffinity(0)), len(faults) // LEAST)
    if count < 2:
        return score(faults, setup, Judge(binaries), places, say)
    numbered = tuple(enumerate(faults))
    with tempfile.TemporaryDirectory(prefix="promproof-") as name:
        folder = Path(name)
        shares = [
            Share(setup, binaries, numbered[start::count], places, folder / f"{start}.jsonl")
            for start in range(count)
        ]
        found: list[tuple[int, Scored]] = []
        children: list[Child] = []
        try:
            for number, share in enumerate(shares):
                children.append(_started(share, folder / f"{number}.share", folder / f"{number}.log"))
            readers = [_Results(share.results, faults) for share in shares]
            wait_until(lambda: _unmet(children, readers, found, say), SECONDS)
        finally:
            stop_all(children)
    found.sort(key=lambda entry: (entry[0], entry[1].number))
    return [scored for _, scored in found]


def _started(share: Share, file: Path, log: Path) -> Child:
    file.write_bytes(pickle.dumps(share))
    return start_child(isolated.command(__name__, str(file)), name="share", log=log)


def _unmet(
    children: Sequence[Child],
    readers: Sequence[_Results],
    found: list[tuple[int, Scored]],
    say: Say,
) -> str:
    """What is still judged; new results are taken on the way."""
    running = [child for child in children if child.is_running()]  # before their last lines are read
    for reader in readers:
        for number, scored in reader.new():
            found.append((number, scored))
            say(scored)
    for child in children:
        if child not in running and child.exit_status():
            raise EvidenceError(
                "mutate", "a process ended before its faults were judged", log_tail(child.log), "try it again"
            )
    return f"{len(running)} processes judge" if running else ""


class _Results:
    """The whole lines that a share has written since they were last asked for."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self._path = path
        self._faults = faults
        self._read = 0

    def new(self) -> Iterator[tuple[int, Scored]]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")
        self._read += len(whole[0]) + len(whole[1])
        for line in whole[0].splitlines():
            yield _scored(json.loads(line), self._faults)


def _scored(said: dict[str, Any], faults: Sequence[Fault]) -> tuple[int, Scored]:
    red = tuple(Red(**entry) for entry in said["red"])
    number = said["fault"]
    given = {**said, "fault": faults[number], "fate": Fate(said["fate"]), "red": red}
    return number, Scored(**given)


def main() -> None:
    """Judge the share that the file of the command line holds."""
    plugins.use([])
    share: Share = pickle.loads(Path(sys.argv[1]).read_bytes())
    share.judge(Judge(share.binaries))


if __name__ == "__main__":
    main()
