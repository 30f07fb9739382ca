"""How much of the machine a run may have: a short probe, before a time scale beyond the default is chosen.

Neither a load average nor an idle share tells: what others do at a lower priority gives way to a run, and a quota is in
neither. So as many threads as there are processors are busy for a moment, and what they were given is counted. A quota
is read besides: it is given out a tenth of a second at a time, of which a short probe may meet one too many.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from math import inf
from pathlib import Path
from threading import Thread

SECONDS = 0.2
ROUNDS = 4000
"""of a hash without the interpreter's lock: some milliseconds"""
GROUPS, MOUNT = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


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
    available = min(float(len(os.sched_getaffinity(0))), quota())
    return min(probe(len(os.sched_getaffinity(0)), seconds), available)


def quota(groups: Path = GROUPS, mount: Path = MOUNT) -> float:
    """How many processors the control groups of this process may take; infinite without a quota.

    Each group above it can have one, too. In a container the path may be the host's, and the group is at the mount.
    """
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return inf
    found = [inf]
    for line in lines:
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        places = (mount / controllers, mount / "cpu") if controllers else (mount, mount / "unified")
        found += [_of_group(folder) for place in places for folder in _upwards(place, path)]
    return min(found)


def _upwards(place: Path, path: str) -> Iterator[Path]:
    """A group's folder and those above it, up to where they are mounted."""
    own = place / path.lstrip("/")
    for folder in (own, *own.parents):
        yield folder
        if folder == place:
            return


def _of_group(folder: Path) -> float:
    """The processors that a group may take: version 2 says it in one file, version 1 in two."""
    try:
        if (both := folder / "cpu.max").exists():
            most, period = both.read_text(encoding="utf-8").split()
        else:
            most, period = (
                (folder / f"cpu.cfs_{name}_us").read_text("utf-8") for name in ("quota", "period")
            )
        return int(most) / int(period) if int(most) > 0 else inf
    except (OSError, ValueError, ZeroDivisionError):  # "max" as well
        return inf


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
