"""Sleeping on the event loop, in a process of its own, since gevent's hub belongs to a thread."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.load.processes import DEADLINE_SECONDS, ROOT

pytestmark = pytest.mark.stack

CODE = """
import time
import gevent
from promproof.load.sleeping import TimerSleep

sleep, beats, naps = TimerSleep(), [], []

def beside():
    while True:
        beats.append(time.monotonic())
        gevent.sleep(0)

other = gevent.spawn(beside)
for seconds in (0.0, -1.0, 0.0001, 0.0003, 0.0015, 0.02, 1.01):
    begin, before = time.monotonic(), len(beats)
    sleep(seconds)
    assert time.monotonic() - begin >= seconds, seconds
    assert len(beats) > before, f"nobody else ran during {seconds}"
other.kill()
sleep.close()
fds = len(__import__("os").listdir("/proc/self/fd"))
for _ in range(100):
    one = TimerSleep()
    one(0.0001)
    one.close()
assert len(__import__("os").listdir("/proc/self/fd")) == fds
print("slept")
"""


def test_a_sleep_is_long_enough_lets_others_run_and_leaks_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.stdout == "slept\n", done.stderr
