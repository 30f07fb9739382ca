"""Deliberately broken variants are one small subclass each, and show on a real /metrics."""

import pytest

from tests.promptpilot.conftest import StartApi

pytestmark = pytest.mark.stack

MAIN = """
import sys
from functools import partial
from promptpilot.__main__ import main
from promptpilot.app import create_app
from promptpilot.executions import Executions
from promptpilot.instrument import Instrumentation
from promptpilot.metrics import Metrics

{broken}

sys.exit(main(build=partial(create_app, {argument})))
"""
RAW_PATHS = """
class RawPaths(Instrumentation):
    def endpoint_label(self, scope):
        return scope["path"]
"""
MILLISECONDS = """
class Milliseconds(Metrics):
    def observed(self, seconds):
        return seconds * 1000
"""
ATTEMPTS = """
class Attempts(Executions):
    async def attempt(self, call, plan, number):
        self.metrics.prompt_executed(call.prompt.id, "success")
        return await super().attempt(call, plan, number)
"""


def test_a_variant_with_raw_paths_shows_in_the_metrics(start_api: StartApi) -> None:
    api = start_api(code=MAIN.format(broken=RAW_PATHS, argument="instrumentation_class=RawPaths"))
    api.call("GET", "/api/v1/prompts/17")
    assert api.at_rest().requests("GET", "/api/v1/prompts/17", 404) == 1


@pytest.mark.nightly  # every day: the twins of tests/twins/test_targets.py
def test_a_variant_that_counts_milliseconds_shows_in_the_metrics(start_api: StartApi) -> None:
    api = start_api(code=MAIN.format(broken=MILLISECONDS, argument="metrics_class=Milliseconds"))
    api.execute(api.prompt(), simulate={"latency_seconds": 0.05})
    sums = api.at_rest().labelled("http_request_duration_seconds_sum")
    assert max(sums.values()) >= 50


def test_a_variant_that_counts_attempts_shows_in_the_metrics(start_api: StartApi) -> None:
    api = start_api(code=MAIN.format(broken=ATTEMPTS, argument="executions_class=Attempts"))
    api.execute(api.prompt(), simulate={"fail_attempts": 1})
    assert api.at_rest().value("prompt_executions_total", prompt_id="1", status="success") == 3
