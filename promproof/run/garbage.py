"""Keeps Python's collector of garbage from a run's records while much is read and judged."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_alone() -> Iterator[None]:
    """Have nothing collected: it would look through all that was recorded again and again, and free nothing."""
    mine = gc.get_freeze_count() == 0  # a generator in this process has its own reasons
    collects = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
        if mine:
            gc.unfreeze()
