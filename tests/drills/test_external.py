"""Drills against a stack that runs already: nothing is started, nobody's configuration is touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from promproof.places import REPOSITORY
from promproof.stack.waiting import loopback_session
from tests.drills.bench import drill
from tests.drills.fast import TOKEN, Fast, running

pytestmark = [pytest.mark.stack, pytest.mark.whole_run(alone=True)]
HTTP_RULES = "prometheus/rules/http.yml"
LIVE = "alert/HighErrorRate/live/"


def left(stack: Fast) -> bool:
    """Whether a fault is left at the target."""
    with loopback_session() as session:
        answer = session.get(
            f"{stack.faults}/faults", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
        )
    return not answer.json()["clean"]


@pytest.mark.nightly
def test_a_rule_that_runs_with_another_threshold_than_documented_fails(tmp_path: Path) -> None:
    """Through the main job, which takes one alert live; drills alone are driven from the page (test_ui_drills.py)."""
    with running(tmp_path, ((HTTP_RULES, "> 0.05", "> 0.08"),)) as stack:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "promproof",
                "verify",
                "--stack",
                "external",
                *stack.arguments,
                "--claim",
                LIVE,
                "--reports",
                str(tmp_path / "reports"),
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not left(stack)
    (report,) = (tmp_path / "reports").glob("[0-9]*/report.json")
    found = {verdict["claim"]: verdict["outcome"] for verdict in json.loads(report.read_text())["verdicts"]}
    assert done.returncode == 1, done.stdout
    assert {claim.removeprefix(LIVE) for claim, outcome in found.items() if outcome == "fail"} == {
        "fires-above"
    }
    # its Alertmanager would say whom it tells, and was owed nothing
    assert {found[LIVE + "notified"], found[LIVE + "resolved"]} == {"unknown"}
    assert found[LIVE + "three-ledgers"] == "pass"


def test_a_drill_that_needs_a_stack_of_its_own_is_refused(tmp_path: Path) -> None:
    urls = ["--prometheus", "http://127.0.0.1:9", "--target", "http://127.0.0.1:9"]
    done = drill(tmp_path / "reports", "HighMemoryUsage", *urls, stack="external")
    assert done.status == 4
    assert "needs a stack that the run has started" in done.output
    assert not (tmp_path / "reports").exists()


@pytest.mark.nightly
def test_an_alert_of_the_name_that_another_team_has_is_not_taken_for_ours(tmp_path: Path) -> None:
    """It fires all the time, which would be `silent-below`, and is at the same Alertmanager."""
    theirs = (
        "- alert: HighErrorRate\n        expr: up{job='node'} >= 0\n        labels: {team: machines}\n      "
    )
    with running(
        tmp_path, ((HTTP_RULES, "- alert: HighErrorRate", theirs + "- alert: HighErrorRate"),)
    ) as stack:
        done = drill(tmp_path / "reports", "HighErrorRate", *stack.arguments, stack="external")
        assert not left(stack)
    assert done.status == 0, done.output
