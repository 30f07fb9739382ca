"""Small faults that a person could make in what no run shows, each with the claim that must be red; and harmless ones.

By what they are in: keys that work silently, texts, addresses, the compose file, panels.
"""

from __future__ import annotations

from typing import Any

from tests.twins.fault import (
    ALERTMANAGER,
    AVAILABILITY,
    BOARDS,
    COMPOSE,
    HTTP,
    JOB,
    PROMETHEUS,
    PROVIDERS,
    ROUTE,
    SOURCES,
    Fault,
    fault,
    panel_of,
)
from tests.twins.faults_of_keys import KEYS, TEXTS
from tests.twins.faults_of_places import ADDRESSES, OPERATOR, SERVICES
from tests.twins.planting import GONE, Change, instead

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
    panel_of("names that are hidden", RATES, "options>legend>showLegend", False),
    panel_of("gaps that are bridged", CPU, f"{CUSTOM}>spanNulls", True),
    panel_of(
        "some series are left out", RATES, "transformations", [{"id": "limit", "options": {"limitField": 1}}]
    ),
    panel_of("another data source", CPU, "targets>0>datasource>uid", "other"),
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
    _board("the last minute", "time", {"from": "now-1m", "to": "now"}),
    _board("yesterday", "time", {"from": "now-2d", "to": "now-1d"}),
    _board("a choice that nobody can make", f"{ENDPOINT}>hide", 2),
    _board("marks of a state that no alert has", "annotations>list>1>expr", 'ALERTS{alertstate="fireing"}'),
    _board("marks of what always fires", "annotations>list>1>expr", 'ALERTS{alertstate="firing"}'),
    _board("marks of another job", "annotations>list>2>expr", instead("$job", "promptpilot")),
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
FAULTS = {"keys": KEYS, "texts": TEXTS, "addresses": ADDRESSES, "services": SERVICES, "panels": PANELS}


def _fine(name: str, file: str, path: str, value: Any) -> Fault:
    return Fault(name, (Change(file, path, value),))


