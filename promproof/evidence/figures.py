"""What a reading of a process's own figures holds, and how exact the kernel's figures are."""

from __future__ import annotations

import os
from dataclasses import dataclass

# The kernel adds up resident memory in batches for each thread (proc(5), `statm`: "inaccurate"): 64 pages.
BATCH = 64 * os.sysconf("SC_PAGE_SIZE")
# CPU time is counted in clock ticks of so many seconds.
TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """One reading: run time (seconds) before and after it, CPU seconds, resident bytes, open descriptors, threads."""

    before: float
    after: float
    cpu_seconds: float
    resident_bytes: int
    open_descriptors: int
    threads: int
