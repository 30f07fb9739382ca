"""SIGINT, SIGTERM and SIGHUP, from a command's first moment to its last: each ends it in order, with status 2.

`python -m promproof.interrupts MODULE [ARGUMENTS]` runs a module as `python -m MODULE` does. Until something has
been started a signal ends the process at once (an import can't be interrupted without a traceback); while a run is
driven the first one raises KeyboardInterrupt, and what follows only makes the end faster; once everything is judged
a signal is noted, and the reports are written. Only the standard library is imported, for the first moment is early.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STATUS = 2
SAME_SECONDS = 0.2
"""The same signal again within this time is the same event: a shell that goes tells its whole process group."""

Handler = Callable[[int, FrameType | None], None]


class _Noted:
    """The signals of this process so far. raises: whether the next one raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.at = 0.0
        self.raises = False


_noted = _Noted()


def note(number: int) -> bool:
    """Take down a signal; whether it is another one, and not the same told twice."""
    now = time.monotonic()
    if _noted.numbers and _noted.numbers[-1] == number and now - _noted.at < SAME_SECONDS:
        return False
    _noted.numbers.append(number)
    _noted.at = now
    return True


def noted() -> str:
    """The name of the first signal; empty when there was none."""
    return signal.Signals(_noted.numbers[0]).name if _noted.numbers else ""


def hurried() -> bool:
    """Whether somebody has asked more than once: nothing is waited for any more."""
    return len(_noted.numbers) > 1


def hold() -> None:
    """From now on, and until something is started, a signal ends the process at once with one line and status 2.

    For the main thread. Signals that the launcher has blocked are let in.
    """
    for number in SIGNALS:
        signal.signal(number, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


@contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """Within it the first signal raises KeyboardInterrupt with its name; later ones never break into an end.

    For the main thread of a program.
    """
    _noted.numbers.clear()
    _noted.raises = True
    before = [signal.signal(number, _interrupt) for number in SIGNALS]
    try:
        yield
    finally:
        _noted.raises = False
        _noted.numbers.clear()
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def as_flag(tell: Callable[[str], None]) -> Iterator[None]:
    """Within it a signal raises nothing: `tell` is told the name of each, so that what goes on can end in order.

    Only the main thread can have it so; on another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def take(number: int, frame: FrameType | None) -> None:
        if note(number):
            tell(signal.Signals(number).name)

    before = [signal.signal(number, take) for number in SIGNALS]
    told = len(_noted.numbers)
    try:
        yield
    finally:
        if len(_noted.numbers) > told:
            _noted.raises = False  # the first one was told: what follows only makes the end faster
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


def only_note() -> None:
    """From now on signals are noted and do nothing else: everything is judged, and is being taken down or reported.

    For the main thread.
    """
    _noted.raises = False
    for number in SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    note(number)
    if _noted.raises:
        _noted.raises = False
        raise KeyboardInterrupt(signal.Signals(number).name)


def _leave(number: int, frame: FrameType | None) -> None:
    name = signal.Signals(number).name
    os.write(2, f"interrupted by {name} before anything was started\n".encode())
    os._exit(STATUS)


def main() -> None:
    """Run the module that the command line names."""
    hold()
    import runpy  # takes long enough to be interrupted

    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
