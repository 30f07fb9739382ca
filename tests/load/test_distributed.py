"""A run shared by a master and workers: the merged ledger is that of one process, and a lost worker is never hidden."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from promproof.evidence.ledgerfile import read
from promproof.evidence.view import LedgerView
from promproof.load.ledger import Ledger
from promproof.load.master import Gathered
from promproof.load.plan import Share
from promproof.stack.ports import allocate_ports
from tests.load.conftest import HandClock, LoadSession, LoadSessions
from tests.load.processes import ROOT, wait_for
from tests.load.target import Target

pytestmark = pytest.mark.takes(12)
PATIENT = "generator: {lag: 10s, cpu: 100%}\n"
SHARED = f"""
scenario: 1
name: shared
seed: 3
users: {{header: X-User-ID, distinct: 7}}
pools:
  things: {{count: 4, create: {{request: POST /things, expect: [201], save: {{id: id}}}}}}
once: [{{name: hello, times: 2, steps: [{{request: GET /nowhere, endpoint: unmatched, expect: [404]}}]}}]
mix:
  - {{name: read, weight: 3, draw: [things], steps: [{{request: "GET /things/{{id}}"}}]}}
  - {{name: list, weight: 2, steps: [{{request: GET /things, repeat: 2}}]}}
arrival: {{model: open, rate: 60/s}}
duration: 4s
{PATIENT}"""
CLOSED = f"""
scenario: 1
name: closed
mix: [{{name: list, steps: [{{request: GET /things}}]}}]
arrival: {{model: closed, users: 4, think: 5ms}}
max_requests: 101
{PATIENT}"""

records = st.lists(
    st.tuples(st.sampled_from("ab"), st.floats(0, 50), st.floats(0.0001, 30), st.sampled_from([0, 200, 503])),
    max_size=60,
)


@pytest.mark.unit
@given(records, st.integers(1, 5))
def test_ledgers_of_workers_merge_to_that_of_one_process(
    requests: list[tuple[str, float, float, int]], of: int
) -> None:
    alone = Ledger(HandClock(), 0.1)
    gathered = Gathered(0.1)
    workers = [Ledger(HandClock(), 0.1) for _ in range(of)]
    for number, (path, begin, seconds, status) in enumerate(requests):
        for ledger in (alone, *(workers[index] for index in range(of) if Share(index, of).has(number))):
            ledger.record("GET", path, status, begin, begin + seconds)
    for worker in workers:
        # through the form in which they travel
        gathered.add(LedgerView.from_json(json.loads(json.dumps(worker.drain().to_json()))))
    merged, one = gathered.drain(), alone.snapshot()
    assert merged == one
    for p in (50, 95, 99.9, 100):
        assert merged.percentile(p, felt=True) == one.percentile(p, felt=True)


def settled(target: Target) -> None:
    wait_for(lambda: target.open_now == 0, "the server's last request")


def started(session: LoadSession, target: Target) -> None:
    session.ledger_has("arrivals-started")
    wait_for(lambda: target.counts[("GET", "/things", 200)] > 20, "some requests")


@pytest.mark.nightly  # every day: the merge of ledgers above, and two workers of which one is killed below
@pytest.mark.stack
def test_three_workers_send_what_one_process_sends(target: Target, sessions: LoadSessions) -> None:
    session = sessions.start(SHARED, "--workers", "3")
    status, output = session.end()
    assert status == 0, output
    settled(target)
    view = read(session.folder / "ledger.jsonl")
    assert view.complete
    assert view.counts == target.counts
    expected = {
        ("POST", "/things", 201): 4,
        ("GET", "unmatched", 404): 2,
        # of 240 arrivals, dealt by error diffusion: three fifths and twice two fifths
        ("GET", "/things/{id}", 200): 144,
        ("GET", "/things", 200): 192,
    }
    assert view.counts == expected
    assert len(target.users) == 7
    generator = session.result()["generator"]
    assert (generator["planned"], generator["sent"], generator["missed"]) == (240, 240, 0)


@pytest.mark.nightly
@pytest.mark.stack
def test_shared_users_of_a_closed_model_send_the_requests_of_the_scenario(
    target: Target, sessions: LoadSessions
) -> None:
    session = sessions.start(CLOSED, "--workers", "2")
    status, output = session.end()
    assert status == 0, output
    assert Counter(target.counts) == {("GET", "/things", 200): 101}


@pytest.mark.nightly
@pytest.mark.stack
def test_a_worker_that_waits_for_its_master_announces_itself_once() -> None:
    # Locust takes a second word of a worker for a second worker, which gets the users of another one
    port = allocate_ports(1)[0]
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--worker"]
    worker = subprocess.Popen([*command, "--master-port", str(port)], cwd=ROOT)
    context = zmq.Context()
    try:
        time.sleep(9)
        master = context.socket(zmq.ROUTER)
        master.bind(f"tcp://127.0.0.1:{port}")
        heard: list[bytes] = []
        while master.poll(2000 if heard else 60_000):
            heard.append(master.recv_multipart()[-1])
    finally:
        worker.kill()
        worker.wait()
        context.destroy(linger=0)
    assert len([message for message in heard if b"client_ready" in message]) == 1, heard


@pytest.mark.nightly
@pytest.mark.stack
def test_a_worker_that_stands_still_for_some_seconds_is_not_lost(
    target: Target, sessions: LoadSessions
) -> None:
    session = sessions.start(SHARED.replace("duration: 4s", "duration: 12s"), "--workers", "2")
    started(session, target)
    workers = [process for process in session.generators() if "--worker" in process.cmdline()]
    workers[-1].suspend()
    time.sleep(6)
    workers[-1].resume()
    status, output = session.end()
    assert status == 0, output
    settled(target)
    view = read(session.folder / "ledger.jsonl")
    assert view.complete
    assert view.counts == target.counts


@pytest.mark.stack
def test_a_killed_worker_is_named_and_its_last_requests_are_uncertain(
    target: Target, sessions: LoadSessions
) -> None:
    session = sessions.start(SHARED.replace("4s", "60s"), "--workers", "2")
    started(session, target)
    workers = [process for process in session.generators() if "--worker" in process.cmdline()]
    assert len(workers) == 2
    workers[1].kill()
    status, output = session.end()
    settled(target)
    assert status == 2, output
    assert "was lost: " in output
    assert "counts are intervals" in output
    view = read(session.folder / "ledger.jsonl")
    for key in target.counts:
        low, high = view.bounds(key)
        assert low <= target.counts[key] <= high, (key, low, target.counts[key], high)
    low, high = view.bounds(("GET", "/things", 200))
    assert low < high
    assert view.uncertain
    # what is certain is not blurred by what is not: pools and once sessions were the first worker's
    assert view.bounds(("POST", "/things", 201)) == (4, 4)
    assert [verdict["outcome"] for verdict in session.result()["verdicts"]] == ["unknown"]


@pytest.mark.nightly
@pytest.mark.stack
def test_an_interrupted_run_keeps_the_whole_ledgers_of_its_workers(
    target: Target, sessions: LoadSessions
) -> None:
    session = sessions.start(SHARED.replace("4s", "60s"), "--workers", "2")
    started(session, target)
    session.signal(signal.SIGTERM)
    status, output = session.end()
    settled(target)
    assert status == 2, output
    assert "invalid: interrupted after" in output
    view = read(session.folder / "ledger.jsonl")
    assert (view.complete, view.counts) == (True, target.counts)
    assert (session.folder / "report.html").exists()


@pytest.mark.nightly
@pytest.mark.stack
def test_a_worker_that_leaves_early_is_named(target: Target, sessions: LoadSessions) -> None:
    session = sessions.start(SHARED.replace("4s", "60s"), "--workers", "2")
    started(session, target)
    workers = [process for process in session.generators() if "--worker" in process.cmdline()]
    workers[0].send_signal(signal.SIGTERM)
    status, output = session.end()
    settled(target)
    assert status == 2, output
    assert "stopped before the others" in output
    view = read(session.folder / "ledger.jsonl")
    assert (view.complete, view.counts) == (True, target.counts)


@pytest.mark.stack
def test_a_worker_without_its_master_ends(target: Target, tmp_path: Path) -> None:
    scenario, ledger = tmp_path / "shared.yaml", tmp_path / "ledger.jsonl"
    scenario.write_text(SHARED.replace("4s", "10m"), encoding="utf-8")
    port = str(allocate_ports(1)[0])
    locust = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "-L", "CRITICAL"]
    master = [
        *locust,
        "--headless",
        "--only-summary",
        "--master",
        "--master-bind-host",
        "127.0.0.1",
        "--master-bind-port",
        port,
        "--expect-workers",
        "1",
        "--host",
        target.url,
        "--scenario",
        str(scenario),
        "--ledger",
        str(ledger),
    ]
    worker = [*locust, "--worker", "--master-host", "127.0.0.1", "--master-port", port]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in (master, worker)
    ]
    try:
        wait_for(lambda: target.counts[("GET", "/things", 200)] > 20, "some requests")
        processes[0].kill()
        seen = [-1.0, time.monotonic()]

        def silent() -> bool:
            total = float(sum(target.counts.values()))
            if total != seen[0]:
                seen[:] = [total, time.monotonic()]
            return time.monotonic() - seen[1] > 2

        wait_for(silent, "the worker stops")
        assert processes[1].poll() is None  # it has stopped sending, and waits for a master
    finally:
        for process in processes:
            process.kill()
            process.wait()
