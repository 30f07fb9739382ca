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
from gevent import get_hub, getcurrent
from greenlet import greenlet

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
        self._hub = get_hub()
        self._sleeper: greenlet | None = None
        self._watcher = None
        with suppress(OSError, AttributeError):  # not Linux
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.timerfd_create(time.CLOCK_MONOTONIC, _FLAGS)
        if self._fd >= 0:
            # watched all the time: to begin and end that for each sleep would cost two system calls more
            self._watcher = self._hub.loop.io(self._fd, READ)
            self._watcher.start(self._due)

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
        self._sleeper = getcurrent()
        try:
            self._hub.switch()
        finally:
            self._sleeper = None

    def close(self) -> None:
        """Give the timer back."""
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            os.close(self._fd)
            self._watcher = None

    def _due(self) -> None:
        # the timer is readable until it is read or set again
        with suppress(BlockingIOError):
            os.read(self._fd, 8)
        if self._sleeper is not None:
            self._sleeper.switch()
