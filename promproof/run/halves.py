"""Judging in two processes: a verdict hangs on the records alone, so two can look at them side by side.

This process takes claims from the back and a fork of it from the front, until they meet: neighbours share what was
worked out once, and what the report shows of panels and of the page, at the back, need not be worked out anew. What the
fork leaves open, for whatever reason, is judged here: the verdicts are those of one process.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, NoReturn

import psutil

from promproof.checks.base import Pairs, judge_each
from promproof.crash import Keep
from promproof.evidence.evidence import Evidence
from promproof.verdict import Verdict

FEW = 20
"""Claims that are judged before a fork would have begun."""
PATIENCE_SECONDS = 2.0
"""For the claim that the fork is at when no other is left; as long as all others took here, where that is longer."""
LOOK_SECONDS = 0.002

Found = dict[int, Verdict]
"""Verdicts by the number of their claim in a sequence of them."""


class _Broke(Exception):
    """A check raised: its traceback is numbered where all are judged in order."""


def is_worth_it(pairs: Pairs) -> bool:
    """Whether this machine has a second processor, and memory for what a fork may copy."""
    if len(pairs) < FEW or len(os.sched_getaffinity(0)) < 2:
        return False
    return bool(psutil.virtual_memory().available > 2 * psutil.Process().memory_info().rss)


def all_of(pairs: Pairs, evidence: Evidence, keep: Keep) -> list[Verdict]:
    """A verdict for each claim, in their order, in one process or two."""
    found: Found = {}
    if is_worth_it(pairs):
        judge(pairs, evidence, found)
    left = [number for number in range(len(pairs)) if number not in found]
    found.update(zip(left, judge_each([pairs[number] for number in left], evidence, keep), strict=True))
    return [found[number] for number in range(len(pairs))]


def judge(
    pairs: Pairs,
    evidence: Evidence,
    found: Found,
    stop: Callable[[], str] = lambda: "",
    patience: float = PATIENCE_SECONDS,
) -> None:
    """Put the verdicts of claims into `found` (empty); those of checks that raised are left out, and others may be.

    stop: asked before each claim; why nothing more is judged, or nothing. What the fork has by then counts.
    """
    with TemporaryFile() as results, mmap.mmap(-1, len(pairs)) as taken:
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            _judge_and_exit(pairs, evidence, taken, results)
        try:
            for number in _untaken(reversed(range(len(pairs))), taken):
                if stop():
                    break
                _judge_one(pairs, evidence, number, found)
            else:
                _await(child, max(patience, time.monotonic() - begun))
        finally:
            _end(child)
            found.update(_read(results))


def _untaken(numbers: Iterable[int], taken: mmap.mmap) -> Iterable[int]:
    """Numbers until one that the other has; when both take one at once, both judge it alike."""
    for number in numbers:
        if taken[number]:
            return
        taken[number] = 1
        yield number


def _judge_one(pairs: Pairs, evidence: Evidence, number: int, found: Found) -> None:
    def keep(what: str, error: BaseException) -> str:
        raise _Broke

    with suppress(_Broke):
        found[number] = next(iter(judge_each(pairs[number : number + 1], evidence, keep)))


def _judge_and_exit(pairs: Pairs, evidence: Evidence, taken: mmap.mmap, results: IO[bytes]) -> NoReturn:
    """What the fork does; nothing of what its parent would do at its end."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        parent = os.getppid()
        for number in _untaken(range(len(pairs)), taken):
            if os.getppid() != parent:
                break
            found: Found = {}
            _judge_one(pairs, evidence, number, found)
            for verdict in found.values():
                results.write(pickle.dumps((number, verdict)))
                results.flush()
    finally:
        os._exit(0)


def _await(child: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(LOOK_SECONDS)


def _end(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)


def _read(results: IO[bytes]) -> Found:
    """What a fork has written; one that was killed may have written half a verdict."""
    found: Found = {}
    results.seek(0)
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            number, verdict = pickle.load(results)
            found[number] = verdict
    return found
