"""Runs test files as their user would: what `promtool test rules` says of each."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from promproof.proofs.asking import FILES, PROCESSES, surroundings
from promproof.proofs.sections import sections
from promproof.stack.children import run_to_end

SECONDS = 60
"""For a process; one that needs more is asked again file by file."""


def told(files: Sequence[Path], logs: Path, promtool: Path) -> dict[int, str]:
    """What promtool says of each file, by its number: a few in each process, two processes side by side.

    logs: a folder for what the processes print. One that promtool did not come to is left out.
    """
    env = surroundings(is_long=True)

    def run(numbers: Sequence[int]) -> dict[int, str]:
        log = logs / f"{numbers[0]}.log"
        log.unlink(missing_ok=True)
        command = [str(promtool), "test", "rules", *(str(files[number]) for number in numbers)]
        try:
            done = run_to_end(command, log=log, seconds=SECONDS, env=env)
        except TimeoutError:
            return {} if len(numbers) == 1 else dict(ChainMap(*(run([number]) for number in numbers)))
        return dict(zip(numbers, sections(done.output), strict=False))  # fewer where promtool broke off

    shares = [range(start, min(start + FILES, len(files))) for start in range(0, len(files), FILES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        return dict(ChainMap(*pool.map(run, shares)))


def has_passed(said: str) -> bool:
    """Whether what promtool says of a file is that all its tests passed."""
    return "SUCCESS" in said and "FAILED" not in said
