"""How runs end, with real Locust processes: what is written, what it is worth, and the exit status."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from promproof.evidence.ledgerfile import LedgerTail
from promproof.evidence.view import LedgerView
from tests.load.processes import DEADLINE_SECONDS, ROOT, LocustRuns, Run, wait_for
from tests.load.target import Target

pytestmark = [pytest.mark.stack, pytest.mark.takes(1.5)]

LIST = """
scenario: 1
name: list
mix: [{name: list, steps: [{request: GET /things}]}]
arrival: {model: open, rate: 100/s}
duration: 60s
"""
CLOSED = """
scenario: 1
name: closed
users: {header: X-User-ID, distinct: 4}
mix:
  - name: life
    steps:
      - {request: POST /things, expect: [201], save: {id: id}}
      - {request: "GET /things/{id}", repeat: 2}
      - {request: "DELETE /things/{id}", expect: [204]}
      - {request: "GET /things/{id}", expect: [404]}
arrival: {model: closed, users: 3, think: 20ms}
max_requests: 100
"""
SLOW = """
scenario: 1
name: slow
pools:
  things: {count: 1, create: {request: POST /things, expect: [201], save: {id: id}}}
mix:
  - name: slow
    draw: [things]
    steps: [{request: "POST /things/{id}/run", json: {seconds: 0.4}, floor: 400ms}]
arrival: {model: open, rate: 20/s, limit: 2}
duration: 1s
"""
WRONG = """
scenario: 1
name: wrong
once: [{name: wrong, times: 3, steps: [{request: GET /nowhere, endpoint: unmatched}]}]
"""
REFUSED = """
scenario: 1
name: refused
pools:
  refused: {count: 2, create: {request: POST /nowhere, expect: [201], save: {id: id}}}
  after: {count: 1, create: {request: "POST /{refused.id}", endpoint: /after, expect: [201], save: {id: id}}}
once: [{name: needs, draw: [refused], steps: [{request: "GET /once/{id}"}]}]
mix:
  - {name: list, steps: [{request: GET /things}]}
  - {name: needs it, draw: [refused], steps: [{request: "GET /mix/{id}"}]}
arrival: {model: open, rate: 20/s}
duration: 500ms
"""
PLAIN = """
import time
from locust import FastHttpUser, HttpUser, constant, events, task
from promproof.evidence.ledgerfile import LedgerWriter
from promproof.load.ledger import Ledger
from promproof.load.users import count_plain_requests
from pathlib import Path

ledger = Ledger(time.monotonic, 0.1)
writer = LedgerWriter(Path({path!r}), ledger, time.monotonic, time.time())

class Plain(HttpUser):
    wait_time = constant(0.01)

    @task
    def browse(self):
        self.client.get("/things/77", name="GET /things/{{id}}")
        self.client.get("/things")

