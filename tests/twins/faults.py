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
)
from tests.twins.faults_of_keys import KEYS, TEXTS
from tests.twins.faults_of_panels import PANELS
from tests.twins.faults_of_places import ADDRESSES, OPERATOR, SERVICES
from tests.twins.planting import GONE, Change, instead

FAULTS = {"keys": KEYS, "texts": TEXTS, "addresses": ADDRESSES, "services": SERVICES, "panels": PANELS}


def _fine(name: str, file: str, path: str, value: Any) -> Fault:
    return Fault(name, (Change(file, path, value),))


HARMLESS = (
    _fine(
        "followed as by default",
        ALERTMANAGER,
        "receivers>operator>webhook_configs>0>http_config",
        {"follow_redirects": True},
    ),
    _fine(
        "asked in the old format", PROMETHEUS, "scrape_configs>node>scrape_protocols", ["PrometheusText0.0.4"]
    ),
    _fine("a smaller log", COMPOSE, "services>api>logging", {"options": {"max-size": "5m", "max-file": "2"}}),
    _fine("a wider range", f"{BOARDS}/system-overview.json", "time", {"from": "now-3h", "to": "now"}),
    _fine("a lower list", f"{BOARDS}/system-overview.json", "panels>Alerts>options>maxItems", 50),
    _fine(
        "the same in other words",
        "prometheus/rules/monitoring.yml",
        "groups>0>rules>RuleEvaluationFailing>annotations>summary",
        "{{ $labels.instance }} cannot evaluate rules",
    ),
    _fine(
        "a label of a target",
        PROMETHEUS,
        "scrape_configs>node>static_configs",
        [{"targets": ["node-exporter:9100"], "labels": {"rack": "a"}}],
    ),
    _fine(
        "one number without a name",
        f"{BOARDS}/system-overview.json",
        "panels>Uptime>options>textMode",
        "value",
    ),
    _fine(
        "the same time in other words",
        f"{BOARDS}/system-overview.json",
        "panels>Availability>description",
        "Of the requests of 2 weeks (14 days) the share without a 5xx status. The objective is 99.9 %.",
    ),
    _fine(
        "a mark called by its severity",
        f"{BOARDS}/system-overview.json",
        "annotations>list>1>titleFormat",
        "{{severity}} {{what}}",
    ),
    _fine(
        "colours of one's own",
        f"{BOARDS}/system-overview.json",
        "panels>Availability>fieldConfig>defaults>thresholds>steps",
        [{"color": "purple", "value": None}, {"color": "blue", "value": 0.999}],
    ),
    _fine(
        "a list without Watchdog by a pattern",
        f"{BOARDS}/system-overview.json",
        "panels>Alerts>options>alertInstanceLabelFilter",
        'alertname!~"Watch.+", severity=~"critical|warning"',
    ),
    _fine(
        "a label by the dot",
        HTTP,
        "groups>0>rules>HighErrorRate>annotations>summary",
        "Errors on {{ .Labels.job }}",
    ),
    _fine("alerts by weight", f"{BOARDS}/system-overview.json", "panels>Alerts>options>sortOrder", 5),
    _fine("graphs after their data", COMPOSE, "services>grafana>depends_on", ["prometheus"]),
    _fine("a name for the log", COMPOSE, "services>prometheus>hostname", "prometheus"),
    _fine("more time to stop", COMPOSE, "services>prometheus>stop_grace_period", "1m"),
    _fine("a label of a volume", COMPOSE, "volumes>grafana-data", {"labels": {"backup": "daily"}}),
    _fine(
        "marks of a longer window",
        f"{BOARDS}/http-performance.json",
        "annotations>list>2>expr",
        instead("1m", "2m"),
    ),
    _fine(
        "all three percentiles in words",
        f"{BOARDS}/http-performance.json",
        "panels>Response Time Percentiles>description",
        "The 50th, 95th and 99th percentile over the selected endpoints. The line is the threshold of SlowResponses.",
    ),
    _fine(
        "a budget above zero",
        f"{BOARDS}/system-overview.json",
        "panels>Error Budget Left>description",
        "What is left of 14 days. Above 0.25 the budget is green, below 0 the objective is missed.",
    ),
    Fault(
        "marks of pending alerts",
        (
            Change(
                f"{BOARDS}/http-performance.json", "annotations>list>1>expr", 'ALERTS{alertstate="pending"}'
            ),
            Change(f"{BOARDS}/http-performance.json", "annotations>list>1>name", "Pending alerts"),
        ),
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
        "the range in other words",
        f"{BOARDS}/prompt-analytics.json",
        "panels>Cost Analysis>description",
        "What all executions over the selected range cost, in USD, by prompt.",
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
