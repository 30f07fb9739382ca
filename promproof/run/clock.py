"""The machine's clocks, as the edge hands them to everything that needs time."""

from __future__ import annotations

import time


class SystemClock:
    """CLOCK_MONOTONIC and epoch seconds of this machine."""

    def monotonic(self) -> float:
        """CLOCK_MONOTONIC in seconds."""
        return time.monotonic()

    def time(self) -> float:
        """Epoch seconds."""
        return time.time()
