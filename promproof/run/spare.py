"""How much of the machine a run may have: a short probe, before a time scale beyond the default is chosen.

Neither a load average nor an idle share tells: what others do at a lower priority gives way to a run, and a quota is in
neither. So as many threads as there are processors are busy for a moment, and what they were given is counted.
"""

from __future__ import annotations

import hashlib
import os
import time
from threading import Thread

SECONDS = 0.2
ROUNDS = 4000
"""of a hash without the interpreter's lock: some milliseconds"""


def needed(factor: float) -> float:
    """How many processors a main job takes at a time scale while its drill lasts, with its scrapes in time.

    On two processors that did nothing else it held 150; given 1.3 of them it did not, and 120 with one scrape lost.
    """
    return 1 + factor / 200


def wanting(factor: float, given: float) -> str:
    """What a machine that gives so many processors lacks for a time scale; empty for nothing."""
    least = needed(factor)
    return (
        "" if given >= least else f"this machine has {given:.1f} processors to spare, {least:.1f} are needed"
    )


def given(seconds: float = SECONDS) -> float:
    """How many processors this process is given when it wants all that it may use."""
    available = len(os.sched_getaffinity(0))
    return min(probe(available, seconds), float(available))


def probe(threads: int, seconds: float) -> float:
    """How many processors so many busy threads are given."""
    used: list[float] = []

    def work() -> None:
        deadline, before = time.monotonic() + seconds, time.thread_time()
        while time.monotonic() < deadline:
            hashlib.pbkdf2_hmac("sha256", b"", b"", ROUNDS)
        used.append(time.thread_time() - before)

    begun = time.monotonic()
    busy = [Thread(target=work, name="probe", daemon=True) for _ in range(threads)]
    for thread in busy:
        thread.start()
    for thread in busy:
        thread.join()
    return sum(used) / (time.monotonic() - begun)
