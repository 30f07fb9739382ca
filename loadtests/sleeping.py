"""Sleeping to the microsecond for whoever keeps a schedule.

gevent's loop waits in whole milliseconds, rounded up (epoll_wait, in libev's ev_epoll.c), so arrivals 2 ms apart would
come anything from 2 to 3 ms apart. A timerfd (timerfd_create(2)) wakes the same loop when it is due.
"""

from __future__ import annotations

import ctypes
import os
import time
from contextlib import suppress

import gevent
from gevent import get_hub

READ = 1
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class _Spec(ctypes.Structure):
    """struct itimerspec: the interval, and the first expiry."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class TimerSleep:
    """Sleeps one greenlet at a time; where the kernel has no timerfd, as gevent does."""

    def __init__(self) -> None:
        self._fd = -1
        with suppress(OSError, AttributeError):  # not Linux
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.timerfd_create(time.CLOCK_MONOTONIC, _FLAGS)
        self._watcher = get_hub().loop.io(self._fd, READ) if self._fd >= 0 else None

    def __call__(self, seconds: float) -> None:
        """Let others run for so long."""
        whole, rest = divmod(max(int(seconds * 1e9), 0), 1_000_000_000)
        if self._watcher is None or not (whole or rest):
            gevent.sleep(max(seconds, 0.0))
            return
        spec = _Spec(0, 0, whole, rest)
        if self._libc.timerfd_settime(self._fd, 0, ctypes.byref(spec), None):
            gevent.sleep(seconds)
            return
        get_hub().wait(self._watcher)
        with suppress(BlockingIOError):
            os.read(self._fd, 8)

    def close(self) -> None:
        """Give the timer back."""
        if self._watcher is not None:
            self._watcher.close()
            os.close(self._fd)
            self._watcher = None
