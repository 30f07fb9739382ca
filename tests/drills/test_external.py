"""Drills against a stack that runs already: nothing is started, nobody's configuration is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.bench import drill
from tests.drills.fast import TOKEN, Fast, running
from verification.stack.waiting import loopback_session

pytestmark = pytest.mark.stack
HTTP_RULES = "prometheus/rules/http.yml"


def left(stack: Fast) -> bool:
    """Whether a fault is left at the target."""
    with loopback_session() as session:
        answer = session.get(
            f"{stack.faults}/faults", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
        )
    return not answer.json()["clean"]


def test_a_rule_that_runs_with_another_threshold_than_documented_passes(tmp_path: Path) -> None:
    """Its good twin is driven from the web UI's page (tests/load/test_ui_drills.py)."""
    with running(tmp_path, ((HTTP_RULES, "> 0.05", "> 0.08"),)) as stack:
        done = drill(tmp_path / "reports", "HighErrorRate", *stack.arguments, stack="external")
        assert not left(stack)
    assert done.verdicts["drill/HighErrorRate/fires-above"][0] == "fail", done.output
    assert done.status == 1, done.output


def test_a_drill_that_needs_a_stack_of_its_own_starts(tmp_path: Path) -> None:
    urls = ["--prometheus", "http://127.0.0.1:9", "--target", "http://127.0.0.1:9"]
    done = drill(tmp_path / "reports", "HighMemoryUsage", *urls, stack="external")
    assert done.status == 4
    assert "needs a stack that the run has started" in done.output
    assert not (tmp_path / "reports").exists()
