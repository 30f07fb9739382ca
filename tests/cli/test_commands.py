"""The commands as a user types them: exit statuses, and what is left behind when they are interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

from promproof.places import DEFAULT_CONTRACT, REPOSITORY

pytestmark = [pytest.mark.stack, pytest.mark.takes(4)]
SUITES = [sys.executable, "-m", "promproof", "verify"]
SUITES += ["--stack", "processes"]  # an engine that answers may be there
NOX = [sys.executable, "-m", "nox", "-s", "verify", "--", "--stack", "processes"]
GONE_SECONDS = 20.0  # five on a machine that is not busy


def suites(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SUITES, *options], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


def test_a_wrong_contract_ends_with_4_before_anything_starts(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    text = DEFAULT_CONTRACT.read_text(encoding="utf-8")
    contract.write_text(text.replace("severity: critical", "severity: [critical]", 1), encoding="utf-8")
    done = suites("--contract", str(contract), "--reports", str(tmp_path / "reports"))
    assert done.returncode == 4, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert re.search(r"contract\.yaml:\d+: alerts\.0\.severity", said)
    assert "Traceback" not in said
    assert not (tmp_path / "reports").exists()


def test_a_claim_that_nobody_makes_ends_with_4_and_similar_ones_are_named(tmp_path: Path) -> None:
    done = suites("--claim", "metric/http_request_total", "--reports", str(tmp_path / "reports"))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "--claim: no claim's id starts with 'metric/http_request_total'" in done.stdout + done.stderr
    assert "metric/http_requests_total/" in done.stdout + done.stderr, "nothing similar is named"
    assert not (tmp_path / "reports").exists()


def test_a_missing_program_is_named_and_ends_with_4(tmp_path: Path) -> None:
    done = suites("--binary", f"prometheus={tmp_path / 'none'}", "--reports", str(tmp_path / "reports"))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "prometheus" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "reports").exists()


def test_a_target_that_dies_at_its_start_ends_with_2_and_its_last_words(tmp_path: Path) -> None:
    done = suites(
        "--app",
        f"{sys.executable} -c 'raise SystemExit(\"no luck today\")' {{port}}",
        "--reports",
        str(tmp_path),
    )
    assert done.returncode == 2, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 50, f"{len(lines)} lines do not fit on a screen"
    cause = "target: died with exit status 1 before it was healthy"
    told = next(number for number, line in enumerate(lines) if line == f"the run broke off: {cause}")
    assert "no luck today" in "".join(lines[told : told + 4])
    assert re.fullmatch(r"\d+ of \d+ claims are unknown for that reason alone", lines[told + 4]), lines[told:]
    assert "failed" not in lines[-1], lines[-1]
    assert re.search(r"\d+ unknown", lines[-1]), lines[-1]
    assert "tracebacks of the harness" not in done.stdout, "the report of what did not begin is an exception"

    (folder,) = (tmp_path).glob("*Z")
    suite = ElementTree.parse(folder / "junit.xml").getroot()[0]
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    error = suite[0].find("error")
    assert error is not None, "the first entry is not the cause"
    assert re.fullmatch(rf"\d+ claims unknown: {cause}", str(error.get("message")))

    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (report["cause"], report["exit_status"]) == (cause, 2)
    assert report["unknown_for_the_cause"] == report["counts"]["unknown"]


@pytest.mark.parametrize(
    "crash",
    [
        pytest.param(
            "import promproof.run.prepare as prepare\nprepare.prepare = boom", marks=pytest.mark.nightly
        ),
        pytest.param("pytest_collection_modifyitems = boom", marks=pytest.mark.nightly),
        "pytest_sessionfinish = boom",
    ],
    ids=["before the session", "in it", "at its end"],
)
def test_a_crash_within_pytest_ends_with_2_and_its_traceback_in_a_file(tmp_path: Path, crash: str) -> None:
    plugin = f"def boom(*_):\n    raise KeyError('nobody expected this')\n{crash}\n"
    (tmp_path / "crashing.py").write_text(plugin, encoding="utf-8")
    reports = tmp_path / "reports"
    reports.mkdir()
    done = subprocess.run(
        [
            *SUITES,
            "--app",
            "false",
            "--claim",
            "config/clean",
            "--reports",
            str(reports),
            "--",
            "-p",
            "crashing",
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "KeyError: 'nobody expected this'" in said
    assert "Traceback" not in said
    (trace,) = reports.rglob("crash-*.txt")
    assert str(trace) in said
    assert "crashing.py" in trace.read_text(encoding="utf-8")


def test_nox_hands_the_exit_status_of_verify_on(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "nox",
        "-s",
        "verify",
        "--",
        "--app",
        "x",
        "--target",
        "http://127.0.0.1:1",
    ]
    environment = {**os.environ, "HARNESS_PYTHON": sys.executable}
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False, env=environment
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "exclude each other" in done.stdout + done.stderr


@pytest.mark.whole_run
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGHUP,
        pytest.param(signal.SIGINT, marks=pytest.mark.nightly),
        pytest.param(signal.SIGKILL, marks=pytest.mark.nightly),
    ],
)
def test_an_interrupted_run_leaves_no_process_and_no_port(tmp_path: Path, number: signal.Signals) -> None:
    """While the boundary is proven; the one that hangs up tells nox."""
    command = NOX if number == signal.SIGHUP else SUITES
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "HARNESS_PYTHON": sys.executable, "TMPDIR": str(temporary)}
    with (tmp_path / "output").open("w") as output:
        run = subprocess.Popen(
            [*command, "--reports", str(tmp_path / "reports")],
            cwd=REPOSITORY,
            stdout=output,
            stderr=output,
            env=environment,
        )
    seen: dict[int, psutil.Process] = {}

    def traffic_flows() -> bool:
        assert run.poll() is None, (tmp_path / "output").read_text()
        seen.update({process.pid: process for process in psutil.Process(run.pid).children(recursive=True)})
        return "requests sent" in (tmp_path / "output").read_text()

    try:
        until(traffic_flows, 200, "traffic")
        ports = {port for process in seen.values() if process.is_running() for port in _listening(process)}
        assert len(ports) >= 4
        run.send_signal(number)
        until(
            lambda: not any(_alive(process) for process in seen.values()),
            GONE_SECONDS,
            "the end of all processes",
        )
        run.wait(GONE_SECONDS)
    finally:
        if run.poll() is None:
            run.kill()
            run.wait()
    taken = _ports(psutil.net_connections("tcp"))
    assert not ports & taken
    if number != signal.SIGKILL:
        assert run.returncode == 2
        (report,) = (tmp_path / "reports").glob("[0-9]*/report.json")
        kept = json.loads(report.read_text(encoding="utf-8"))
        assert (kept["interrupted"], kept["cause"]) == (True, f"interrupted by {number.name}")
        assert kept["counts"]["pass"] > 50, "what needs no traffic is not judged"
        assert "fail" not in kept["counts"], "an interruption is taken for a failure"
        assert "claims are unknown for that reason alone" in (tmp_path / "output").read_text()
        assert list(temporary.iterdir()) == []
        assert "Traceback" not in (tmp_path / "output").read_text()


def _listening(process: psutil.Process) -> set[int]:
    try:
        return _ports(process.net_connections("tcp"))
    except psutil.Error:
        return set()


def _ports(connections: Iterable[Any]) -> set[int]:
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
