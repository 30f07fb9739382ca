"""The exit status of the suites where pytest and the verdicts do not say the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from verification.run.main import Result
from verification.suites import conftest
from verification.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
OPTIONS = {"collectonly": False, "strict": False, "--claim": []}


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
def test_trouble_that_no_verdict_speaks_of_ends_with_0(
    outcome: Outcome, told: pytest.ExitCode, status: int, tmp_path: Path
) -> None:
    stash = pytest.Stash()
    stash[conftest.RESULT] = Result(
        tmp_path, [Verdict("target/up", Outcome.PASS, ""), Verdict("x", outcome, "")], None
    )
    config = SimpleNamespace(stash=stash, getoption=OPTIONS.__getitem__)
    session = SimpleNamespace(config=config, exitstatus=told)
    conftest._set_status(session)  # type: ignore[arg-type]
    assert session.exitstatus == status