HARMLESS = (
    _fine(
        "a label of a target",
        PROMETHEUS,
        "scrape_configs>node>static_configs",
        [{"targets": ["node-exporter:9100"], "labels": {"rack": "a"}}],
    ),
    _fine(
        "marks of pending alerts",
        f"{BOARDS}/http-performance.json",
        "annotations>list>1>expr",
        'ALERTS{alertstate="pending"}',
    ),
    _fine(
        "the budget as what the objective leaves",
        f"{BOARDS}/system-overview.json",
        "panels>Error Budget Left>targets>0>expr",
        instead("/ 0.001", "/ (1 - 0.999)"),
    ),
    _fine(
        "one decimal less",
        f"{BOARDS}/system-overview.json",
        "panels>Availability>fieldConfig>defaults>decimals",
        2,
    ),
    _fine(
        "no name of the only series",
        f"{BOARDS}/system-overview.json",
        "panels>Memory Usage>options>legend>showLegend",
        False,
    ),
    _fine("dashboards are read every half a minute", PROVIDERS, "providers>0>updateIntervalSeconds", 30),
    _fine("alerts of the source are not listed", SOURCES, "datasources>0>jsonData>manageAlerts", False),
    _fine(
        "what is gone before what is down",
        AVAILABILITY,
        "groups>0>rules>ServiceDown>expr",
        'absent(up{job="promptpilot-api"}) or up{job="promptpilot-api"} == 0',
    ),
    _fine(
        "the errors in another order",
        f"{BOARDS}/http-performance.json",
        "panels>Error Distribution>description",
        "Responses with 5xx and 4xx per second. 404 is a 4xx.",
    ),
    _fine(
        "a text about the device",
        "prometheus/rules/resources.yml",
        "groups>0>rules>DiskWillFill>annotations>summary",
        "{{ $labels.mountpoint }} ({{ $labels.device }}, {{ $labels.fstype }}) fills up",
    ),
    _fine("one tag more", f"{BOARDS}/http-performance.json", "tags", ["promptpilot", "http"]),
    _fine("started again even when it was stopped by hand", COMPOSE, "services>api>restart", "always"),
    _fine(
        "the retention in hours",
        COMPOSE,
        "services>prometheus>command>2",
        "--storage.tsdb.retention.time=360h",
    ),
    _fine("a louder log", COMPOSE, "services>prometheus>command>+", "--log.level=debug"),
    _fine(
        "a slash behind the dashboards' folder",
        PROVIDERS,
        "providers>0>options>path",
        "/var/lib/grafana/dashboards/",
    ),
    _fine(
        "an external label that nothing goes by", PROMETHEUS, "global>external_labels", {"cluster": "main"}
    ),
    _fine(
        "a legend in other words",
        f"{BOARDS}/resource-utilization.json",
        "panels>Memory>targets>0>legendFormat",
        "{{instance}}: Used",
    ),
    _fine(
        "a parameter that leaves nothing out",
        PROMETHEUS,
        "scrape_configs>node>params",
        {"format": ["prometheus"]},
    ),
    _fine(
        "redirects are not followed",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>http_config",
        {"follow_redirects": False},
    ),
    _fine(
        "a second address of one receiver",
        ALERTMANAGER,
        "receivers>operator>webhook_configs>+",
        {"url": "http://operator-2:9095/alerts", "send_resolved": True},
    ),
    _fine(
        "the registry that is the default",
        COMPOSE,
        "services>node-exporter>image",
        "docker.io/prom/node-exporter:v1.11.1",
    ),
    _fine("the protocol that is the default", COMPOSE, "services>api>ports", ["127.0.0.1:8000:8000/tcp"]),
    _fine("a mount as mounts are", COMPOSE, "services>api>volumes", ["api-data:/data:rw"]),
    _fine("nothing", HTTP, "groups>0>name", "http"),
    _fine("a group by another name", HTTP, "groups>0>name", "requests"),
    _fine("the interval as it is inherited", HTTP, "groups>0>interval", "15s"),
    _fine("the interval in milliseconds", PROMETHEUS, "global>scrape_interval", "15000ms"),
    _fine("a job says its interval", PROMETHEUS, f"{JOB}>scrape_interval", "15s"),
    _fine("the time-out as it is inherited", PROMETHEUS, "global>scrape_timeout", GONE),
    _fine("no limit", PROMETHEUS, f"{JOB}>sample_limit", 0),
    _fine("the path that is the default", PROMETHEUS, f"{JOB}>metrics_path", GONE),
    _fine("the scheme that is the default", PROMETHEUS, f"{JOB}>scheme", "http"),
    _fine("labels in another order", ALERTMANAGER, "route>group_by", ["job", "alertname"]),
    _fine("a timer in other units", ALERTMANAGER, "route>repeat_interval", "240m"),
    _fine("a timer that is repeated", ALERTMANAGER, f"{ROUTE}>group_wait", "30s"),
    _fine("a matcher in quotes", ALERTMANAGER, f"{ROUTE}>matchers", ['alertname="ServiceDown"']),
    _fine("what is the default", ALERTMANAGER, "receivers>webhook>webhook_configs>0>send_resolved", GONE),
    _fine("no most", ALERTMANAGER, "receivers>webhook>webhook_configs>0>max_alerts", 0),
    _fine("an operator of one's own", ALERTMANAGER, OPERATOR, "https://pager.example.com/hook/alerts"),
    _fine(
        "another wording",
        HTTP,
        "groups>0>rules>HighErrorRate>annotations>summary",
        "Many errors on {{ $labels.job }}",
    ),
    _fine("one annotation more", HTTP, "groups>0>rules>HighErrorRate>annotations>impact", "users see errors"),
    _fine(
        "the threshold in words",
        HTTP,
        "groups>0>rules>SlowResponses>annotations>description",
        "p95 is {{ $value | humanizeDuration }}, over 1 second",
    ),
    _fine(
        "the page at the top", HTTP, "groups>0>rules>HighErrorRate>annotations>runbook", "docs/monitoring.md"
    ),
    _fine("keep_firing_for of nothing", HTTP, "groups>0>rules>HighErrorRate>keep_firing_for", "0s"),
    _fine(
        "environment as a list",
        COMPOSE,
        "services>api>environment",
        ["PROMPTPILOT_DATABASE_URL=sqlite:////data/promptpilot.db", "PROMPTPILOT_ACTIVE_USERS_WINDOW=5m"],
    ),
    _fine(
        "a port in the long syntax",
        COMPOSE,
        "services>grafana>ports>0",
        {"target": 3000, "published": "3001", "host_ip": "127.0.0.1"},
    ),
    _fine(
        "a mount in the long syntax",
        COMPOSE,
        "services>alertmanager>volumes>0",
        {"type": "bind", "source": "./alertmanager", "target": "/etc/alertmanager", "read_only": True},
    ),
    _fine(
        "a network in the long syntax", COMPOSE, "services>api>networks", {"monitoring": {"aliases": ["app"]}}
    ),
    _fine(
        "flags in another order",
        COMPOSE,
        "services>cadvisor>command",
        ["--housekeeping_interval=15s", "--docker_only=false"],
    ),
    _fine(
        "a newer minor of what has no major",
        COMPOSE,
        "services>alertmanager>image",
        "prom/alertmanager:v0.34.0",
    ),
    _fine("no limit of memory", COMPOSE, "services>grafana>mem_limit", GONE),
    _fine(
        "limits in the other place",
        COMPOSE,
        "services>cadvisor>deploy",
        {"resources": {"limits": {"pids": 100}}},
    ),
    _fine("more CPU", COMPOSE, "services>grafana>cpus", 2),
    _fine(
        "another program asks for the health",
        COMPOSE,
        "services>api>healthcheck>test",
        "curl -f localhost:8000/metrics",
    ),
    _fine("ill a little sooner", COMPOSE, "services>cadvisor>healthcheck>retries", 2),
    _fine("more memory", COMPOSE, "services>prometheus>mem_limit", "512m"),
    _fine("a newer image", COMPOSE, "services>prometheus>image", "prom/prometheus:v3.6.0"),
    _fine("an image by digest", COMPOSE, "services>prometheus>image", f"prom/prometheus@sha256:{'a' * 64}"),
    _fine(
        "another password",
        COMPOSE,
        "services>grafana>environment>GF_SECURITY_ADMIN_PASSWORD",
        "a-much-better-one",
    ),
    _fine(
        "another label in the legend",
        f"{BOARDS}/http-performance.json",
        "panels>Error Distribution>targets>0>legendFormat",
        "{{endpoint}}: {{status}}",
    ),
    _fine(
        "an axis to 100 %", f"{BOARDS}/system-overview.json", "panels>Error Rate>fieldConfig>defaults>max", 1
    ),
    _fine(
        "a list of what fires only",
        f"{BOARDS}/system-overview.json",
        "panels>Alerts>options>stateFilter>pending",
        False,
    ),
    _fine("a list of all sources", f"{BOARDS}/system-overview.json", "panels>Alerts>options>datasource", ""),
    _fine(
        "a matcher that says the same",
        f"{BOARDS}/http-performance.json",
        "panels>Error Distribution>targets>0>expr",
        instead("[45]..", "4..|5.."),
    ),
    _fine(
        "a label that all series have",
        f"{BOARDS}/resource-utilization.json",
        "panels>API CPU>targets>0>legendFormat",
        "{{job}} {{instance}}",
    ),
    _fine("drawn anew more often", f"{BOARDS}/http-performance.json", "refresh", "5s"),
    _fine(
        "a text with the job of a target",
        "prometheus/rules/availability.yml",
        "groups>0>rules>ServiceDown>annotations>summary",
        "{{ $labels.job }} ({{ $labels.instance }}) is down",
    ),
    _fine("no interval of the data source: 15s", SOURCES, "datasources>0>jsonData>timeInterval", GONE),
    _fine(
        "a dash for no value",
        f"{BOARDS}/system-overview.json",
        "panels>Uptime>fieldConfig>defaults>noValue",
        "-",
    ),
    _fine("another height", f"{BOARDS}/system-overview.json", "panels>Uptime>gridPos>h", 4),
    _fine("the last six hours", f"{BOARDS}/http-performance.json", "time>from", "now-6h"),
    _fine(
        "a step of a scrape", f"{BOARDS}/http-performance.json", "panels>Error Distribution>interval", "15s"
    ),
    _fine(
        "more decimals",
        f"{BOARDS}/system-overview.json",
        "panels>Error Rate>fieldConfig>defaults>decimals",
        2,
    ),
    _fine(
        "a description that says more",
        f"{BOARDS}/system-overview.json",
        "panels>Uptime>description",
        "since the process started",
    ),
    _fine(
        "colours",
        f"{BOARDS}/system-overview.json",
        "panels>Uptime>fieldConfig>defaults>thresholds>steps>0>color",
        "blue",
    ),
)  # (a table)
