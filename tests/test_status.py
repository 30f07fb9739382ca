"""The exit status of the suites where pytest and the verdicts do not say the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promproof.pytest_plugin.ending import set_status
from promproof.pytest_plugin.state import RESULT
from promproof.run.ending import Ending
from promproof.run.frame import Result
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
OPTIONS = {"collectonly": False, "promproof_strict": False, "promproof_claim": []}


@pytest.mark.parametrize(
    ("outcome", "told", "status"),
    [
        (Outcome.PASS, pytest.ExitCode.OK, 0),
        (Outcome.NOT_VERIFIED, pytest.ExitCode.OK, 0),
        (Outcome.FAIL, pytest.ExitCode.TESTS_FAILED, 1),
        (Outcome.UNKNOWN, pytest.ExitCode.TESTS_FAILED, 2),
        # an error in a fixture, in a plug-in, in a clean-up: no verdict speaks of it
        (Outcome.PASS, pytest.ExitCode.TESTS_FAILED, 2),
        (Outcome.PASS, pytest.ExitCode.INTERRUPTED, 2),
        (Outcome.PASS, pytest.ExitCode.INTERNAL_ERROR, 2),
        (Outcome.FAIL, pytest.ExitCode.INTERRUPTED, 1),
    ],
)
def test_the_status_is_that_of_the_verdicts_and_2_for_any_other_trouble(
    outcome: Outcome, told: pytest.ExitCode, status: int, tmp_path: Path
) -> None:
    assert _status(tmp_path, outcome, told, Ending()) == status


@pytest.mark.parametrize(
    "ending",
    [
        Ending(trouble="alertmanager: died with exit status -9"),
        Ending(trouble="interrupted by SIGINT", interrupted=True),
        Ending(crashes=1),
    ],
    ids=["a component died", "interrupted", "a crash of our own"],
)
def test_a_run_that_broke_off_ends_with_2_unless_a_selected_claim_failed(
    ending: Ending, tmp_path: Path
) -> None:
    assert _status(tmp_path, Outcome.PASS, pytest.ExitCode.OK, ending) == 2
    assert _status(tmp_path, Outcome.FAIL, pytest.ExitCode.TESTS_FAILED, ending) == 1


@pytest.mark.parametrize(
    ("told", "status"),
    [(0, 0), (pytest.ExitCode.INTERNAL_ERROR, 2), (pytest.ExitCode.NO_TESTS_COLLECTED, 2), (4, 4)],
)
def test_a_collection_alone_ends_with_a_documented_status(told: int, status: int) -> None:
    config = SimpleNamespace(stash=pytest.Stash(), getoption={**OPTIONS, "collectonly": True}.__getitem__)
    session = SimpleNamespace(config=config, exitstatus=told)
    set_status(session)  # type: ignore[arg-type]  # a stand-in
    assert session.exitstatus == status


def _status(tmp_path: Path, outcome: Outcome, told: pytest.ExitCode, ending: Ending) -> int:
    stash = pytest.Stash()
    verdicts = [Verdict("target/up", Outcome.PASS, ""), Verdict("x", outcome, "")]
    evidence: Any = None  # the status depends on nothing of it
    stash[RESULT] = Result(tmp_path, verdicts, evidence, ending)
    config = SimpleNamespace(stash=stash, getoption=OPTIONS.__getitem__)
    session = SimpleNamespace(config=config, exitstatus=told)
    set_status(session)  # type: ignore[arg-type]  # a stand-in
    return int(session.exitstatus)
