"""Panels with one thing wrong: each is a dashboard of its own, made from a shipped one by the smallest edit.

A twin names the claim that must turn red and what its reason must say. `truth` twins need the live server; all twins
run in one run, next to the shipped dashboards, which stay green.
"""

# ruff: noqa: E501  (a table: one twin, one line)

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "monitoring" / "grafana" / "dashboards"

OPENED = {"${datasource}": "prometheus", "$job": "promptpilot-api", "$node": "node"}
CHOSEN = ("datasource", "job", "node")


@dataclass(frozen=True)
class Twin:
    """One broken panel: where it comes from, the edit, the aspect that must be red, words of the reason."""

    name: str
    dashboard: str
    panel: str
    edit: Callable[[Json, Json], None]
    aspect: str
    says: str

    @property
    def uid(self) -> str:
        return f"twin-{self.name}"[:40]

    def make(self) -> Json:
        """The broken dashboard: its one panel, and the variables; data source and jobs stand as they open."""
        text = (SHIPPED / f"{self.dashboard}.json").read_text(encoding="utf-8")
        for name, value in OPENED.items():
            text = text.replace(name, value)
        data: Json = json.loads(text)
        own = [variable for variable in data["templating"]["list"] if variable["name"] not in CHOSEN]
        data["templating"]["list"] = own
        data["panels"] = [panel for panel in data["panels"] if panel["title"] == self.panel]
        data |= {"uid": self.uid, "title": f"Twin {self.name}"}
        self.edit(data["panels"][0], data)
        return data


def replaced(old: str, new: str, index: int = 0) -> Callable[[Json, Json], None]:
    """Replace a part of a query."""

    def edit(panel: Json, dashboard: Json) -> None:
        before = panel["targets"][index]["expr"]
        assert old in before, (old, before)
        panel["targets"][index]["expr"] = before.replace(old, new)

    return edit


def query(expression: str) -> Callable[[Json, Json], None]:
    """Replace a query."""

    def edit(panel: Json, dashboard: Json) -> None:
        panel["targets"][0]["expr"] = expression

    return edit


def target(key: str, value: Any) -> Callable[[Json, Json], None]:
    def edit(panel: Json, dashboard: Json) -> None:
        panel["targets"][0][key] = value

    return edit


def defaults(key: str, value: Any) -> Callable[[Json, Json], None]:
    def edit(panel: Json, dashboard: Json) -> None:
        panel["fieldConfig"]["defaults"][key] = value

    return edit


def threshold(value: float) -> Callable[[Json, Json], None]:
    def edit(panel: Json, dashboard: Json) -> None:
        panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = value

    return edit


def undrawn(panel: Json, dashboard: Json) -> None:
    panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] = {"mode": "off"}


def no_variables(panel: Json, dashboard: Json) -> None:
    dashboard["templating"]["list"] = []


def no_type(panel: Json, dashboard: Json) -> None:
    del panel["type"]


def described(panel: Json, dashboard: Json) -> None:
    panel["description"] = ""


def other_source(panel: Json, dashboard: Json) -> None:
    panel["targets"][0]["datasource"] = {"type": "prometheus", "uid": "elsewhere"}


OVERVIEW, HTTP, PROMPTS, RESOURCES = (
    "system-overview",
    "http-performance",
    "prompt-analytics",
    "resource-utilization",
)
J = 'job="promptpilot-api"'
RATE, ERROR, BY, PERCENTILES = (
    "HTTP Request Rate",
    "Error Rate",
    "Request Rate by Endpoint",
    "Response Time Percentiles",
)
SECONDS = "http_request_duration_seconds"

