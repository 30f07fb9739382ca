"""A panel's query against its documented truth in a made world: what differs is told, other spellings are not."""

from __future__ import annotations

import pytest

from promproof.contract import model
from promproof.contract.model import Contract
from promproof.places import REPOSITORY
from promproof.proofs.panelproofs import other_than
from promproof.proofs.panelworlds import Identity
from promproof.truth.panel import Truth

pytestmark = pytest.mark.unit
CONTRACT = model.load(REPOSITORY / "monitoring" / "contract.yaml")
TARGET = {"job": frozenset({"promptpilot-api"}), "instance": frozenset({"api:8000"})}
MACHINE = {"job": frozenset({"node"}), "instance": frozenset({"node-exporter:9100"})}
CLOSED = Identity(TARGET, MACHINE, target_closed=True, node_closed=True)
OPEN = Identity(TARGET, MACHINE, target_closed=False, node_closed=False)
RATE = 'sum by (method, endpoint) (rate(http_requests_total{job="promptpilot-api"}[5m]))'
BY_ENDPOINT = "http-performance/request-rate-by-endpoint"


def truth(panel: str, contract: Contract = CONTRACT) -> Truth:
    uid, _, slug = panel.partition("/")
    board = next(board for board in contract.dashboards if board.uid == uid)
    found = board.panel(slug).truth
    assert isinstance(found, Truth)
    return found


def said(panel: str, query: str, ordinal: int = 0, identity: Identity = CLOSED, size: float = 1.0) -> str:
    return other_than(query, ordinal, truth(panel), CONTRACT, identity, size)


WRONG = {
    "another job": (BY_ENDPOINT, RATE.replace("promptpilot-api", "api"), "gives nothing"),
    "a label that no series has": (BY_ENDPOINT, RATE.replace("job=", "service="), "gives nothing"),
    "avg": (BY_ENDPOINT, RATE.replace("sum", "avg"), "where made series have"),
    "max": (BY_ENDPOINT, RATE.replace("sum", "max"), "where made series have"),
    "a lost label": (BY_ENDPOINT, RATE.replace("method, ", ""), "of which the truth has none"),
    "a factor": (BY_ENDPOINT, f"100 * {RATE}", "where made series have"),
    "yesterday": (BY_ENDPOINT, RATE.replace("[5m]", "[5m] offset 1d"), "where made series have"),
    "the largest": (BY_ENDPOINT, f"topk(1, {RATE})", "leaves out"),
    "a lid": (BY_ENDPOINT, f"clamp_max({RATE}, 1)", "where made series have"),
    "smoothed": (BY_ENDPOINT, f"avg_over_time(({RATE})[1h:])", "where made series have"),
    "increase": (BY_ENDPOINT, RATE.replace("rate", "increase"), "where made series have"),
    "irate": (BY_ENDPOINT, RATE.replace("rate", "irate"), "two samples"),
    "only GET": (BY_ENDPOINT, RATE.replace("{", '{method="GET",'), "leaves out"),
    "not summed": (BY_ENDPOINT, "rate(http_requests_total[5m])", "series for"),
    "all statuses": (
        "http-performance/error-distribution",
        "sum by (endpoint, status) (rate(http_requests_total[5m]))",
        "of which the truth has none",
    ),
    "half of the errors": (
        "http-performance/error-distribution",
        'sum by (endpoint, status) (rate(http_requests_total{status=~"4.."}[5m]))',
        "leaves out",
    ),
    "the rest of a share": (
        "pipeline-metrics/success-rates",
        'sum by (pipeline_id) (rate(pipeline_executions_total{status="failed"}[5m]))'
        " / sum by (pipeline_id) (rate(pipeline_executions_total[5m]))",
        "where made series have",
    ),
    "a mean of the good ones": (
        "prompt-analytics/average-execution-time",
        "sum by (prompt_id) (rate(prompt_execution_seconds_total[5m]))"
        ' / sum by (prompt_id) (rate(prompt_executions_total{status="success"}[5m]))',
        "where made series have",
    ),
    "without the others": (
        "prompt-analytics/execution-counts",
        'sum by (status) (increase(prompt_executions_total{prompt_id!="other"}[1h]))',
        "where made series have",
    ),
    "another quantile": (
        "http-performance/95th-percentile-by-endpoint",
        "histogram_quantile(0.9, sum by (method, endpoint, le) (rate(http_request_duration_seconds_bucket[5m])))",
        "where made series have",
    ),
    "when it began": ("system-overview/uptime", "process_start_time_seconds", "where made series have"),
    "free memory": (
        "system-overview/memory-usage",
        "1 - node_memory_MemFree_bytes / node_memory_MemTotal_bytes",
        "where made series have",
    ),
    "idle time": (
        "system-overview/cpu-usage",
        'avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
        "where made series have",
    ),
    "all devices": (
        "resource-utilization/network-traffic",
        "sum by (instance) (rate(node_network_receive_bytes_total[5m]))",
        "of which the truth has none",
    ),
}


