"""Verdicts over HTTP: what the file says, when it was written, and always those of the newest run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from promproof.cli.report import run
from promproof.errors import InputError
from promproof.http import Session
from promproof.places import REPOSITORY
from promproof.report.exposed import NAME, write
from promproof.report.index import link
from promproof.report.output import Report
from promproof.report.serving import serve
from promproof.stack.ports import allocate_ports
from promproof.verdict import Outcome, Verdict
from tests.load.processes import wait_for
from tests.report.stored import copy

pytestmark = pytest.mark.unit
LOOPBACK = "127.0.0.1"


def judged(folder: Path, outcome: Outcome) -> Path:
    """A run's folder with its verdicts as metrics."""
    folder.mkdir(parents=True, exist_ok=True)
    write(Report(folder, [Verdict("metric/up/exact", outcome, "equal")]))
    return folder


def asked(port: int, path: str = "/metrics") -> tuple[int, str]:
    with Session(10) as session:
        answer = session.get(f"http://{LOOPBACK}:{port}{path}")
    return answer.status_code, answer.text


def verdict_of(text: str) -> str:
    families = {family.name: family for family in text_string_to_metric_families(text)}
    (sample,) = families["promproof_claim"].samples
    return sample.labels["verdict"]


def test_a_scrape_has_the_verdicts_and_when_they_were_written(tmp_path: Path) -> None:
    folder = judged(tmp_path, Outcome.FAIL)
    os.utime(folder / NAME, (1.5e9, 1.5e9))
    with serve(folder, (LOOPBACK, 0)) as port:
        status, text = asked(port)
    assert status == 200
    assert verdict_of(text) == "fail"
    assert text.endswith("\npromproof_written_timestamp_seconds 1500000000.000\n")


def test_behind_latest_a_scrape_has_the_newest_run(tmp_path: Path) -> None:
    link(judged(tmp_path / "1", Outcome.FAIL))
    with serve(tmp_path / "latest", (LOOPBACK, 0)) as port:
        assert verdict_of(asked(port)[1]) == "fail"
        link(judged(tmp_path / "2", Outcome.PASS))
        assert verdict_of(asked(port)[1]) == "pass"


def test_another_path_and_a_file_that_has_gone_are_no_metrics(tmp_path: Path) -> None:
    folder = judged(tmp_path, Outcome.PASS)
    with serve(folder, (LOOPBACK, 0)) as port:
        assert asked(port, "/metricsx")[0] == 404
        (folder / NAME).unlink()
        assert asked(port)[0] == 503


def test_a_run_without_verdicts_as_metrics_and_a_port_that_is_taken_are_refused(tmp_path: Path) -> None:
    folder = copy("red", tmp_path)
    with serve(folder, (LOOPBACK, 0)) as port:
        given: dict[str, Any] = {
            "folder": str(folder),
            "against": None,
            "plugins": [],
            "serve_metrics": str(port),
        }
        with pytest.raises(InputError, match="no verdicts as metrics"):
            run(given)
        judged(folder, Outcome.PASS)
        with pytest.raises(InputError, match="cannot be served"):
            run(given)


@pytest.mark.stack
def test_the_command_serves_until_it_is_interrupted_which_is_its_ordinary_end(tmp_path: Path) -> None:
    folder = judged(copy("green", tmp_path), Outcome.PASS)
    (port,) = allocate_ports(1)
    command = [sys.executable, "-m", "promproof", "report", str(folder), "--serve-metrics", str(port)]
    output = tmp_path / "out.txt"
    with output.open("wb") as stream:
        running = subprocess.Popen(command, cwd=REPOSITORY, stdout=stream, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: f"serving http://{LOOPBACK}:{port}/metrics" in output.read_text(), "the server")
        assert asked(port)[0] == 200
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
    finally:
        running.kill()
        running.wait()
