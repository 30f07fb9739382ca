"""Load sessions from end to end: what passes, what must not, and what is left behind whatever ended the run."""

from __future__ import annotations

import itertools
import re
import resource
import signal
import socket
import socketserver
import threading
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram

from promproof.cli.program import main
from promproof.evidence.ledgerfile import read
from tests.load.conftest import LoadSessions
from tests.load.processes import wait_for
from tests.load.target import Target

pytestmark = [pytest.mark.stack, pytest.mark.takes(5)]

# A machine on which others run as well may be late; what is tested here is not its speed.
PATIENT = "generator: {lag: 10s, cpu: 100%}\n"
OPEN = f"""
scenario: 1
name: open
mix: [{{name: list, steps: [{{request: GET /things}}]}}]
arrival: {{model: open, rate: 100/s}}
duration: 2s
{PATIENT}"""
ENDLESS = OPEN.replace("duration: 2s", "duration: 10m")


def test_a_good_run_passes_and_its_report_is_whole(target: Target, sessions: LoadSessions) -> None:
    session = sessions.start(
        OPEN, "--pass", "p50 < 10s", "--pass", "errors == 0", "--pass", "requests == 200"
    )
    status, output = session.end()
    assert status == 0, output
    assert "passed: open against" in output
    result = session.result()
    assert [verdict["outcome"] for verdict in result["verdicts"]] == ["pass"] * 3
    assert target.counts == {("GET", "/things", 200): 200}
    assert read(session.folder / "ledger.jsonl").counts == target.counts
    (row, every) = result["endpoints"]
    assert (row["requests"], row["statuses"], every["requests"]) == (200, {"200": 200}, 200)
    histogram = HdrHistogram.decode(result["hdr_felt_us"])
    assert histogram.get_total_count() == 200
    assert histogram.get_value_at_percentile(99) / 1e6 == pytest.approx(
        row["latency_seconds"]["p99"], rel=0.002
    )
    page = (session.folder / "report.html").read_text()
    assert "passed: open against" in page
    assert not re.findall(r'(?:src|href)="', page), "the report needs another file"


ONE_WRONG = """
scenario: 1
name: one wrong
once: [{name: wrong, steps: [{request: GET /nowhere, endpoint: unmatched, expect: [404]}]}]
mix: [{name: list, steps: [{request: GET /things}, {request: GET /nowhere, endpoint: unmatched, expect: [404]}]}]
arrival: {model: closed, users: 1}
max_requests: 40
pass: [404 <= 20, 404 < 20]
"""


@pytest.mark.nightly  # every day: one with `abort` ends with 1 below, and test_conditions.py has the comparisons
def test_a_condition_that_one_request_breaks_fails(sessions: LoadSessions) -> None:
    """Beside its harmless neighbour; that kept conditions alone end with 0 is seen in the test above."""
    status, output = sessions.start(ONE_WRONG).end()
    assert status == 1
    assert re.search(r"404 <= 20 +pass +20", output)
    assert re.search(r"404 < 20 +fail +20", output)


@pytest.mark.nightly  # every day: a rate beyond this machine is invalid below, and test_judgement.py has the reasons
def test_a_run_whose_generator_was_frozen_is_unknown(sessions: LoadSessions) -> None:
    session = sessions.start(ENDLESS.replace("10m", "6s").replace("lag: 10s", "lag: 400ms"))
    session.ledger_has("arrivals-started")
    (generator,) = session.generators()
    wait_for(lambda: len(read(session.folder / "ledger.jsonl").counts) > 0, "the first answers")
    generator.send_signal(signal.SIGSTOP)
    try:
        # the twin of every passing test here: the same run, frozen for longer than its limit allows
        wait_for(lambda: generator.status() == "stopped", "the generator has stopped")
        with pytest.raises(TimeoutError):
            _never(1.5)
    finally:
        generator.send_signal(signal.SIGCONT)
    status, output = session.end()
    assert status == 2, output
    assert "invalid: the generator was late" in output
    assert [verdict["outcome"] for verdict in session.result()["verdicts"]] == ["unknown"]


def _never(seconds: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        nobody.settimeout(seconds)
        nobody.accept()


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.nightly), signal.SIGINT])
def test_an_interrupted_run_is_invalid_and_has_its_report(
    target: Target, sessions: LoadSessions, number: signal.Signals
) -> None:
    session = sessions.start(ENDLESS)
    session.ledger_has("arrivals-started")
    wait_for(lambda: target.counts[("GET", "/things", 200)] > 20, "some requests")
    session.signal(number)
    status, output = session.end()
    assert status == 2
    assert "invalid: interrupted after" in output
    assert "interrupted after" in (session.folder / "report.html").read_text()
    view = read(session.folder / "ledger.jsonl")
    assert view.complete
    assert view.counts == target.counts


def test_a_run_whose_generator_was_killed_is_invalid_and_has_its_report(
    target: Target, sessions: LoadSessions
) -> None:
    session = sessions.start(ENDLESS)
    wait_for(lambda: target.counts[("GET", "/things", 200)] > 50, "some requests")
    session.generators()[0].kill()
    status, output = session.end()
    assert status == 2
    assert "invalid: the generator ended without its final line" in output
    assert (session.folder / "report.html").exists()
    assert 0 < session.result()["requests"] <= target.counts[("GET", "/things", 200)]


