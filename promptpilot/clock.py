"""Waiting that never ends early.

Event loops round their timers (uvloop to whole milliseconds), so a plain sleep can return before its time.
A delay that the API injects is a lower bound for what a client measures, hence it must be kept strictly.
"""

import asyncio
import time


async def sleep_at_least(seconds: float) -> None:
    """Returns once `seconds` have passed on the monotonic clock, never before. Zero or less: at once."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:  # noqa: ASYNC110 (no event to wait for)
        await asyncio.sleep(left)
