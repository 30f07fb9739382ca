"""Whether a process has been stopped (SIGSTOP, a debugger's stop): the kernel's word, instant and without a guess.

A stopped process still exists, holds its ports and takes connections, which the kernel accepts for it: nothing but its
state tells it from a busy one. A busy one is never in this state.
"""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
_STOPPED = ("T", "t")
_GENERATIONS = 4


def stopped(pid: int | None, proc: Path = PROC) -> int | None:
    """The pid of the process, or of one that it started, that is stopped; None when none is, or it is gone."""
    family = [] if pid is None else [pid]
    for _ in range(_GENERATIONS):
        children: list[int] = []
        for member in family:
            if _state(member, proc) in _STOPPED:
                return member
            children += _children(member, proc)
        family = children
    return None


def _state(pid: int, proc: Path) -> str:
    try:
        stat = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return ""
    # the command may hold spaces and parentheses; the state is the first field after its last ')'
    return stat.rpartition(")")[2].split()[0] if ")" in stat else ""


def _children(pid: int, proc: Path) -> list[int]:
    try:
        tasks = list((proc / str(pid) / "task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except (OSError, ValueError):  # gone meanwhile, or a kernel without this file
        return []