@pytest.mark.parametrize(("panel", "query", "text"), WRONG.values(), ids=WRONG)
def test_a_query_that_gives_something_else_is_told(panel: str, query: str, text: str) -> None:
    assert text in said(panel, query)


SAME = {
    "as it is": (BY_ENDPOINT, RATE),
    "no job": (BY_ENDPOINT, "sum by (endpoint, method) (rate(http_requests_total[5m]))"),
    "without": (BY_ENDPOINT, "sum without (status, job, instance) (rate(http_requests_total[5m]))"),
    "with its job": (BY_ENDPOINT, RATE.replace("method,", "job, method,")),
    "summed twice": (BY_ENDPOINT, f"sum by (method, endpoint) ({RATE})"),
    "increase by its length": (BY_ENDPOINT, f"{RATE.replace('rate', 'increase')} / 300"),
    "a pattern of its own": (
        "http-performance/error-distribution",
        'sum by (endpoint, status) (rate(http_requests_total{status=~"4[0-9]{2}|5[0-9]{2}"}[5m]))',
    ),
    "one minus the failed": (
        "pipeline-metrics/success-rates",
        '1 - sum by (pipeline_id) (rate(pipeline_executions_total{status="failed"}[5m]))'
        " / sum by (pipeline_id) (rate(pipeline_executions_total[5m]))",
    ),
    "the mean of the processors": (
        "system-overview/cpu-usage",
        '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
    ),
    "all that is not idle": (
        "system-overview/cpu-usage",
        'sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))'
        " / sum by (instance) (rate(node_cpu_seconds_total[5m]))",
    ),
    "a part of the devices": (
        "resource-utilization/network-traffic",
        'rate(node_network_receive_bytes_total{device="eth0"}[5m])',
    ),
    "a difference by its whole": (
        "system-overview/memory-usage",
        "(node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes) / node_memory_MemTotal_bytes",
    ),
    "zero where nothing is": (
        "system-overview/http-request-rate",
        "sum(rate(http_requests_total[5m])) or vector(0)",
    ),
}


@pytest.mark.parametrize(("panel", "query"), SAME.values(), ids=SAME)
def test_the_truth_in_another_spelling_is_quiet(panel: str, query: str) -> None:
    assert said(panel, query) == ""


UNKNOWN = {
    "a metric that nobody documents": (BY_ENDPOINT, "sum by (method, endpoint) (rate(requests_total[5m]))"),
    "a recording rule": (BY_ENDPOINT, "method_endpoint:http_requests:rate5m"),
    "a function that is not known": (BY_ENDPOINT, f"double_exponential_smoothing({RATE}[1h:], 0.5, 0.5)"),
    "no PromQL": (BY_ENDPOINT, "sum by ("),
}


@pytest.mark.parametrize(("panel", "query"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_here_is_left_to_the_run(panel: str, query: str) -> None:
    assert said(panel, query) == ""


def test_a_label_that_a_discovery_may_give_is_not_held_against_a_query() -> None:
    query = RATE.replace("job=", 'namespace="shop",job=')
    assert said(BY_ENDPOINT, query, identity=OPEN) == ""
    assert "gives nothing" in said(BY_ENDPOINT, query, identity=CLOSED)


def test_a_percentage_is_the_truth_in_the_unit_of_its_panel() -> None:
    query = "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"
    assert said("system-overview/memory-usage", query, size=0.01) == ""
    assert said("system-overview/memory-usage", query)


def test_each_query_of_a_panel_has_its_own_truth() -> None:
    written = "rate(node_disk_written_bytes_total[5m])"
    assert said("resource-utilization/disk-i-o", written, ordinal=1) == ""
    assert said("resource-utilization/disk-i-o", written, ordinal=0)
