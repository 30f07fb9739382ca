"""Several processes behind one port: right with one registry, and named by the draft with one for each."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.services.environment import command
from tests.services.test_services import told, verified

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.whole_run]


def started(*more: str) -> str:
    return shlex.join([*command("workers", "{port}"), *more])


def test_two_workers_with_one_registry_are_green(tmp_path: Path) -> None:
    told(["init", "--app", started()], tmp_path)
    outcomes = verified(tmp_path)
    assert set(outcomes.values()) == {"pass", "not verified"}
    assert outcomes["metric/shop_calls_total/exact"] == outcomes["metric/shop_call_seconds/exact"] == "pass"


def test_two_workers_with_a_registry_each_are_named_by_the_draft_and_red_in_the_run(tmp_path: Path) -> None:
    said = told(["init", "--app", started("apart")], tmp_path)
    assert "go backwards between readings: several processes behind one port" in said
    good = tmp_path / "good"
    good.mkdir()
    told(["init", "--app", started()], good)
    contract, traffic = (str(good / "promproof" / name) for name in ("contract.yaml", "traffic.yaml"))
    assert Path(traffic).is_file()
    told(["verify", "--contract", contract, "--app", started("apart")], tmp_path, status={1})
    report: dict[str, Any] = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())
    red = {row["claim"] for row in report["verdicts"] if row["outcome"] == "fail"}
    # which of its claims depends on the process that answers: one of them may have had all the calls
    assert any(claim.startswith("metric/shop_calls_total/") for claim in red), red
