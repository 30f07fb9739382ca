"""A stack that runs already behind proxies, and whose Alertmanager is told to notify an address of the run as well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from promproof.places import REPOSITORY
from promproof.stack.ports import allocate_ports
from tests.drills.fast import Fast, running
from tests.observe.front import before

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.whole_run(alone=True)]
DRILL = "drill/HighErrorRate/"
TENANT = {"X-Scope-OrgID": "shop"}
PASSWORD = {"Authorization": "Basic " + b64encode(b"ops:secret").decode()}


def judged(tmp_path: Path, told: tuple[str, ...]) -> tuple[dict[str, tuple[str, str]], str]:
    """Outcome and reason of each aspect of a drill, and what was printed. told: the receivers that lead to the run."""
    (port,) = allocate_ports(1)
    with ExitStack() as cleanup:
        stack = cleanup.enter_context(running(tmp_path, (), dict.fromkeys(told, f"http://127.0.0.1:{port}/")))
        fronted = _behind(stack, cleanup)
        options = ["--receiver", f"127.0.0.1:{port}", "--header", "prometheus=X-Scope-OrgID: shop"]
        command = [sys.executable, "-m", "promproof", "drill", "HighErrorRate", "--stack", "external"]
        done = subprocess.run(
            [*command, *fronted.arguments, *options, "--reports", str(tmp_path / "reports")],
            cwd=REPOSITORY,
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
    report = tmp_path / "reports" / "latest" / "report.json"
    verdicts = json.loads(report.read_text())["verdicts"]
    found = {
        verdict["claim"].removeprefix(DRILL): (verdict["outcome"], verdict["reason"]) for verdict in verdicts
    }
    return found, done.stdout + done.stderr


def _behind(stack: Fast, cleanup: ExitStack) -> Fast:
    """The same with a prefix, a tenant in front of Prometheus, and a password in front of Alertmanager."""
    prometheus = cleanup.enter_context(before(stack.prometheus, TENANT))
    alertmanager = cleanup.enter_context(before(stack.alertmanager, PASSWORD))
    return replace(
        stack, prometheus=prometheus, alertmanager=alertmanager.replace("http://", "http://ops:secret@")
    )


def test_what_arrives_at_the_address_is_judged(tmp_path: Path) -> None:
    found, printed = judged(tmp_path, ("webhook", "operator"))
    assert {found[aspect][0] for aspect in ("notified", "resolved", "quiet")} == {"pass"}, printed
    assert "API" not in found["notified"][1]
    assert "notifications are awaited at http://127.0.0.1:" in printed
