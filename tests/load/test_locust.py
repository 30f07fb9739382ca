"""Real Locust processes against a real server with a count of its own: the two must be equal, exactly."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from promproof.evidence.ledgerfile import LedgerTail
from promproof.evidence.view import LedgerView
from tests.load.processes import LocustRuns, wait_for
from tests.load.target import Target

pytestmark = [pytest.mark.stack, pytest.mark.takes(1.5)]

EVERYTHING = """
scenario: 1
name: everything
users: {header: X-User-ID, distinct: 3}
pools:
  things:
    count: 4
    create: {request: POST /things, expect: [201], save: {id: id}}
once:
  - name: takes its time
    through: true
    draw: [things]
    steps:
      - request: POST /things/{id}/run
        json: {seconds: 2}
        tally: [{name: runs, labels: {id: "{id}", status: success}}]
  - name: unknown paths
    times: 5
    steps:
      - {request: "GET /nowhere/{n}", endpoint: unmatched, expect: [404]}
      - {request: PROPFIND /nowhere, method: OTHER, endpoint: unmatched, expect: [404]}
      - {request: PUT /things, expect: [405]}
      - {request: GET /broken, broken: 500}
      - {request: GET /moved, expect: [307]}
      - {request: GET /metrics, counted: false}
      - {request: DELETE /things/none, endpoint: "/things/{id}", expect: [404]}
  - name: runs
    alone: true
    times: 6
    at_once: 3
    draw: [things]
    steps:
      - request: POST /things/{id}/run
        json: {outcome: success, steps: 2, seconds: 0.05}
        floor: 50ms
        tally:
          - {name: runs, labels: {id: "{id}", status: $.status}}
          - {name: steps, each: $.steps, labels: {id: "@.id", status: "@.status"}}
  - name: leavers
    times: 3
    draw: [things]
    steps:
      - request: POST /things/{id}/run
        json: {seconds: 0.05}
        leave: after-send
        status: 200
        tally: [{name: runs, labels: {id: "{id}", status: success}}]
      - request: POST /things/{id}/run
        json: {seconds: 0.2, stream: true}
        leave: mid-stream
        status: 200
        tally: [{name: runs, labels: {id: "{id}", status: success}}]
      - {request: GET /things, leave: half-header}
mix:
  - name: list
    steps: [{request: GET /things}]
arrival: {model: open, rate: 100/s}
duration: 1s
generator: {lag: 30s, cpu: 100%}
"""
ENDLESS = """
scenario: 1
name: endless
mix:
  - name: list
    steps: [{request: GET /things}]
arrival: {model: open, rate: 100/s}
duration: 60s
generator: {lag: 30s, cpu: 100%}
"""
FLAKY = """
scenario: 1
name: flaky
once:
  - name: flaky
    times: 20
    steps: [{request: GET /flaky}]
"""


def differences(view: LedgerView, counted: Counter[tuple[str, str, int]]) -> list[str]:
    """Keys for which the server's own count is not what the ledger allows."""
    found = []
    for key in sorted({*view.counts, *counted}):
        low, high = view.bounds(key)
        if not low <= counted[key] <= high:
            found.append(f"{key}: the server counted {counted[key]}, the ledger says {low} to {high}")
    return found


def executions(view: LedgerView) -> Counter[tuple[str, str]]:
    """What the ledger says was executed, by thing and status, as the server counts it."""
    found: Counter[tuple[str, str]] = Counter()
    for (_, labels), n in view.tallies.items():
        found[(dict(labels)["id"], dict(labels)["status"])] += n
    return found


def settled(target: Target) -> None:
    wait_for(lambda: target.open_now == 0, "the server's last request")


def test_the_ledger_and_the_server_agree_on_every_method_path_and_status(
    target: Target, locust: LocustRuns
) -> None:
    run = locust.start(target.url, EVERYTHING)
    status, errors = run.end()
    settled(target)
    view = run.view()
    assert "unexpected" not in errors
    assert (status, view.complete) == (0, True)
    assert differences(view, target.counts) == []
    # nothing broke, so the bounds are points: equal, not merely possible
    assert view.uncertain == {}
    assert view.counts == target.counts
    assert view.counts[("GET", "/things", 200)] >= 100
    assert sum(view.abandoned.values()) == 6
    assert executions(view) == target.runs
    assert set(view.users) == set(target.users)
    assert len(view.users) == 3
    assert sum(view.floors[("POST", "/things/{id}/run")].values()) == 6
    # a session goes on through what follows, also where that is alone, and the run ends after it
    tail = LedgerTail(run.ledger)
    tail.poll()
    [ended] = [event.t for event in tail.events if event.data.get("session") == "takes its time"][1:]
    assert run.event("once-done") < run.event("arrivals-started") < ended < run.event("stopping")


