"""The metrics without a server: names, label sets, births and deaths of series."""

import pytest

from promptpilot.metrics import Metrics, Totals
from promptpilot.routing import METRICS_PATH, Route
from tests.promptpilot.support import Exposition

pytestmark = pytest.mark.unit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def new_metrics(limit: int = 10, clock: Clock | None = None) -> Metrics:
    return Metrics(series_limit=limit, active_users_window=5.0, clock=clock or Clock())


def exposed(metrics: Metrics, totals: Totals | None = None) -> Exposition:
    return Exposition(metrics.render(totals).decode())


def test_each_metric_has_the_documented_name_type_and_help() -> None:
    families = exposed(new_metrics()).families
    documented = {
        "http_requests": ("counter", "Total HTTP requests"),
        "http_request_duration_seconds": ("histogram", "HTTP request duration"),
        "http_requests_in_progress": ("gauge", "HTTP requests currently in progress"),
        "prompt_executions": ("counter", "Total prompt executions"),
        "pipeline_executions": ("counter", "Total pipeline executions"),
        "prompt_execution_seconds": ("counter", "Total duration of prompt executions"),
        "prompt_execution_cost_usd": ("counter", "Total cost of prompt executions in USD"),
        "pipeline_execution_seconds": ("counter", "Total duration of pipeline executions"),
        "pipeline_execution_cost_usd": ("counter", "Total cost of pipeline executions in USD"),
        "active_users": ("gauge", "Number of active users"),
        "prompt_total": ("gauge", "Total number of prompts"),
        "pipeline_total": ("gauge", "Total number of pipelines"),
    }
    ours = {name: family for name, family in families.items() if not name.startswith(("process_", "python_"))}
    assert ours == documented
    assert {"process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds"} <= families.keys()
    assert not [name for name in families if name.endswith("_created")]


def test_the_histogram_has_the_documented_edges() -> None:
    metrics = new_metrics()
    metrics.request_timed("GET", "/x", 0.3)
    edges = [
        dict(labels)["le"] for labels in exposed(metrics).labelled("http_request_duration_seconds_bucket")
    ]
    assert " ".join(edges) == "0.005 0.01 0.025 0.05 0.1 0.25 0.5 0.75 1.0 1.5 2.5 5.0 10.0 +Inf"


def test_a_route_has_its_series_before_its_first_request() -> None:
    metrics = new_metrics()
    metrics.expect_routes(
        [Route("POST", "/x", print, 201, (404, 422)), Route("GET", METRICS_PATH, print)],
    )
    seen = exposed(metrics)
    assert {dict(labels)["status"] for labels in seen.labelled("http_requests_total")} == {
        *("201", "404", "422", "500")
    }
    assert seen.requests("POST", "/x", 500) == 0
    assert seen.value("http_request_duration_seconds_count", method="POST", endpoint="/x") == 0
    assert seen.value("http_requests_in_progress", method="POST", endpoint="/x") == 0
    assert METRICS_PATH not in str(seen.samples.keys())


def test_an_execution_has_its_series_before_its_first_failure() -> None:
    metrics = new_metrics()
    metrics.prompt_added(3)
    metrics.pipeline_added(4)
    seen = exposed(metrics)
    for status in ("success", "failed"):
        assert seen.value("prompt_executions_total", prompt_id="3", status=status) == 0
        assert seen.value("prompt_executions_total", prompt_id="other", status=status) == 0
        assert seen.value("pipeline_executions_total", pipeline_id="4", status=status) == 0
        assert seen.value("pipeline_executions_total", pipeline_id="other", status=status) == 0


def test_durations_and_costs_start_at_0_and_add_up_by_id() -> None:
    metrics = new_metrics()
    metrics.prompt_added(3)
    metrics.pipeline_added(4)
    for identity in ("3", "other"):
        assert exposed(metrics).value("prompt_execution_seconds_total", prompt_id=identity) == 0
        assert exposed(metrics).value("prompt_execution_cost_usd_total", prompt_id=identity) == 0
    metrics.prompt_spent(3, 0.5, 0.25)
    metrics.prompt_spent(3, 1.0, 0.0)
    metrics.pipeline_spent(4, 2.0, 0.75)
    metrics.pipeline_spent(5, 4.0, 8.0)
    seen = exposed(metrics)
    assert seen.value("prompt_execution_seconds_total", prompt_id="3") == 1.5
    assert seen.value("prompt_execution_cost_usd_total", prompt_id="3") == 0.25
    assert seen.value("pipeline_execution_seconds_total", pipeline_id="4") == 2.0
    assert seen.value("pipeline_execution_cost_usd_total", pipeline_id="4") == 0.75
    assert seen.value("pipeline_execution_seconds_total", pipeline_id="other") == 4.0
    assert seen.value("pipeline_execution_cost_usd_total", pipeline_id="other") == 8.0


def test_a_deleted_prompt_loses_its_series_for_good() -> None:
    metrics = new_metrics()
    metrics.prompt_added(3)
    metrics.prompt_removed(3)
    metrics.prompt_executed(3, "success")
    metrics.prompt_spent(3, 0.5, 0.25)
    seen = exposed(metrics)
    assert seen.value("prompt_execution_seconds_total", prompt_id="3") is None
    assert seen.value("prompt_execution_cost_usd_total", prompt_id="3") is None
    assert seen.value("prompt_execution_cost_usd_total", prompt_id="other") == 0.25
    assert seen.value("prompt_executions_total", prompt_id="3", status="success") is None
    assert seen.value("prompt_executions_total", prompt_id="other", status="success") == 1


def test_ids_beyond_the_limit_share_the_series_other() -> None:
    metrics = new_metrics(limit=2)
    for identity in range(1, 6):
        metrics.pipeline_added(identity)
        metrics.pipeline_executed(identity, "failed")
    failed = {
        dict(labels)["pipeline_id"]: value
        for labels, value in exposed(metrics).labelled("pipeline_executions_total").items()
        if dict(labels)["status"] == "failed"
    }
    assert failed == {"1": 1, "2": 1, "other": 3}


def test_totals_are_absent_when_the_database_does_not_answer() -> None:
    metrics = new_metrics()
    answered = exposed(metrics, Totals(7, 8))
    assert (answered.value("prompt_total"), answered.value("pipeline_total")) == (7, 8)
    silent = exposed(metrics, None)
    assert (silent.value("prompt_total"), silent.value("pipeline_total")) == (None, None)


def test_active_users_age_out_of_the_exposition() -> None:
    clock = Clock()
    metrics = new_metrics(clock=clock)
    metrics.user_seen(b"a")
    assert exposed(metrics).value("active_users") == 1
    clock.now = 5.1
    assert exposed(metrics).value("active_users") == 0


def test_two_instances_count_apart() -> None:
    one, two = new_metrics(), new_metrics()
    one.request_counted("GET", "/x", 200)
    assert exposed(two).requests("GET", "/x", 200) is None
