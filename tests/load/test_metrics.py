"""The condition `metric NAME` against real APIs and a real Prometheus: exact for the right one, red for every liar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.load.conftest import LoadSessions
from tests.load.stack import Running, running

pytestmark = [pytest.mark.stack, pytest.mark.whole_run, pytest.mark.takes(14)]

SCENARIO = """
scenario: 1
name: counted
users: {header: X-User-ID, distinct: 3}
mix:
  - name: life
    steps:
      - request: POST /api/v1/prompts
        json: {name: "counted {n}", template: "Say {{text}}"}
        expect: [201]
        save: {prompt_id: id}
      - request: POST /api/v1/prompts/{prompt_id}/execute
        json: {inputs: {text: hello}}
        tally: [{name: prompt_executions, labels: {prompt_id: "{prompt_id}", status: $.status}}]
  - {name: list, weight: 4, steps: [{request: GET /api/v1/prompts}]}
arrival: {model: open, rate: 60/s}
duration: 4s
generator: {lag: 10s, cpu: 100%}
"""
METRICS = ("http_requests_total", "http_request_duration_seconds", "prompt_executions_total")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("right")) as found:
        yield found


def play(folder: Path, stack: Running, *conditions: str) -> tuple[int, str]:
    sessions = LoadSessions(folder, stack.api)
    passing = [part for condition in conditions for part in ("--pass", condition)]
    try:
        return sessions.start(SCENARIO, "--prometheus", stack.prometheus, *passing).end()
    finally:
        sessions.end()


def test_equal_counts_pass_and_a_query_is_judged_by_its_value(stack: Running, tmp_path: Path) -> None:
    job = '{job="promptpilot-api"}'
    status, output = play(
        tmp_path,
        stack,
        *(f"metric {name}" for name in METRICS),
        f"promql sum(rate(http_requests_total{job}[3s])) > 10",
        f"promql sum(rate(http_requests_total{job}[3s])) > 1000",
        "promql nothing_of_this_name > 1",
    )
    assert status == 1, output
    for name in METRICS:
        assert re.search(rf"metric {name} +pass +\d+ exactly: client, API and Prometheus", output), output
    assert re.search(r"> 10 +pass", output)
    assert re.search(r"> 1000 +fail", output)
    assert re.search(r"nothing_of_this_name > 1 +unknown +no series", output)


@pytest.mark.parametrize(
    "variant", ["double-counting", pytest.param("every-hundredth-lost", marks=pytest.mark.nightly)]
)
def test_an_api_that_counts_wrong_fails_by_the_wrong_metric_alone(tmp_path: Path, variant: str) -> None:
    with running(tmp_path, variant) as stack:
        status, output = play(tmp_path, stack, "metric http_requests_total", "metric prompt_executions_total")
    assert status == 1, output
    assert re.search(r"metric http_requests_total +fail +http_requests_total\{.* label sets differ", output)
    assert re.search(r"metric prompt_executions_total +pass", output)
