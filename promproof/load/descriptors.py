"""How many files a process of the generator may open: each session under way has a connection."""

from __future__ import annotations

import resource
from sys import maxsize

LEAST = 10_000
"""What Locust asks for where it is given less (locust/main.py); it gets that where the hard limit allows it."""


def allowed() -> int:
    """Those of this process."""
    return _number(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def of_generator() -> int:
    """Those of a generator that this process starts."""
    soft, hard = map(_number, resource.getrlimit(resource.RLIMIT_NOFILE))
    return LEAST if soft < LEAST <= hard else soft


def _number(limit: int) -> int:
    return maxsize if limit == resource.RLIM_INFINITY else limit