LOSSY = """
from promproof.load.ledger import Ledger

keep, seen = Ledger.close, []


def close(ledger, token, *rest, **named):
    seen.append(token)
    if len(seen) % 100:
        keep(ledger, token, *rest, **named)
    else:
        ledger.drop(token)


Ledger.close = close
from promproof.load.locustfile import *
"""


def test_a_client_that_drops_every_hundredth_record_is_noticed(
    target: Target, locust: LocustRuns, tmp_path: Path
) -> None:
    """The twin of the test above: the comparison must see what a lossy ledger lost."""
    (tmp_path / "lossy.py").write_text(LOSSY, encoding="utf-8")
    run = locust.start(target.url, EVERYTHING, locustfile=str(tmp_path / "lossy.py"))
    assert run.end()[0] == 0
    settled(target)
    view = run.view()
    lost = target.counts - Counter(view.counts)
    assert 1 <= sum(lost.values()) <= 2
    assert len(differences(view, target.counts)) == len(lost)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.nightly)])
def test_a_run_ended_by_a_signal_has_its_final_line_and_no_missed_arrival(
    target: Target, locust: LocustRuns, number: signal.Signals
) -> None:
    run = locust.start(target.url, ENDLESS)
    run.event("arrivals-started")
    wait_for(lambda: target.counts[("GET", "/things", 200)] > 20, "some requests")
    run.process.send_signal(number)
    status, _ = run.end()
    settled(target)
    view, final = run.view(), run.final()
    assert status == 0
    assert view.complete
    assert view.counts == target.counts
    assert (final["open"], final["problems"], final["generator"]["missed"]) == (0, [], 0)
    assert final["generator"]["planned"] == final["generator"]["sent"] == view.requests


def test_a_run_ended_by_kill_is_incomplete_and_claims_no_more_than_was_sent(
    target: Target, locust: LocustRuns
) -> None:
    run = locust.start(target.url, ENDLESS)
    run.event("arrivals-started")
    wait_for(lambda: target.counts[("GET", "/things", 200)] > 50, "some requests")
    run.process.kill()
    run.end()
    settled(target)
    view = run.view()
    assert not view.complete
    assert run.final() == {}
    assert 0 < view.counts[("GET", "/things", 200)] <= target.counts[("GET", "/things", 200)]


CLOSED = """
scenario: 1
name: closed
mix:
  - name: list
    steps: [{request: GET /things}]
  - name: wrong
    weight: 0.25
    steps: [{request: GET /things/none, endpoint: "/things/{id}"}]
arrival: {model: closed, users: 3, think: 10ms}
max_requests: 60
"""


def test_an_unexpected_answer_is_told_and_kept_in_the_ledger(target: Target, locust: LocustRuns) -> None:
    run = locust.start(target.url, CLOSED)
    status, errors = run.end()
    settled(target)
    view = run.view()
    assert status == 1
    assert view.counts == target.counts
    wrong = view.counts[("GET", "/things/{id}", 404)]
    assert f"unexpected: {wrong} x GET /things/{{id}}: answered 404, expected 200" in errors
    assert view.requests == 60
    assert abs(wrong - 12) <= 1


def test_a_setup_without_a_target_fails_with_its_reason(target: Target, locust: LocustRuns) -> None:
    url = target.url
    target.stop_listening()
    run = locust.start(url, EVERYTHING)
    status, errors = run.end()
    assert status == 2
    assert "the setup failed: POST /things: could not be sent" in errors
    assert "Traceback" not in errors
    assert run.view().counts == {}
    assert run.view().complete


def test_a_connection_reset_after_the_request_is_uncertain(target: Target, locust: LocustRuns) -> None:
    target.resets = 5
    run = locust.start(target.url, FLAKY)
    run.end()
    view = run.view()
    assert view.uncertain == {("GET", "/flaky"): 4}
    assert view.bounds(("GET", "/flaky", 200)) == (16, 20)
    assert differences(view, target.counts) == []


def test_no_request_goes_out_before_the_start_file_is_there(
    target: Target, locust: LocustRuns, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    run = locust.start(target.url, FLAKY, "--start-file", str(go))
    wait_for(run.ledger.exists, "the ledger's file")
    assert not target.counts
    go.touch()
    assert run.end()[0] == 0
    assert target.counts[("GET", "/flaky", 200)] == 20


def test_a_wrong_scenario_is_refused_with_its_line_before_any_traffic(
    target: Target, locust: LocustRuns
) -> None:
    run = locust.start(target.url, ENDLESS.replace("rate: 100/s", "rate: fast"))
    status, errors = run.end()
    assert status == 4
    assert "scenario-0.yaml:7" in errors
    assert not target.counts
