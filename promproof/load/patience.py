"""Whether a run still gets on: what a generator waits for has a time, and a reason when the time is up.

A busy machine must not be taken for a dead one: the times are those after which nothing good has ever come.
"""

from __future__ import annotations

from math import inf

JOIN_SECONDS = 60.0
"""for the user that conducts the run to be there; it takes seconds, unless it cannot be made at all"""
READY_SECONDS = 3600.0
"""for the start file; whoever makes it prepares a stack meanwhile"""
STALL_SECONDS = 60.0
"""beyond two time-outs of a request, with requests open and none of them ending"""


class Patience:
    """How long a run has waited for what it waits for. timeout: of one read of an answer, in seconds."""

    def __init__(self, now: float, timeout: float) -> None:
        self._born = now
        self._limit = 2 * timeout + STALL_SECONDS
        self._moved = now
        self._last: tuple[int, int] | None = None
        self._ready_until = inf

    def lost(self, now: float, users: int, opened: int, open_requests: int) -> str:
        """Why there is no hope; empty while there is. users: Locust's that have joined."""
        if not users:
            waited = now - self._born
            return (
                f"Locust has no user after {waited:.0f} s: look at its log" if waited > JOIN_SECONDS else ""
            )
        course = (opened, open_requests)
        if course != self._last or not open_requests:
            self._last, self._moved = course, now
        waited = now - self._moved
        if waited <= self._limit:
            return ""
        return f"{open_requests} requests are open, and none has ended for {waited:.0f} s: no answer comes to its end"

    def unready(self, now: float) -> str:
        """Why nobody can be waited for any more who has to say go; empty while there is time."""
        if self._ready_until == inf:
            self._ready_until = now + READY_SECONDS
        return f"nobody has said go within {READY_SECONDS:.0f} s" if now > self._ready_until else ""
