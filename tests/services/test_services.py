"""The apps as they run: `promproof init` drafts a contract of each, and `promproof verify` says that all is well."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

from promproof.contract.model import Contract, load
from tests.services.environment import HERE, NAMES, command

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.whole_run]
ROUTES = ("/items", "/items/3", "POST /items", "/fail")
"""Named by hand where a service has no OpenAPI; its metrics tell the others."""
COUNT = ("requests", "durations")
SHARE = 0.9
"""Of the metrics that count requests by a contract written by hand, so many a draft knows as well."""


def told(words: list[str], folder: Path, *, status: Set[int] = frozenset({0})) -> str:
    """What a command says that ends with one of these statuses."""
    done = subprocess.run(
        [sys.executable, "-m", "promproof", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode in status, done.stdout + done.stderr
    return done.stdout


def verified(folder: Path) -> dict[str, str]:
    """The outcomes of a green run; once more where the evidence of a busy machine is incomplete, as in the gate."""
    for _ in range(2):
        said = told(["verify"], folder, status={0, 2})
        report: dict[str, Any] = json.loads((folder / "reports" / "latest" / "report.json").read_text())
        outcomes = {claim["claim"]: claim["outcome"] for claim in report["verdicts"]}
        if "unknown" not in outcomes.values():
            break
        sys.stdout.write(f"repeated: {said}")
    return outcomes


def counting(contract: Contract) -> set[str]:
    """The metrics that count requests; a handler of its own that counts scrapes alone is none."""
    found = {metric.name for metric in contract.metrics if metric.truth.kind in COUNT}
    return found - {"promhttp_metric_handler_requests_total"}


@pytest.mark.parametrize("name", NAMES)
def test_a_drafted_contract_of_a_healthy_service_is_green(name: str, tmp_path: Path) -> None:
    routes = [word for route in ROUTES for word in ("--route", route)]
    told(["init", "--app", shlex.join(command(name, "{port}")), *routes], tmp_path)
    outcomes = verified(tmp_path)
    assert set(outcomes.values()) <= {"pass", "not verified"}
    wanted = counting(load(HERE / name / "contract.yaml"))
    exact = {metric for metric in wanted if outcomes.get(f"metric/{metric}/exact") == "pass"}
    assert len(exact) >= SHARE * len(wanted), sorted(wanted - exact)


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_by_hand_of_a_healthy_service_is_green(name: str, tmp_path: Path) -> None:
    folder = HERE / name
    started = shlex.join(command(name, "{port}"))
    places = ["--contract", str(folder / "contract.yaml"), "--monitoring", str(folder), "--app", started]
    told(["verify", "--time-scale", "30", "--reports", str(tmp_path / "reports"), *places], tmp_path)