class Fast(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def browse(self):
        self.client.get("/nowhere", name="unmatched")

def stop(environment, **_):
    writer.finish()
    environment.process_exit_code = 0

events.init.add_listener(lambda environment, **_: count_plain_requests(environment, ledger))
events.quitting.add_listener(stop)
"""


def differing(view: LedgerView, target: Target) -> set[tuple[str, str, int]]:
    """Keys for which the server's own count is not what the ledger allows."""
    keys = {*view.counts, *target.counts}
    return {key for key in keys if not view.bounds(key)[0] <= target.counts[key] <= view.bounds(key)[1]}


def settled(target: Target) -> None:
    wait_for(lambda: target.open_now == 0, "the server's last request")


def test_users_of_the_closed_model_end_between_requests(target: Target, locust: LocustRuns) -> None:
    run = locust.start(target.url, CLOSED)
    status, _ = run.end()
    settled(target)
    view = run.view()
    assert (status, view.complete, view.open, view.uncertain) == (0, True, {}, {})
    assert differing(view, target) == set()
    # no session starts beyond the bound; three may be under way, of five requests each
    assert 100 <= view.requests <= 115
    assert view.counts[("GET", "/things/{id}", 200)] == 2 * view.counts[("POST", "/things", 201)]


def test_a_run_whose_answers_do_not_matter_ends_with_0(target: Target, locust: LocustRuns) -> None:
    run = locust.start(target.url, WRONG, "--exit-code-on-error", "0")
    status, errors = run.end()
    assert (status, run.view().counts) == (0, {("GET", "unmatched", 404): 3})
    assert "unexpected: 3 x GET unmatched: answered 404, expected 200" in errors


def test_arrivals_without_a_slot_are_counted_as_missed(target: Target, locust: LocustRuns) -> None:
    run = locust.start(target.url, SLOW)
    status, errors = run.end()
    generator = run.final()["generator"]
    assert (status, generator["planned"]) == (2, 20)
    assert 0 < generator["missed"] == 20 - generator["sent"]
    assert f"{generator['missed']} of 20 arrivals were missed" in errors


def test_requests_to_a_target_that_is_down_are_not_counted(locust: LocustRuns) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    run = locust.start(f"http://127.0.0.1:{port}", WRONG)
    status, errors = run.end()
    assert (status, run.view().counts, run.view().uncertain) == (1, {}, {})
    assert "3 x GET unmatched: could not be sent" in errors


def test_a_pool_that_cannot_be_filled_costs_its_own_sessions_alone(
    target: Target, tmp_path: Path, locust: LocustRuns
) -> None:
    go = tmp_path / "go"
    go.touch()
    run = locust.start(target.url, REFUSED, "--start-file", str(go))
    status, errors = run.end()
    assert "the pool 'refused' can't be filled: POST /nowhere: answered 404, expected 201" in errors
    counts = run.view().counts
    assert (status, counts.pop(("POST", "/nowhere", 404)) > 0) == (1, True)
    assert counts == {("GET", "/things", 200): 10}
    assert any("'refused' can't be filled" in problem for problem in run.final()["problems"])


def test_a_ledger_that_cannot_be_written_any_more_is_reported(
    target: Target, tmp_path: Path, locust: LocustRuns
) -> None:
    run = locust.start(target.url, LIST)
    run.event("arrivals-started")
    # as a disk that is full: the kernel refuses to let the file grow
    resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    status, errors = run.end()
    assert status == 2
    assert "the ledger cannot be written: File too large" in errors
    assert not run.view().complete


def test_the_ledger_of_another_run_is_not_overwritten(
    target: Target, tmp_path: Path, locust: LocustRuns
) -> None:
    earlier = tmp_path / "earlier.jsonl"
    earlier.write_text("another run's\n", encoding="utf-8")
    status, errors = locust.start(target.url, WRONG, "--ledger", str(earlier)).end()
    assert status == 4
    assert f"{earlier}: is there already, and not empty" in errors
    assert earlier.read_text(encoding="utf-8") == "another run's\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rate", "many"], "--rate: 'many', expected a rate above 0 such as 130/s or 30/m"),
        pytest.param(
            ["--duration", "20"],
            "--duration: '20', expected a duration such as 300ms",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            ["--ledger-bin", "0"],
            "--ledger-bin: found '0'\n  expected: a number above 0",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            ["--host", "127.0.0.1"], "--host: '127.0.0.1' is no usable URL", marks=pytest.mark.nightly
        ),
        (["--processes", "2"], "--processes: not possible with a scenario"),
        pytest.param(
            ["--scenario", "none"],
            "none: no such scenario\n  expected: the path of a file, or one of: ab",
            marks=pytest.mark.nightly,
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_wrong_option_is_refused_before_any_traffic(
    target: Target, locust: LocustRuns, options: list[str], words: str
) -> None:
    run = locust.start(target.url, LIST, *options)
    status, errors = run.end()
    assert status == 4
    assert words in errors
    assert "Traceback" not in errors
    assert not target.counts


def test_plain_users_of_locust_are_counted_in_the_ledger(target: Target, tmp_path: Path) -> None:
    ledger, users = tmp_path / "ledger.jsonl", tmp_path / "users.py"
    users.write_text(PLAIN.format(path=str(ledger)), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(users),
        "--headless",
        "--only-summary",
        "-L",
        "ERROR",
        "-u",
        "2",
        "-r",
        "2",
        "-t",
        "2s",
        "--stop-timeout",
        "10",
        "--host",
        target.url,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS
    )
    settled(target)
    run = Run(subprocess.Popen(["true"], text=True), ledger)
    run.end()
    assert done.returncode == 0, done.stderr
    assert differing(run.view(), target) == set()
    assert run.view().keys() == [
        ("GET", "/things", 200),
        ("GET", "/things/{id}", 404),
        ("GET", "unmatched", 404),
    ]


def test_reading_a_ledger_imports_neither_locust_nor_gevent() -> None:
    """Importing Locust or gevent would change sockets and threads of whoever reads a ledger."""
    code = (
        "import sys, promproof.load.ledger, promproof.evidence.ledgerfile, promproof.load.scenario\n"
        "print([name for name in ('locust', 'gevent', 'geventhttpclient') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_phases_of_a_run_are_in_its_ledger_while_it_runs(target: Target, locust: LocustRuns) -> None:
    run = locust.start(target.url, SLOW)
    tail = LedgerTail(run.ledger)
    seen: list[str] = []

    def follow() -> bool:
        if run.ledger.exists():
            tail.poll()
            seen[:] = [event.name for event in tail.events]
        return "arrivals-started" in seen

    wait_for(follow, f"the event arrivals-started among {seen}")
    assert not tail.final
    run.end()
    tail.poll()
    assert [event.name for event in tail.events] == [
        "setup-done",
        "once-done",
        "arrivals-started",
        "stopping",
    ]
    times = [event.t for event in tail.events]
    assert times == sorted(times)
    assert tail.view() == run.view()
    header = json.loads(run.ledger.read_text().splitlines()[0])
    assert (header["ledger"], header["scenario"], header["host"]) == (1, "slow", target.url)