def test_a_condition_with_abort_ends_the_run(target: Target, sessions: LoadSessions) -> None:
    session = sessions.start(
        ENDLESS.replace("GET /things", "GET /broken"),
        "--pass",
        "errors < 50%, over 1s, abort",
        "--pass",
        "rate > 0.1/s",
    )
    status, output = session.end()
    assert status == 1
    assert "ending the run: errors < 50%, over 1s, abort: 100.000%" in output
    assert re.search(r"rate > 0.1/s +(unknown|fail)", output)


@pytest.mark.nightly  # every day: a disk that fills up under a run, in tests/run/test_full_disk.py
def test_a_report_that_cannot_be_written_ends_with_2(target: Target, sessions: LoadSessions) -> None:
    session = sessions.start(OPEN)
    session.ledger_has("arrivals-started")
    # as a full disk: the kernel lets this process write nothing more into files
    resource.prlimit(session.process.pid, resource.RLIMIT_FSIZE, (0, 0))
    status, output = session.end()
    assert status == 2
    assert "the report cannot be written: File too large" in output
    assert "passed: open against" in output


def test_a_rate_beyond_this_machine_ends_the_run(sessions: LoadSessions) -> None:
    session = sessions.start(
        ENDLESS.replace("{model: open, ", "{model: open, limit: 100000, "), "--rate", "50000"
    )
    status, output = session.end()
    assert status == 2
    assert re.search(r"the rate is beyond this machine: .* one process starts about \d+ arrivals/s", output)


STAIRS = f"""
scenario: 1
name: stairs
mix:
  - name: run
    steps: [{{request: POST /things/1/run, json: {{seconds: 0.2}}}}]
arrival:
  model: open
  limit: 10000
  stages: [{{rate: 10/s, for: 2s}}, {{rate: 20/s, for: 2s}}, {{rate: 40/s, for: 60s}}]
knee: [rate < 30/s]
pass: [knee == 20/s]
{PATIENT}"""


@pytest.mark.whole_run
def test_the_knee_is_found(sessions: LoadSessions) -> None:
    session = sessions.start(STAIRS.replace("for: 60s", "for: 3s"))
    status, output = session.end()
    assert status == 0, output
    assert "kept at 20/s, not at 40/s: rate < 30/s" in output


@pytest.mark.nightly  # every day: its generator in test_endings.py, and a target that answers garbage below
def test_a_target_that_is_down_fails(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    sessions = LoadSessions(tmp_path, url)
    session = sessions.start(OPEN)
    status, output = session.end()
    assert status == 1
    assert "unexpected: 200 x GET /things: could not be sent" in output


class _GarbageServer(socketserver.ThreadingTCPServer):
    """Takes all connections of a burst: what the queue of 5 refuses was never sent."""

    request_queue_size = 256


class _Garbage(socketserver.BaseRequestHandler):
    """Answers what is no HTTP, half a body, or nothing, in turn."""

    answers = itertools.cycle([b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", b""])

    def handle(self) -> None:
        if self.request.recv(65536):
            self.request.sendall(next(self.answers))


def test_a_target_that_answers_garbage_fails(tmp_path: Path) -> None:
    with _GarbageServer(("127.0.0.1", 0), _Garbage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        session = LoadSessions(tmp_path, f"http://127.0.0.1:{server.server_address[1]}").start(OPEN)
        status, output = session.end()
        server.shutdown()
    assert status == 1, output
    assert "Traceback" not in output
    view = read(session.folder / "ledger.jsonl")
    # each of them was sent whole: the target may have counted it, and nobody knows under which status
    assert (view.counts, view.uncertain) == ({}, {("GET", "/things"): 200})
    assert "unexpected: " in output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pass", "p95 < fast"], "--pass: 'p95 < fast', 'fast' is no latency"),
        (["--pass", "p95 of GET /thing < 1s"], "unknown endpoint 'GET /thing', expected one of: GET /things"),
        (["--pass", "metric http_requests_total"], "--prometheus: missing"),
        (["--users", "3"], "arrival model open has no users"),
        (["--workers", "none"], "--workers: found 'none'"),
        (["--reports", "/dev/null/reports"], "cannot be written: Not a directory"),
        (["--prometheus", "http://127.0.0.1:1", "--pass", "promql up"], "is no comparison with a number"),
        (["--rat", "3"], "--rat"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_bad_input_is_refused_before_any_traffic(
    target: Target, tmp_path: Path, capfd: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    """In this process: that a process ends with the status of `main` is seen in every other test here."""
    scenario = tmp_path / "open.yaml"
    scenario.write_text(OPEN, encoding="utf-8")
    reports = ["--reports", str(tmp_path / "reports")]
    status = main(["load", str(scenario), "--target", target.url, *reports, *options])
    output = "".join(capfd.readouterr())
    assert status == 4, output
    assert words in output
    assert "Traceback" not in output
    assert not target.counts
    assert not (tmp_path / "reports").exists()
