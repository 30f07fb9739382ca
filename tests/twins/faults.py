"""Small faults that a person could make in what no run shows, each with the claim that must be red; and harmless ones.

By what they are in: keys that work silently, texts, addresses, the compose file, panels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.twins.planting import GONE, Change, instead

PROMETHEUS, ALERTMANAGER = "prometheus/prometheus.yml", "alertmanager/alertmanager.yml"
HTTP, RESOURCES = "prometheus/rules/http.yml", "prometheus/rules/resources.yml"
AVAILABILITY, EXECUTIONS = "prometheus/rules/availability.yml", "prometheus/rules/executions.yml"
COMPOSE, SOURCES = "docker-compose.yml", "grafana/provisioning/datasources/prometheus.yml"
BOARDS = "grafana/dashboards"


@dataclass(frozen=True)
class Fault:
    """A change, what it is called, and the claims of which one must be red; none for a harmless one."""

    name: str
    changes: tuple[Change, ...]
    red: str = ""


def _fault(name: str, red: str, file: str, path: str, value: Any) -> Fault:
    return Fault(name, (Change(file, path, value),), red)


def _text(name: str, alert: str, file: str, annotation: str, value: Any) -> Fault:
    return _fault(
        name, f"alert/{alert}/text", file, f"groups>0>rules>{alert}>annotations>{annotation}", value
    )


def _panel(name: str, panel: str, path: str, value: Any, red: str = "") -> Fault:
    """panel: UID/Title."""
    uid, _, title = panel.partition("/")
    slug = title.lower().replace(" ", "-").replace("/", "-")
    return _fault(
        name, red or f"panel/{uid}/{slug}/form", f"{BOARDS}/{uid}.json", f"panels>{title}>{path}", value
    )


def _service(name: str, service: str, path: str, value: Any) -> Fault:
    return _fault(name, f"deployment/written/{service}", COMPOSE, f"services>{service}>{path}", value)


JOB, ROUTE = "scrape_configs>promptpilot-api", "route>routes>0"
DROP = [{"source_labels": ["status"], "regex": "5..", "action": "drop"}]
MUTE = [{"name": "weekend", "time_intervals": [{"weekdays": ["saturday", "sunday"]}]}]
INHIBIT = [
    {"source_matchers": ["severity = critical"], "target_matchers": ["severity = warning"], "equal": ["job"]}
]


def _muted(key: str) -> Fault:
    """A route that goes by times."""
    changes = (
        Change(ALERTMANAGER, "time_intervals", MUTE),
        Change(ALERTMANAGER, f"route>routes>1>{key}", ["weekend"]),
    )
    return Fault(f"a route with {key}", changes, "setting/muted")


KEYS = (
    _fault(
        "a group that is evaluated every minute",
        "setting/evaluation_interval",
        HTTP,
        "groups>0>interval",
        "1m",
    ),
    _fault(
        "evaluation every minute",
        "setting/evaluation_interval",
        PROMETHEUS,
        "global>evaluation_interval",
        "1m",
    ),
    _fault(
        "no evaluation interval",
        "setting/evaluation_interval",
        PROMETHEUS,
        "global>evaluation_interval",
        GONE,
    ),
    _fault("a group with a limit", "setting/limits", EXECUTIONS, "groups>0>limit", 1),
    _fault("a group with an offset", "setting/limits", HTTP, "groups>0>query_offset", "10m"),
    _fault("an offset of all rules", "setting/limits", PROMETHEUS, "global>rule_query_offset", "5m"),
    _fault("scrapes every minute", "setting/scrape_interval", PROMETHEUS, "global>scrape_interval", "1m"),
    _fault(
        "one job every minute",
        "setting/scrape_interval",
        PROMETHEUS,
        "scrape_configs>cadvisor>scrape_interval",
        "1m",
    ),
    _fault(
        "a short time-out", "setting/scrape_timeout", PROMETHEUS, "scrape_configs>node>scrape_timeout", "5s"
    ),
    _fault("a sample limit", "setting/limits", PROMETHEUS, f"{JOB}>sample_limit", 200),
    _fault("a label limit of all jobs", "setting/limits", PROMETHEUS, "global>label_limit", 4),
    _fault("a target limit", "setting/limits", PROMETHEUS, f"{JOB}>target_limit", 1),
    _fault("a limit of the answer's size", "setting/limits", PROMETHEUS, f"{JOB}>body_size_limit", "10KB"),
    _fault(
        "metrics that are dropped", "setting/relabelling", PROMETHEUS, f"{JOB}>metric_relabel_configs", DROP
    ),
    _fault(
        "a label that is renamed",
        "setting/relabelling",
        PROMETHEUS,
        f"{JOB}>relabel_configs",
        [{"target_label": "env", "replacement": "test"}],
    ),
    _fault(
        "collectors that are left out",
        "setting/relabelling",
        PROMETHEUS,
        "scrape_configs>node>params",
        {"collect[]": ["cpu", "meminfo"]},
    ),
    _fault(
        "alerts that are relabelled",
        "setting/relabelling",
        PROMETHEUS,
        "alerting>alert_relabel_configs",
        [{"regex": "severity", "action": "labeldrop"}],
    ),
    _fault("labels of the target's own", "setting/relabelling", PROMETHEUS, f"{JOB}>honor_labels", True),
    _fault(
        "other times than the target's", "setting/relabelling", PROMETHEUS, f"{JOB}>honor_timestamps", False
    ),
    _fault(
        "an external label",
        "setting/external_labels",
        PROMETHEUS,
        "global>external_labels",
        {"severity": "info"},
    ),
    _fault("a long group_wait", "setting/group_wait", ALERTMANAGER, "route>group_wait", "5m"),
    _fault("a long group_wait of one route", "setting/group_wait", ALERTMANAGER, f"{ROUTE}>group_wait", "1h"),
    _fault("a long group_interval", "setting/group_interval", ALERTMANAGER, "route>group_interval", "30m"),
    _fault("no group_interval", "setting/group_interval", ALERTMANAGER, "route>group_interval", GONE),
    _fault("repeated after days", "setting/repeat_interval", ALERTMANAGER, "route>repeat_interval", "4d"),
    _fault(
        "one route repeats all the time",
        "setting/repeat_interval",
        ALERTMANAGER,
        f"{ROUTE}>repeat_interval",
        "2m",
    ),
    _fault("grouped by nothing", "setting/group_by", ALERTMANAGER, "route>group_by", []),
    _fault("grouped by all", "setting/group_by", ALERTMANAGER, "route>group_by", ["..."]),
    _fault("one route groups otherwise", "setting/group_by", ALERTMANAGER, f"{ROUTE}>group_by", ["job"]),
    _fault("an inhibition", "setting/inhibitions", ALERTMANAGER, "inhibit_rules", INHIBIT),
    _muted("mute_time_intervals"),
    _muted("active_time_intervals"),
    _fault(
        "one alert in a notification",
        "setting/max_alerts",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>max_alerts",
        1,
    ),
    _fault(
        "nothing of the end",
        "setting/send_resolved",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>send_resolved",
        False,
    ),
    _fault(
        "nothing of the end for one",
        "setting/send_resolved",
        ALERTMANAGER,
        "receivers>operator>webhook_configs>0>send_resolved",
        False,
    ),
    _fault(
        "an alert that goes on",
        "setting/keep_firing_for",
        HTTP,
        "groups>0>rules>HighErrorRate>keep_firing_for",
        "1h",
    ),
)  # (a table)
TEXTS = (
    _text(
        "a label that is summed away", "HighErrorRate", HTTP, "summary", "Errors on {{ $labels.instance }}"
    ),
    _text(
        "a label of another metric",
        "HighPromptFailureRate",
        EXECUTIONS,
        "summary",
        "{{ $labels.pipeline_id }} fails",
    ),
    _text("a misspelt label", "HighCPUUsage", RESOURCES, "summary", instead("instance", "instnace")),
    _text("a share as per cent", "HighErrorRate", HTTP, "description", instead(" | humanizePercentage", "")),
    _text(
        "a share with a percent sign",
        "HighErrorRate",
        HTTP,
        "description",
        instead("{{ $value | humanizePercentage }}", "{{ $value }}%"),
    ),
    _text(
        "a share as a duration",
        "HighCPUUsage",
        RESOURCES,
        "description",
        instead("humanizePercentage", "humanizeDuration"),
    ),
    _text(
        "a duration as per cent",
        "SlowResponses",
        HTTP,
        "description",
        instead("humanizeDuration", "humanizePercentage"),
    ),
    _text("another threshold in per cent", "HighErrorRate", HTTP, "description", instead("5%)", "50%)")),
    _text(
        "another threshold in seconds",
        "SlowResponses",
        HTTP,
        "description",
        instead("threshold: 1s", "threshold: 2s"),
    ),
    _text(
        "another wait",
        "HighMemoryUsage",
        RESOURCES,
        "description",
        "{{ $value | humanizePercentage }} for 10 minutes",
    ),
    _text("no such variable", "ServiceDown", AVAILABILITY, "summary", "{{ $label.job }} is down"),
    _text("an if without end", "ServiceDown", AVAILABILITY, "description", instead("{{ end }}", "")),
    _text("an anchor that no heading has", "HighErrorRate", HTTP, "runbook", "docs/monitoring.md#errors"),
    _text("a page that is not there", "HighErrorRate", HTTP, "runbook", "docs/runbooks.md#higherrorrate"),
    _text(
        "the runbook of another alert",
        "HighMemoryUsage",
        RESOURCES,
        "runbook",
        "docs/monitoring.md#highcpuusage",
    ),
    _text("an empty summary", "HighErrorRate", HTTP, "summary", ""),
    _text("no description", "SlowResponses", HTTP, "description", GONE),
    _text("no runbook", "ServiceDown", AVAILABILITY, "runbook", GONE),
)  # (a table)
HOOK = "receivers>webhook>webhook_configs>0>url"
OPERATOR = "receivers>operator>webhook_configs>0>url"
MANAGERS = "alerting>alertmanagers>0"
ADDRESSES = (
    _fault(
        "a proxy before the API's webhook",
        "address/receiver/webhook",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>http_config",
        {"proxy_url": "http://proxy:3128"},
    ),
    _fault(
        "an address that is told twice",
        "address/receiver/webhook",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>+",
        {"url": "http://api:8000/api/v1/alerts", "send_resolved": True},
    ),
    _fault(
        "a proxy before a target",
        "address/job/node",
        PROMETHEUS,
        "scrape_configs>node>proxy_url",
        "http://proxy:3128",
    ),
    _fault(
        "a receiver without time",
        "address/receiver/webhook",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>timeout",
        "10ms",
    ),
    _fault("the receiver's port", "address/receiver/webhook", ALERTMANAGER, HOOK, instead(":8000", ":8001")),
    _fault(
        "the receiver's path", "address/receiver/webhook", ALERTMANAGER, HOOK, instead("/alerts", "/alert")
    ),
    _fault(
        "the receiver's path ends in a slash",
        "address/receiver/webhook",
        ALERTMANAGER,
        HOOK,
        instead("/alerts", "/alerts/"),
    ),
    _fault(
        "a receiver at localhost",
        "address/receiver/webhook",
        ALERTMANAGER,
        HOOK,
        instead("api:", "localhost:"),
    ),
    _fault("a receiver by https", "address/receiver/webhook", ALERTMANAGER, HOOK, instead("http:", "https:")),
    _fault(
        "the operator is the API",
        "address/receiver/operator",
        ALERTMANAGER,
        OPERATOR,
        "http://api:8000/alerts",
    ),
    _fault(
        "the operator is Alertmanager",
        "address/receiver/operator",
        ALERTMANAGER,
        OPERATOR,
        "http://alertmanager:9095/alerts",
    ),
    _fault(
        "a receiver without integration",
        "address/receiver/operator",
        ALERTMANAGER,
        "receivers>operator>webhook_configs",
        GONE,
    ),
    _fault(
        "the API's port",
        "address/job/promptpilot-api",
        PROMETHEUS,
        f"{JOB}>static_configs>0>targets>0",
        "api:8001",
    ),
    _fault(
        "the API at localhost",
        "address/job/promptpilot-api",
        PROMETHEUS,
        f"{JOB}>static_configs>0>targets>0",
        "localhost:8000",
    ),
    _fault("the API's path", "address/job/promptpilot-api", PROMETHEUS, f"{JOB}>metrics_path", "/metric"),
    _fault("the API by https", "address/job/promptpilot-api", PROMETHEUS, f"{JOB}>scheme", "https"),
    _fault(
        "an exporter's port",
        "address/job/node",
        PROMETHEUS,
        "scrape_configs>node>static_configs>0>targets>0",
        "node-exporter:9101",
    ),
    _fault(
        "an exporter's name",
        "address/job/node",
        PROMETHEUS,
        "scrape_configs>node>static_configs>0>targets>0",
        "node_exporter:9100",
    ),
    _fault(
        "another exporter",
        "address/job/cadvisor",
        PROMETHEUS,
        "scrape_configs>cadvisor>static_configs>0>targets>0",
        "node-exporter:9100",
    ),
    _fault(
        "Prometheus' own port",
        "address/job/prometheus",
        PROMETHEUS,
        "scrape_configs>prometheus>static_configs>0>targets>0",
        "localhost:9091",
    ),
    _fault(
        "Alertmanager's port",
        "address/alertmanager",
        PROMETHEUS,
        f"{MANAGERS}>static_configs>0>targets>0",
        "alertmanager:9094",
    ),
    _fault(
        "Alertmanager's name",
        "address/alertmanager",
        PROMETHEUS,
        f"{MANAGERS}>static_configs>0>targets>0",
        "alert-manager:9093",
    ),
    _fault(
        "Alertmanager's path", "address/alertmanager", PROMETHEUS, f"{MANAGERS}>path_prefix", "/alertmanager"
    ),
    _fault("Alertmanager by https", "address/alertmanager", PROMETHEUS, f"{MANAGERS}>scheme", "https"),
    _fault(
        "the data source's port",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "http://prometheus:9091",
    ),
    _fault(
        "the data source at localhost",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "http://localhost:9090",
    ),
    _fault(
        "the data source's path",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "http://prometheus:9090/prometheus",
    ),
    _fault(
        "the data source by https",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "https://prometheus:9090",
    ),
    _fault("asked by the browser", "address/data-source", SOURCES, "datasources>0>access", "direct"),
    _service("a fault port as deployed", "api", "environment>PROMPTPILOT_FAULT_PORT", "8001"),
    _service("a fault port that is published", "api", "ports>+", "127.0.0.1:8001:8001"),
)  # (a table)
SERVICES = (
    _service("never started again", "prometheus", "restart", "no"),
    _service("another network", "alertmanager", "networks", ["back"]),
    _service("one network more", "api", "networks", ["monitoring", "default"]),
    _service("the machine's network", "node-exporter", "network_mode", "host"),
    _service("no /proc", "node-exporter", "volumes", ["/sys:/host/sys:ro", "/:/host/root:ro"]),
    _service("another place for /proc", "node-exporter", "volumes>0", "/proc:/proc:ro"),
    _service("no --path.rootfs", "node-exporter", "command>2", GONE),
    _service("a collector that is off", "node-exporter", "command>+", "--no-collector.meminfo"),
    _service("no /sys", "cadvisor", "volumes", ["/:/rootfs:ro"]),
    _service("the engine's socket", "cadvisor", "volumes>+", "/var/run/docker.sock:/var/run/docker.sock:ro"),
    _service("the machine's files may be written to", "cadvisor", "volumes>0", "/:/rootfs"),
    _service("only containers of Docker", "cadvisor", "command>0", "--docker_only=true"),
    _service("another port on this machine", "grafana", "ports>0", "127.0.0.1:3000:3000"),
    _service("another port inside", "prometheus", "ports>0", "127.0.0.1:9090:9091"),
    _service("published for all", "alertmanager", "ports>0", "9093:9093"),
    _service("a moving tag", "prometheus", "image", "prom/prometheus:latest"),
    _service("a tag of a major version", "prometheus", "image", "prom/prometheus:v3"),
    _service("no tag", "cadvisor", "image", "gcr.io/cadvisor/cadvisor"),
    _service("the main branch", "alertmanager", "image", "prom/alertmanager:main"),
    _service("nobody needs to log in", "grafana", "environment>GF_AUTH_ANONYMOUS_ENABLED", "true"),
    _service("one variable more", "grafana", "environment>GF_AUTH_DISABLE_LOGIN_FORM", "true"),
    _service("another window", "api", "environment>PROMPTPILOT_ACTIVE_USERS_WINDOW", "15m"),
    _service(
        "a database that is forgotten",
        "api",
        "environment>PROMPTPILOT_DATABASE_URL",
        "sqlite:////tmp/promptpilot.db",
    ),
    _service("silences are forgotten", "alertmanager", "command>2", "--data.retention=1h"),
    _service("data beside the volume", "alertmanager", "command>1", "--storage.path=/tmp"),
    _service("no retention size", "prometheus", "command>3", GONE),
    _service("a longer lookback", "prometheus", "command>+", "--query.lookback-delta=1h"),
    _service("an open admin API", "prometheus", "command>+", "--web.enable-admin-api"),
    _service(
        "configuration that may be written to", "prometheus", "volumes>0", "./prometheus:/etc/prometheus"
    ),
    _service("another volume for the data", "prometheus", "volumes>1", "alertmanager-data:/prometheus"),
    _service("dashboards elsewhere", "grafana", "volumes>1", "./grafana/dashboards:/var/lib/dashboards:ro"),
    _service("a cluster of one", "alertmanager", "command>3", GONE),
    _service("an older major", "prometheus", "image", "prom/prometheus:v2.53.0"),
    _service("an older minor of what has no major", "alertmanager", "image", "prom/alertmanager:v0.23.0"),
    _service("the next major", "grafana", "image", "grafana/grafana:13.0.1"),
    _service("started only when asked for", "alertmanager", "profiles", ["alerting"]),
    _service("started always", "cadvisor", "profiles", GONE),
    _service("hardly any memory", "node-exporter", "mem_limit", "16m"),
    _service("hardly any memory, of a variable", "prometheus", "mem_limit", "${PROMETHEUS_MEMORY:-32m}"),
    _service("hardly any CPU", "grafana", "cpus", "0.01"),
    _service(
        "the health of another port",
        "api",
        "healthcheck>test",
        ["CMD", "curl", "http://127.0.0.1:8080/metrics"],
    ),
    _service(
        "the health of another path",
        "cadvisor",
        "healthcheck>test",
        ["CMD", "wget", "127.0.0.1:8080/healthzz"],
    ),
    _service("no health check", "alertmanager", "healthcheck", {"disable": True}),
    _service("well for an hour", "prometheus", "healthcheck>retries", 300),
    _fault(
        "a network that publishes nothing",
        "deployment/written/grafana",
        COMPOSE,
        "networks>monitoring>internal",
        True,
    ),
)  # (a table)
CPU, RATES, P95 = (
    "system-overview/CPU Usage",
    "http-performance/Error Distribution",
    "http-performance/Response Time Percentiles",
)
MEMORY = "resource-utilization/Memory"
DEFAULTS, CUSTOM = "fieldConfig>defaults", "fieldConfig>defaults>custom"
ENDPOINT = "templating>list>endpoint"


def _board(name: str, path: str, value: Any, uid: str = "http-performance") -> Fault:
    return _fault(name, f"dashboards/findings/{uid}", f"{BOARDS}/{uid}.json", path, value)


HIDE = {
    "matcher": {"id": "byRegexp", "options": "5.*"},
    "properties": [{"id": "custom.hideFrom", "value": {"viz": True, "legend": True, "tooltip": True}}],
}
PANELS = (
    _panel("a legend of the other query", MEMORY, "targets>0>legendFormat", "available {{instance}}"),
    _panel("legends of both queries", MEMORY, "targets>0>legendFormat", "used, not available {{instance}}"),
    _panel("a legend without its word", MEMORY, "targets>1>legendFormat", "{{instance}}"),
    _panel("a legend of another quantile", P95, "targets>1>legendFormat", "p99 {{job}}"),
    _panel("a quantile that the legend does not say", P95, "targets>2>expr", instead("0.99", "0.90")),
    _panel("an axis that ends below", CPU, f"{DEFAULTS}>max", 0.5),
    _panel("an axis that begins above", CPU, f"{DEFAULTS}>min", 0.5),
    _panel("an axis that ends below the threshold", "system-overview/Error Rate", f"{DEFAULTS}>max", 0.04),
    _panel("no data looks like 0", "system-overview/Error Rate", f"{DEFAULTS}>noValue", "0"),
    _panel("series that are hidden", RATES, "fieldConfig>overrides", [HIDE]),
    _panel("a query that is hidden", P95, "targets>1>hide", True),
    _panel("shifted by a day", CPU, "timeShift", "1d"),
    _panel("the last week", CPU, "timeFrom", "7d"),
    _panel("a step of an hour", RATES, "interval", "1h"),
    _panel("a query's step of an hour", RATES, "targets>0>interval", "1h"),
    _panel("a few points", CPU, "maxDataPoints", 10),
    _panel(
        "a range reduced to its largest value",
        "system-overview/Uptime",
        "targets>0",
        lambda target: {**target, "instant": False, "range": True},
    ),
    _panel("the sum of totals", "prompt-analytics/Execution Counts", "options>reduceOptions>calcs", ["sum"]),
    _panel("the first value", "prompt-analytics/Cost Analysis", "options>reduceOptions>calcs", ["first"]),
    _panel("stacked in per cent", CPU, f"{CUSTOM}>stacking", {"mode": "percent", "group": "A"}),
    _panel("stacked shares", CPU, f"{CUSTOM}>stacking", {"mode": "normal", "group": "A"}),
    _panel("a logarithmic axis", CPU, f"{CUSTOM}>scaleDistribution", {"type": "log", "log": 10}),
    _panel(
        "a value that reads as another",
        "system-overview/Error Rate",
        f"{DEFAULTS}>mappings",
        [{"type": "range", "options": {"from": 0, "to": 0.1, "result": {"text": "OK"}}}],
    ),
    _panel("another unit", CPU, f"{DEFAULTS}>unit", "percent"),
    _panel(
        "another unit for one series",
        RATES,
        "fieldConfig>overrides",
        [{"matcher": {"id": "byRegexp", "options": "5.*"}, "properties": [{"id": "unit", "value": "s"}]}],
    ),
    _panel("gaps that are bridged", CPU, f"{CUSTOM}>spanNulls", True),
    _panel(
        "some series are left out", RATES, "transformations", [{"id": "limit", "options": {"limitField": 1}}]
    ),
    _panel("another data source", CPU, "targets>0>datasource>uid", "other"),
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
    _board("values of the day before", f"{ENDPOINT}>refresh", 0),
    _board("no choice of all", f"{ENDPOINT}>includeAll", False),
    _board("the last minute", "time", {"from": "now-1m", "to": "now"}),
    _board("yesterday", "time", {"from": "now-2d", "to": "now-1d"}),
    _board("a time zone of its own", "timezone", "America/New_York"),
    _fault(
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
