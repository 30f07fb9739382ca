"""Faults of dashboards: panels, variables, annotations, how one opens, and what is provisioned beside them."""

from __future__ import annotations

from typing import Any

from tests.twins.fault import (
    BOARDS,
    SOURCES,
    Fault,
    fault,
    panel_of,
)
from tests.twins.planting import instead

CPU, RATES, P95 = (
    "system-overview/CPU Usage",
    "http-performance/Error Distribution",
    "http-performance/Response Time Percentiles",
)
MEMORY = "resource-utilization/Memory"
DEFAULTS, CUSTOM = "fieldConfig>defaults", "fieldConfig>defaults>custom"
ENDPOINT = "templating>list>endpoint"


def _board(name: str, path: str, value: Any, uid: str = "http-performance") -> Fault:
    return fault(name, f"dashboards/findings/{uid}", f"{BOARDS}/{uid}.json", path, value)


HIDE = {
    "matcher": {"id": "byRegexp", "options": "5.*"},
    "properties": [{"id": "custom.hideFrom", "value": {"viz": True, "legend": True, "tooltip": True}}],
}
PANELS = (
    panel_of("a legend of the other query", MEMORY, "targets>0>legendFormat", "available {{instance}}"),
    panel_of("legends of both queries", MEMORY, "targets>0>legendFormat", "used, not available {{instance}}"),
    panel_of("a legend without its word", MEMORY, "targets>1>legendFormat", "{{instance}}"),
    panel_of(
        "a description of another percentile",
        "http-performance/95th Percentile by Endpoint",
        "description",
        instead("95th", "99th"),
    ),
    panel_of(
        "alerts of another state",
        "system-overview/Firing Alerts",
        "targets>0>expr",
        instead('alertstate="firing"', 'alertstate="pending"'),
    ),
    panel_of("a list without what fires", "system-overview/Alerts", "options>stateFilter>firing", False),
    panel_of(
        "a list of alerts of nobody's source", "system-overview/Alerts", "options>datasource", "Prometheus 2"
    ),
    panel_of("a query of any job", RATES, "targets>0>expr", instead('job="$job",', "")),
    panel_of("a list of alerts that is none", "system-overview/Alerts", "type", "annolist"),
    panel_of(
        "buckets that are no heat map", "http-performance/Response Times", "targets>0>format", "time_series"
    ),
    panel_of(
        "one name of both outcomes", "pipeline-metrics/Execution Counts", "targets>0>legendFormat", "runs"
    ),
    panel_of("an hour's mean", RATES, "targets>0>expr", instead("$__rate_interval", "1h")),
    panel_of(
        "a title in per cent",
        "resource-utilization/API Open File Descriptors",
        "title",
        "API Open File Descriptors (%)",
    ),
    panel_of("a list of two alerts", "system-overview/Alerts", "options>maxItems", 2),
    panel_of("an axis in per cent", CPU, f"{DEFAULTS}>max", 100),
    panel_of(
        "a limit in per cent",
        "system-overview/Error Budget Left",
        f"{DEFAULTS}>thresholds>steps>2>value",
        25,
    ),
    panel_of("a legend that tells no routes apart", RATES, "targets>0>legendFormat", "{{status}}"),
    panel_of("every point", "system-overview/Availability", "options>reduceOptions>values", True),
    panel_of("a limit of the same colour", CPU, f"{DEFAULTS}>thresholds>steps>1>color", "green"),
    panel_of("a label that the query drops", RATES, "targets>0>legendFormat", "{{status}} {{method}}"),
    panel_of(
        "a label that no series has", "resource-utilization/API CPU", "targets>0>legendFormat", "{{pod}}"
    ),
    panel_of("another source for the whole panel", RATES, "datasource>uid", "prometheus-2"),
    panel_of("one point of a course", RATES, "targets>0>instant", True),
    panel_of("a number where no data are", RATES, "targets>0>expr", lambda text: f"({text}) or vector(0)"),
    panel_of("avg for sum", RATES, "targets>0>expr", instead("sum by", "avg by")),
    panel_of("a lost matcher", RATES, "targets>0>expr", instead(',status=~"[45].."', "")),
    panel_of("a choice that is compared with =", RATES, "targets>0>expr", instead("endpoint=~", "endpoint=")),
    panel_of(
        "a sum of the last hour",
        "prompt-analytics/Execution Counts",
        "targets>0>expr",
        instead("$__range", "1h"),
    ),
    panel_of("a legend of another quantile", P95, "targets>1>legendFormat", "p99 {{job}}"),
    panel_of("a quantile that the legend does not say", P95, "targets>2>expr", instead("0.99", "0.90")),
    panel_of("an axis that ends below", CPU, f"{DEFAULTS}>max", 0.5),
    panel_of("an axis that begins above", CPU, f"{DEFAULTS}>min", 0.5),
    panel_of("an axis that ends below the threshold", "system-overview/Error Rate", f"{DEFAULTS}>max", 0.04),
    panel_of("no data looks like 0", "system-overview/Error Rate", f"{DEFAULTS}>noValue", "0"),
    panel_of("series that are hidden", RATES, "fieldConfig>overrides", [HIDE]),
    panel_of("a query that is hidden", P95, "targets>1>hide", True),
    panel_of(
        "a query that does not follow the choice",
        "http-performance/Error Distribution",
        "targets>0>expr",
        instead(',endpoint=~"$endpoint"', ""),
    ),
    panel_of("shifted by a day", CPU, "timeShift", "1d"),
    panel_of("the last week", CPU, "timeFrom", "7d"),
    panel_of("a step of an hour", RATES, "interval", "1h"),
    panel_of("a query's step of an hour", RATES, "targets>0>interval", "1h"),
    panel_of("a few points", CPU, "maxDataPoints", 10),
    panel_of(
        "a range reduced to its largest value",
        "system-overview/Uptime",
        "targets>0",
        lambda target: {**target, "instant": False, "range": True},
    ),
    panel_of(
        "the sum of totals", "prompt-analytics/Execution Counts", "options>reduceOptions>calcs", ["sum"]
    ),
    panel_of(
        "a step of the selected range",
        "prompt-analytics/Cost Analysis",
        "targets>0>expr",
        instead("$__range", "$__rate_interval"),
    ),
    panel_of("the first value", "prompt-analytics/Cost Analysis", "options>reduceOptions>calcs", ["first"]),
    panel_of("stacked in per cent", CPU, f"{CUSTOM}>stacking", {"mode": "percent", "group": "A"}),
    panel_of("stacked shares", CPU, f"{CUSTOM}>stacking", {"mode": "normal", "group": "A"}),
    panel_of("a logarithmic axis", CPU, f"{CUSTOM}>scaleDistribution", {"type": "log", "log": 10}),
    panel_of(
        "a value that reads as another",
        "system-overview/Error Rate",
        f"{DEFAULTS}>mappings",
        [{"type": "range", "options": {"from": 0, "to": 0.1, "result": {"text": "OK"}}}],
    ),
    panel_of("another unit", CPU, f"{DEFAULTS}>unit", "percent"),
    panel_of(
        "another unit for one series",
        RATES,
        "fieldConfig>overrides",
        [{"matcher": {"id": "byRegexp", "options": "5.*"}, "properties": [{"id": "unit", "value": "s"}]}],
    ),
    panel_of(
        "a share that is rounded over its limit", "system-overview/Availability", f"{DEFAULTS}>decimals", 0
    ),
    panel_of(
        "a budget ten times as large",
        "system-overview/Error Budget Left",
        "targets>0>expr",
        instead("/ 0.001", "/ 0.01"),
    ),
    panel_of(
        "a second's requests for those of the window",
        "http-performance/Response Times",
        "targets>0>expr",
        instead("increase(", "rate("),
    ),
    panel_of(
        "an objective that the colours do not have",
        "system-overview/Availability",
        f"{DEFAULTS}>thresholds>steps>1>value",
        0.99,
    ),
    panel_of(
        "another objective in words",
        "system-overview/Availability",
        "description",
        instead("99.9 %", "99.99 %"),
    ),
    panel_of(
        "the line of another alert",
        "system-overview/Memory Usage",
        "description",
        instead("HighMemoryUsage", "HighCPUUsage"),
    ),
    panel_of(
        "what it says to leave out",
        "system-overview/Firing Alerts",
        "targets>0>expr",
        instead(',alertname!="Watchdog"', ""),
    ),
    panel_of("half of the errors in words", RATES, "description", instead("4xx and 5xx", "5xx")),
    panel_of("the oldest alerts first", "system-overview/Alerts", "options>sortOrder", 4),
    panel_of("seconds read as milliseconds", "http-performance/Response Times", "options>yAxis>unit", "ms"),
    panel_of(
        "nine alerts look like none",
        "system-overview/Firing Alerts",
        f"{DEFAULTS}>thresholds>steps>1>value",
        10,
    ),
    panel_of(
        "a missed objective in yellow",
        "system-overview/Error Budget Left",
        f"{DEFAULTS}>thresholds>steps>1>value",
        -1,
    ),
    panel_of(
        "one of two without another interface",
        "resource-utilization/Network Traffic",
        "targets>1>expr",
        instead('device!="lo"', 'device!="eth0"'),
    ),
    panel_of(
        "one of three percentiles in words", P95, "description", instead("95th and 99th", "90th and 99th")
    ),
    panel_of("names that are hidden", RATES, "options>legend>showLegend", False),
    panel_of("gaps that are bridged", CPU, f"{CUSTOM}>spanNulls", True),
    panel_of(
        "some series are left out", RATES, "transformations", [{"id": "limit", "options": {"limitField": 1}}]
    ),
    panel_of("another data source", CPU, "targets>0>datasource>uid", "other"),
    panel_of(
        "green where the objective is missed",
        "system-overview/Availability",
        f"{DEFAULTS}>thresholds>steps",
        [{"color": "green", "value": None}, {"color": "red", "value": 0.999}],
    ),
    panel_of(
        "green where the alert fires",
        "system-overview/Error Rate",
        f"{DEFAULTS}>thresholds>steps",
        [{"color": "dark-red", "value": None}, {"color": "dark-green", "value": 0.05}],
    ),
    panel_of("numbers without a name", "prompt-analytics/Execution Counts", "options>textMode", "value"),
    panel_of(
        "a list of what is critical",
        "system-overview/Alerts",
        "options>alertInstanceLabelFilter",
        '{severity="critical"}',
    ),
    panel_of(
        "severities of one name",
        "system-overview/Firing Alerts",
        "targets>0>expr",
        instead("count(", "count by (severity) ("),
    ),
    panel_of("one of three looks back an hour", P95, "targets>2>expr", instead("[5m]", "[1h]")),
    panel_of(
        "three lines of one name",
        P95,
        "targets",
        lambda targets: [{**target, "legendFormat": "__auto"} for target in targets],
    ),
    panel_of(
        "another time in words", "system-overview/Availability", "description", instead("14 days", "30 days")
    ),
    panel_of(
        "the neighbour's label in words",
        "pipeline-metrics/Cost Analysis",
        "description",
        instead("by pipeline", "by prompt"),
    ),
    _board("marks without a name", "annotations>list>1>titleFormat", "{{alert}}", "system-overview"),
    _board(
        "marks that Grafana itself is asked for",
        "annotations>list>1>datasource",
        {"type": "grafana", "uid": "-- Grafana --"},
    ),
    _board(
        "a variable of another job",
        f"{ENDPOINT}>query>query",
        'label_values(http_requests_total{job="api"}, endpoint)',
    ),
    _board(
        "a variable of another label",
        f"{ENDPOINT}>query>query",
        'label_values(http_requests_total{job="promptpilot-api"}, method)',
    ),
    _board(
        "a variable of another metric",
        f"{ENDPOINT}>query>query",
        'label_values(http_request_total{job="promptpilot-api"}, endpoint)',
    ),
    _board(
        "a narrow choice",
        f"{ENDPOINT}>current",
        {"selected": True, "text": ["/health"], "value": ["/health"]},
    ),
    _board("a filter of values", f"{ENDPOINT}>regex", "/api/.*"),
    _board("all is another", f"{ENDPOINT}>allValue", "/api/.*"),
    _board("firing alerts that are not marked", "annotations>list>1>enable", False),
    _board("drawn anew once a day", "refresh", "1d"),
    _board("never drawn anew", "refresh", ""),
    _board("values of the day before", f"{ENDPOINT}>refresh", 0),
    _board("no choice of all", f"{ENDPOINT}>includeAll", False),
    _board("a link that forgets the range", "links>0>keepTime", False, "prompt-analytics"),
    _board(
        "firing alerts that are pending ones",
        "annotations>list>1>expr",
        instead("firing", "pending"),
        "resource-utilization",
    ),
    _board("four scrapes", "time", {"from": "now-1m", "to": "now"}, "pipeline-metrics"),
    _board("the last minute", "time", {"from": "now-1m", "to": "now"}),
    _board("yesterday", "time", {"from": "now-2d", "to": "now-1d"}),
    _board("a choice that nobody can make", f"{ENDPOINT}>hide", 2),
    _board("marks of a state that no alert has", "annotations>list>1>expr", 'ALERTS{alertstate="fireing"}'),
    _board("marks of what always fires", "annotations>list>1>expr", 'ALERTS{alertstate="firing"}'),
    _board("marks of another job", "annotations>list>2>expr", instead("$job", "promptpilot")),
    _board("marks of what one scrape shows", "annotations>list>2>expr", instead("[1m]", "[10s]")),
    _board("marks of two restarts", "annotations>list>2>expr", instead("> 0", "> 1")),
    _board("links by a tag that none has", "links>0>tags", ["prod"]),
    _board("a tag that the links are not to", "tags", ["drafts"]),
    _board("a time zone of its own", "timezone", "America/New_York"),
    fault(
        "the data source's interval",
        "setting/scrape_interval",
        SOURCES,
        "datasources>0>jsonData>timeInterval",
        "1m",
    ),
)  # (a table)
