"""Precedence over other processes, where the user may take it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from promproof.stack.children import BEHIND, PRECEDENCE, run_to_end
from tests.load.processes import ROOT

pytestmark = pytest.mark.unit
NICENESS = """
import os, subprocess, sys
from promproof.stack.children import take_precedence
before, user = map(int, sys.argv[1:])
os.setpriority(os.PRIO_PROCESS, 0, before)
if user:
    os.setuid(user)
take_precedence()
print(os.getpriority(os.PRIO_PROCESS, 0), flush=True)
if not user:
    subprocess.run([sys.executable, "-c", "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"])
"""
NOBODY = 65534


def niceness(before: int, user: int = 0) -> set[int]:
    """The niceness of a process that had this one and took precedence, and of its child."""
    done = subprocess.run(
        [sys.executable, "-c", NICENESS, str(before), str(user)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {int(line) for line in done.stdout.split()}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize(("before", "after"), [(0, PRECEDENCE), (5, PRECEDENCE), (-15, -15)])
def test_children_run_ahead_of_others_where_the_user_may(before: int, after: int) -> None:
    assert niceness(before) == {after}


def test_children_of_a_user_who_may_not_run_as_all_others() -> None:
    assert niceness(0, NOBODY if os.geteuid() == 0 else 0) == {0}


def test_a_command_that_runs_to_its_end_runs_behind_the_stack(tmp_path: Path) -> None:
    code = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
    done = run_to_end([sys.executable, "-c", code], log=tmp_path / "log", seconds=60.0)
    assert int(done.output) == BEHIND