TWINS = (
    # values
    Twin("avg-of-counter", HTTP, PERCENTILES, query(f"avg by (job) ({SECONDS}_sum{{{J}}})"), "form", "counter and used without"),
    Twin("4xx-are-errors", OVERVIEW, ERROR, replaced('"5.."', '"[45].."'), "values", "truth"),
    Twin("4xx-are-errors-agreement", OVERVIEW, ERROR, replaced('"5.."', '"[45].."'), "agreement", "the alert judges"),
    Twin("no-le", HTTP, PERCENTILES, replaced("sum by (job, le)", "sum by (job)"), "form", "drops the label le"),
    Twin("no-le-empty", HTTP, PERCENTILES, replaced("sum by (job, le)", "sum by (job)"), "values", "empty"),
    Twin("quantile-95", HTTP, PERCENTILES, replaced("0.95", "95", 1), "form", "from 0 to 1"),
    Twin("quantile-95-values", HTTP, PERCENTILES, replaced("0.95", "95", 1), "values", "inf"),
    Twin("p99-for-p95", HTTP, PERCENTILES, replaced("0.95", "0.5", 1), "agreement", "the alert judges"),
    Twin("rate-of-gauge", RESOURCES, "API Memory", query(f"rate(process_resident_memory_bytes{{{J}}}[$__rate_interval])"), "form", "a gauge"),
    Twin("sum-before-rate", OVERVIEW, RATE, query(f"rate(sum by (job) (http_requests_total{{{J}}})[$__rate_interval:])"), "form", "rate first"),
    Twin("unsummed", HTTP, BY, query(f"rate(http_requests_total{{{J}}}[$__rate_interval])"), "values", "not summed"),
    Twin("unsummed-names", HTTP, BY, query(f"rate(http_requests_total{{{J}}}[$__rate_interval])"), "legend", "are all called"),
    Twin("off-by-1000", HTTP, PERCENTILES, defaults("unit", "ms"), "form", "documented 's'"),
    Twin("off-by-1000-values", HTTP, "95th Percentile by Endpoint", defaults("unit", "ms"), "values", "truth"),
    Twin("percent-of-ratio", OVERVIEW, ERROR, defaults("unit", "percent"), "values", "truth"),
    # At a window of 1 s both are the same number, so this one is longer.
    Twin("increase-for-rate", OVERVIEW, RATE, query(f"sum by (job) (increase(http_requests_total{{{J}}}[5m]))"), "values", "truth"),
    Twin("increase-for-rate-unit", OVERVIEW, RATE, replaced("rate(", "increase("), "form", "a total of its window"),
    Twin("wrong-job", OVERVIEW, RATE, replaced(J, 'job="prometheus"'), "data", "never seen"),
    Twin("wrong-job-values", OVERVIEW, RATE, replaced(J, 'job="prometheus"'), "values", "empty"),
    Twin("node-memfree", RESOURCES, "Memory", replaced("node_memory_MemAvailable_bytes", "node_memory_MemFree_bytes", 1), "values", "truth"),
    Twin("failures-for-successes", PROMPTS, "Success Rates", replaced("1 - ", ""), "values", "truth"),
    Twin("cost-as-count", PROMPTS, "Cost Analysis", replaced("prompt_execution_cost_usd_total", "prompt_execution_seconds_total"), "values", "truth"),
    Twin("p50-for-p99", HTTP, PERCENTILES, replaced("0.99", "0.50", 2), "values", "truth"),
    Twin("other-job", OVERVIEW, "Uptime", replaced(J, 'job="node"'), "values", "is not the target"),
    Twin("virtual-memory", RESOURCES, "API Memory", query(f"process_virtual_memory_bytes{{{J}}}"), "values", "truth"),
    Twin("limit-for-use", RESOURCES, "API Open File Descriptors", query(f"process_max_fds{{{J}}}"), "values", "truth"),
    Twin("filtered", OVERVIEW, RATE, query(f"sum by (job) (rate(http_requests_total{{{J}}}[$__rate_interval])) > 80"), "values", "is missing at"),
    Twin("mean-of-counts", PROMPTS, "Average Execution Time", replaced("prompt_executions_total", "prompt_execution_cost_usd_total"), "values", "truth"),
    # legends and variables
    Twin("wrong-label", HTTP, BY, target("legendFormat", "{{verb}} {{endpoint}}"), "legend", "{{verb}} is empty"),
    Twin("label-left-out", HTTP, BY, target("legendFormat", "{{method}}"), "legend", "are all called"),
    Twin("undeclared", HTTP, BY, no_variables, "form", "$endpoint is no variable"),
    Twin("equals-variable", HTTP, BY, replaced('endpoint=~"$endpoint"', 'endpoint="$endpoint"'), "data", "never seen"),
    Twin("undeclared-empty", HTTP, BY, no_variables, "data", "never seen"),
    # zoom
    Twin("one-scrape", OVERVIEW, RATE, replaced("$__rate_interval", "15s"), "zoom", "single sample"),
    Twin("shorter-than-a-scrape", OVERVIEW, RATE, replaced("$__rate_interval", "10s"), "zoom", "empty windows"),
    Twin("fixed-window", OVERVIEW, RATE, replaced("$__rate_interval", "1m"), "zoom", "shown nowhere"),
    # agreement
    Twin("line-elsewhere", OVERVIEW, ERROR, threshold(0.04), "agreement", "threshold is at 0.05"),
    Twin("line-in-percent", OVERVIEW, "CPU Usage", threshold(80), "agreement", "threshold is at 0.8"),
    Twin("line-not-drawn", OVERVIEW, ERROR, undrawn, "agreement", "not drawn"),
    Twin("other-window", OVERVIEW, ERROR, replaced("[5m]", "[10m]"), "agreement", "the alert judges"),
    # causes
    Twin("renamed", OVERVIEW, RATE, replaced("http_requests_total", "http_request_total"), "data", "metric http_request_total is missing"),
    Twin("renamed-metric", OVERVIEW, RATE, replaced("http_requests_total", "http_request_total"), "values", "empty"),
    Twin("label-missing", OVERVIEW, RATE, replaced(J, f'{J},verb="GET"'), "data", "label of http_requests_total{verb}"),
    Twin("value-never-seen", OVERVIEW, RATE, replaced(J, f'{J},method="BREW"'), "data", "never seen"),
    Twin("window-too-short", OVERVIEW, RATE, replaced("$__rate_interval", "12s"), "data", "too short"),
    Twin("join", OVERVIEW, "Uptime", query(f'process_start_time_seconds{{{J}}} * on (instance) process_start_time_seconds{{job="prometheus"}}'), "data", "join without match"),
    Twin("or-vector-0", OVERVIEW, RATE, query(f"sum by (job) (rate(http_request_total{{{J}}}[$__rate_interval])) or vector(0)"), "form", "or vector"),
    Twin("or-vector-0-values", OVERVIEW, RATE, query(f"sum by (job) (rate(http_request_total{{{J}}}[$__rate_interval])) or vector(0)"), "values", "is 0, truth"),
    # form
    Twin("hidden", OVERVIEW, RATE, target("hide", True), "form", "hidden query"),
    Twin("no-description", OVERVIEW, RATE, described, "form", "description: missing"),
    Twin("no-type", OVERVIEW, RATE, no_type, "form", "type: missing"),
    Twin("other-source", OVERVIEW, RATE, other_source, "form", "not provisioned"),
    Twin("syntax", OVERVIEW, RATE, query("sum by (job) (rate(http_requests_total[5m])"), "form", "cannot be parsed"),
)  # fmt: skip  # a table: one case, one row
