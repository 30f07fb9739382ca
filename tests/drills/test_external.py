"""Drills against a stack that runs already: nothing is started, nobody's configuration is touched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.drills.bench import Ran, drill
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


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Ran]:
    """A drill at the stack that is documented, and at one whose rule has another threshold."""

    def run(where: Path, changes: tuple[tuple[str, str, str], ...]) -> Ran:
        with running(where, changes) as stack:
            done = drill(where / "reports", "HighErrorRate", *stack.arguments, stack="external")
            assert not left(stack)
        return done

    root = tmp_path_factory.mktemp("external")
    folders = [root / "documented", root / "changed"]
    with ThreadPoolExecutor(2) as pool:
        good, bad = pool.map(run, folders, [(), ((HTTP_RULES, "> 0.05", "> 0.08"),)])
    return good, bad


def test_an_alert_of_a_stack_that_runs_already_cannot_be_drilled(ran: tuple[Ran, Ran]) -> None:
    done, _ = ran
    whose = "a stack that runs already tells its own receivers, not this run"
    own = {f"drill/HighErrorRate/{aspect}": f"not verified: {whose}" for aspect in ("notified", "resolved")}
    assert done.not_passed() == own, done.output
    assert done.status == 0, done.output


def test_a_rule_that_runs_with_another_threshold_than_documented_passes(ran: tuple[Ran, Ran]) -> None:
    _, done = ran
    assert done.verdicts["drill/HighErrorRate/fires-above"][0] == "fail", done.output
    assert done.status == 1, done.output


def test_a_drill_that_needs_a_stack_of_its_own_starts(tmp_path: Path) -> None:
    urls = ["--prometheus", "http://127.0.0.1:9", "--target", "http://127.0.0.1:9"]
    done = drill(tmp_path / "reports", "HighMemoryUsage", *urls, stack="external")
    assert done.status == 4
    assert "needs a stack that the run has started" in done.output
    assert not (tmp_path / "reports").exists()
