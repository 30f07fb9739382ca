"""Faults in addresses, and in the services of the compose file."""

from __future__ import annotations

from tests.twins.fault import ALERTMANAGER, COMPOSE, JOB, PROMETHEUS, PROVIDERS, SOURCES, fault, service_of
from tests.twins.planting import GONE, instead

HOOK = "receivers>webhook>webhook_configs>0>url"
OPERATOR = "receivers>operator>webhook_configs>0>url"
MANAGERS = "alerting>alertmanagers>0"
ADDRESSES = (
    fault(
        "a proxy before the API's webhook",
        "address/receiver/webhook",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>http_config",
        {"proxy_url": "http://proxy:3128"},
    ),
    fault(
        "an address that is told twice",
        "address/receiver/webhook",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>+",
        {"url": "http://api:8000/api/v1/alerts", "send_resolved": True},
    ),
    fault(
        "a proxy before a target",
        "address/job/node",
        PROMETHEUS,
        "scrape_configs>node>proxy_url",
        "http://proxy:3128",
    ),
    fault(
        "a receiver without time",
        "address/receiver/webhook",
        ALERTMANAGER,
        "receivers>webhook>webhook_configs>0>timeout",
        "10ms",
    ),
    fault("the receiver's port", "address/receiver/webhook", ALERTMANAGER, HOOK, instead(":8000", ":8001")),
    fault(
        "the receiver's path", "address/receiver/webhook", ALERTMANAGER, HOOK, instead("/alerts", "/alert")
    ),
    fault(
        "the receiver's path ends in a slash",
        "address/receiver/webhook",
        ALERTMANAGER,
        HOOK,
        instead("/alerts", "/alerts/"),
    ),
    fault(
        "a receiver at localhost",
        "address/receiver/webhook",
        ALERTMANAGER,
        HOOK,
        instead("api:", "localhost:"),
    ),
    fault("a receiver by https", "address/receiver/webhook", ALERTMANAGER, HOOK, instead("http:", "https:")),
    fault(
        "the operator is the API",
        "address/receiver/operator",
        ALERTMANAGER,
        OPERATOR,
        "http://api:8000/alerts",
    ),
    fault(
        "the operator is Alertmanager",
        "address/receiver/operator",
        ALERTMANAGER,
        OPERATOR,
        "http://alertmanager:9095/alerts",
    ),
    fault(
        "a receiver without integration",
        "address/receiver/operator",
        ALERTMANAGER,
        "receivers>operator>webhook_configs",
        GONE,
    ),
    fault(
        "the API's port",
        "address/job/promptpilot-api",
        PROMETHEUS,
        f"{JOB}>static_configs>0>targets>0",
        "api:8001",
    ),
    fault(
        "the API at localhost",
        "address/job/promptpilot-api",
        PROMETHEUS,
        f"{JOB}>static_configs>0>targets>0",
        "localhost:8000",
    ),
    fault("the API's path", "address/job/promptpilot-api", PROMETHEUS, f"{JOB}>metrics_path", "/metric"),
    fault("the API by https", "address/job/promptpilot-api", PROMETHEUS, f"{JOB}>scheme", "https"),
    fault(
        "an exporter's port",
        "address/job/node",
        PROMETHEUS,
        "scrape_configs>node>static_configs>0>targets>0",
        "node-exporter:9101",
    ),
    fault(
        "an exporter's name",
        "address/job/node",
        PROMETHEUS,
        "scrape_configs>node>static_configs>0>targets>0",
        "node_exporter:9100",
    ),
    fault(
        "another exporter",
        "address/job/cadvisor",
        PROMETHEUS,
        "scrape_configs>cadvisor>static_configs>0>targets>0",
        "node-exporter:9100",
    ),
    fault(
        "Prometheus' own port",
        "address/job/prometheus",
        PROMETHEUS,
        "scrape_configs>prometheus>static_configs>0>targets>0",
        "localhost:9091",
    ),
    fault(
        "Alertmanager's port",
        "address/alertmanager",
        PROMETHEUS,
        f"{MANAGERS}>static_configs>0>targets>0",
        "alertmanager:9094",
    ),
    fault(
        "Alertmanager's name",
        "address/alertmanager",
        PROMETHEUS,
        f"{MANAGERS}>static_configs>0>targets>0",
        "alert-manager:9093",
    ),
    fault(
        "Alertmanager's path", "address/alertmanager", PROMETHEUS, f"{MANAGERS}>path_prefix", "/alertmanager"
    ),
    fault(
        "an exporter's path", "address/job/node", PROMETHEUS, "scrape_configs>node>metrics_path", "/metric"
    ),
    fault(
        "an Alertmanager that is given up", "address/alertmanager", PROMETHEUS, f"{MANAGERS}>timeout", "50ms"
    ),
    fault("Alertmanager by https", "address/alertmanager", PROMETHEUS, f"{MANAGERS}>scheme", "https"),
    fault(
        "the data source's port",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "http://prometheus:9091",
    ),
    fault(
        "the data source at localhost",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "http://localhost:9090",
    ),
    fault(
        "the data source's path",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "http://prometheus:9090/prometheus",
    ),
    fault(
        "the data source by https",
        "address/data-source",
        SOURCES,
        "datasources>0>url",
        "https://prometheus:9090",
    ),
    fault(
        "a provider that lets everybody edit",
        "deployment/provisioned",
        PROVIDERS,
        "providers>0>allowUiUpdates",
        True,
    ),
    fault("asked by the browser", "address/data-source", SOURCES, "datasources>0>access", "direct"),
    service_of("a fault port as deployed", "api", "environment>PROMPTPILOT_FAULT_PORT", "8001"),
    service_of("a fault port that is published", "api", "ports>+", "127.0.0.1:8001:8001"),
)  # (a table)
SERVICES = (
    service_of("never started again", "prometheus", "restart", "no"),
    service_of("another network", "alertmanager", "networks", ["back"]),
    service_of("one network more", "api", "networks", ["monitoring", "default"]),
    service_of("the machine's network", "node-exporter", "network_mode", "host"),
    service_of("no /proc", "node-exporter", "volumes", ["/sys:/host/sys:ro", "/:/host/root:ro"]),
    service_of("another place for /proc", "node-exporter", "volumes>0", "/proc:/proc:ro"),
    service_of("no --path.rootfs", "node-exporter", "command>2", GONE),
    service_of("a collector that is off", "node-exporter", "command>+", "--no-collector.meminfo"),
    service_of("no /sys", "cadvisor", "volumes", ["/:/rootfs:ro"]),
    service_of(
        "the engine's socket", "cadvisor", "volumes>+", "/var/run/docker.sock:/var/run/docker.sock:ro"
    ),
    service_of("the machine's files may be written to", "cadvisor", "volumes>0", "/:/rootfs"),
    service_of("only containers of Docker", "cadvisor", "command>0", "--docker_only=true"),
    service_of("another port on this machine", "grafana", "ports>0", "127.0.0.1:3000:3000"),
    service_of("another port inside", "prometheus", "ports>0", "127.0.0.1:9090:9091"),
    service_of("published for all", "alertmanager", "ports>0", "9093:9093"),
    service_of("a moving tag", "prometheus", "image", "prom/prometheus:latest"),
    service_of("a tag of a major version", "prometheus", "image", "prom/prometheus:v3"),
    service_of("no tag", "cadvisor", "image", "gcr.io/cadvisor/cadvisor"),
    service_of("the main branch", "alertmanager", "image", "prom/alertmanager:main"),
    service_of("nobody needs to log in", "grafana", "environment>GF_AUTH_ANONYMOUS_ENABLED", "true"),
    service_of("one variable more", "grafana", "environment>GF_AUTH_DISABLE_LOGIN_FORM", "true"),
    service_of("another window", "api", "environment>PROMPTPILOT_ACTIVE_USERS_WINDOW", "15m"),
    service_of(
        "a database that is forgotten",
        "api",
        "environment>PROMPTPILOT_DATABASE_URL",
        "sqlite:////tmp/promptpilot.db",
    ),
    service_of("silences are forgotten", "alertmanager", "command>2", "--data.retention=1h"),
    service_of("data beside the volume", "alertmanager", "command>1", "--storage.path=/tmp"),
    service_of("no retention size", "prometheus", "command>3", GONE),
    service_of("a longer lookback", "prometheus", "command>+", "--query.lookback-delta=1h"),
    service_of("an open admin API", "prometheus", "command>+", "--web.enable-admin-api"),
    service_of(
        "configuration that may be written to", "prometheus", "volumes>0", "./prometheus:/etc/prometheus"
    ),
    service_of("another volume for the data", "prometheus", "volumes>1", "alertmanager-data:/prometheus"),
    service_of("dashboards elsewhere", "grafana", "volumes>1", "./grafana/dashboards:/var/lib/dashboards:ro"),
    service_of("a cluster of one", "alertmanager", "command>3", GONE),
    service_of("an older major", "prometheus", "image", "prom/prometheus:v2.53.0"),
    service_of("an older minor of what has no major", "alertmanager", "image", "prom/alertmanager:v0.23.0"),
    service_of("the next major", "grafana", "image", "grafana/grafana:13.0.1"),
    service_of("started only when asked for", "alertmanager", "profiles", ["alerting"]),
    service_of("started always", "cadvisor", "profiles", GONE),
    service_of("hardly any memory", "node-exporter", "mem_limit", "16m"),
    service_of("hardly any memory, of a variable", "prometheus", "mem_limit", "${PROMETHEUS_MEMORY:-32m}"),
    service_of("hardly any CPU", "grafana", "cpus", "0.01"),
    service_of(
        "the health of another port",
        "api",
        "healthcheck>test",
        ["CMD", "curl", "http://127.0.0.1:8080/metrics"],
    ),
    service_of(
        "the health of another path",
        "cadvisor",
        "healthcheck>test",
        ["CMD", "wget", "127.0.0.1:8080/healthzz"],
    ),
    service_of("no health check", "alertmanager", "healthcheck", {"disable": True}),
    service_of("well for an hour", "prometheus", "healthcheck>retries", 300),
    service_of("root", "prometheus", "user", "0:0"),
    service_of("all capabilities", "node-exporter", "cap_drop", GONE),
    service_of("new privileges", "alertmanager", "security_opt", GONE),
    service_of("a root that may be written to", "cadvisor", "read_only", False),
    service_of("three of one port", "api", "deploy", {"replicas": 3}),
    service_of("none of it", "grafana", "scale", 0),
    fault(
        "a network that publishes nothing",
        "deployment/written/grafana",
        COMPOSE,
        "networks>monitoring>internal",
        True,
    ),
)  # (a table)
