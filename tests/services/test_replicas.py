"""Two instances of one job: green as they should be, red where one of them is wrong, and sums behind a balancer."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session, wait_until
from tests.services.environment import HERE
from tests.services.test_services import told

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.whole_run]
FOLDER = HERE / "replicas"


def verdicts(
    folder: Path, *words: str, contract: Path = FOLDER / "contract.yaml"
) -> dict[str, dict[str, Any]]:
    """What a run says of each claim; once more where a busy machine has left evidence incomplete, as in the gate."""
    places = ["--contract", str(contract), "--monitoring", str(FOLDER), "--reports", str(folder / "reports")]
    found: dict[str, dict[str, Any]] = {}
    for _ in range(2):
        told(["verify", "--time-scale", "30", *places, *words], folder, status={0, 1, 2})
        report = json.loads((folder / "reports" / "latest" / "report.json").read_text())
        found = {row["claim"]: row for row in report["verdicts"]}
        if all(row["outcome"] != "unknown" for row in found.values()):
            break
    return found


def started(*fault: str) -> str:
    return shlex.join([sys.executable, str(FOLDER / "app.py"), "{port}", *fault])


def red(found: dict[str, dict[str, Any]]) -> set[str]:
    return {claim for claim, row in found.items() if row["outcome"] == "fail"}


@contextmanager
def serving(*words: str, path: str = "/health") -> Iterator[str]:
    """A process that listens on a port of its own, which stands first among its words; its URL."""
    [port] = allocate_ports(1)
    script, *more = words
    url = f"http://127.0.0.1:{port}"

    def unmet() -> str:
        try:
            with loopback_session() as session:
                return "" if session.get(url + path, timeout=2).ok else "it answers otherwise"
        except OSError as error:
            return str(error)

    with subprocess.Popen([sys.executable, str(FOLDER / script), str(port), *more]) as process:
        try:
            wait_until(unmet, 30)
            yield url
        finally:
            process.terminate()


def test_two_instances_are_green_and_so_are_panels_over_them(tmp_path: Path) -> None:
    found = verdicts(tmp_path, "--app", started())
    assert {row["outcome"] for row in found.values()} <= {"pass", "not verified"}
    assert "2 instances" in found["metric/shop_requests_total/exact"]["reason"]
    values = [row for claim, row in found.items() if claim.endswith("/values")]
    assert len(values) == 8
    assert {row["outcome"] for row in values} == {"pass"}


@pytest.mark.parametrize(
    ("fault", "claim"),
    [("twice", "metric/shop_requests_total/exact"), ("renamed", "metric/shop_requests_total/form")],
)
def test_a_fault_of_one_instance_is_red(fault: str, claim: str, tmp_path: Path) -> None:
    found = verdicts(tmp_path, "--app", started("{workdir}", fault))
    assert claim in red(found)
    assert found[claim]["reason"].count("127.0.0.1:") == 1, "the other instance is right"


def test_behind_a_balancer_sums_are_exact_and_no_instance_is_judged(tmp_path: Path) -> None:
    with ExitStack() as stack:
        urls = [stack.enter_context(serving("app.py")) for _ in range(2)]
        front = stack.enter_context(serving("balancer.py", *urls))
        contract = yaml.safe_load((FOLDER / "contract.yaml").read_text(encoding="utf-8"))
        contract["target"]["instances"] = urls
        contract["traffic"]["reconcile"] = str(HERE / "scenario.yaml")
        written = tmp_path / "contract.yaml"
        written.write_text(yaml.safe_dump(contract), encoding="utf-8")
        behind = verdicts(tmp_path, "--target", front, contract=written)
        apart = verdicts(tmp_path, contract=written)
    assert red(behind) == red(apart) == set()
    exact = "metric/shop_requests_total/exact"
    assert behind[exact]["outcome"] == apart[exact]["outcome"] == "pass"
    assert "the sum of 2 instances" in behind[exact]["reason"]
    assert behind["metric/shop_requests_total/during"]["outcome"] == "not verified"
    assert apart["metric/shop_requests_total/during"]["outcome"] == "pass"
