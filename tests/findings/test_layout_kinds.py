"""Every kind about prometheus.yml, compose files and files is seen in its example, and silent beside its neighbours."""

# ruff: noqa: E501  (a table: one shape, one line)

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.judging import judge
from promproof.findings.kind import KINDS
from tests.findings.drafting import files_of

pytestmark = pytest.mark.unit
FAMILIES = ("prometheus/", "compose/", "file/second-document", "file/unreadable")
NAMES = sorted(name for name in KINDS.names() if name.startswith(FAMILIES))
PROMETHEUS = "services:\n  prometheus:\n    image: prom/prometheus:v3.5.0\n    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml']\n"
DOWN = "groups: [{name: api, rules: [{alert: Down, expr: 'up{job=\"api\"} == 0'}]}]\n"
RULES = "groups: [{name: api, rules: [{alert: Down, expr: up == 0}]}]\n"


def scraping(target: str, more: str = "") -> str:
    return f"scrape_configs:\n- job_name: api\n  static_configs: [{{targets: ['{target}']}}]\n{more}"


@dataclass(frozen=True)
class Case:
    """Files in which a kind is found so often, at this severity when there is one."""

    id: str
    files: dict[str, str]
    times: int = 0
    severity: Severity | None = None


def relabelled(rules: str, expression: str, jobs: str = "") -> dict[str, str]:
    """Two configurations: of a job with metric_relabel_configs, and rules that ask for something."""
    scrapes = f"{jobs}- job_name: api\n  static_configs: [{{targets: ['api:80']}}]\n  metric_relabel_configs: [{rules}]\n"
    rule = f"groups: [{{name: api, rules: [{{alert: A, expr: '{expression}'}}]}}]\n"
    return {"prometheus.yml": f"rule_files: [rules.yml]\nscrape_configs:\n{scrapes}", "rules.yml": rule}


def found_by(sd: str, *rules: str) -> dict[str, str]:
    return {
        "prometheus.yml": f"scrape_configs: [{{job_name: a, {sd}, relabel_configs: [{', '.join(rules)}]}}]\n"
    }


def composed(compose: str, target: str, **files: str) -> dict[str, str]:
    return {"compose.yml": compose, "prometheus.yml": scraping(target), **files}


NEIGHBOURS = (
    Case("prometheus/localhost", composed(PROMETHEUS, "localhost:9090")),
    Case("prometheus/localhost", composed(f"{PROMETHEUS}    network_mode: host\n", "localhost:8080")),
    Case("prometheus/localhost", composed(f"{PROMETHEUS}  side: {{image: s, network_mode: 'service:prometheus'}}\n", "localhost:80")),
    Case("prometheus/localhost", {"prometheus.yml": scraping("localhost:8080")}),
    Case("prometheus/localhost", composed(f"{PROMETHEUS}    command: [--config.file=/etc/prometheus/prometheus.yml, --web.listen-address=:9095]\n", "localhost:9090"), 1),
    Case("prometheus/localhost", {"compose.yml": PROMETHEUS, "prometheus.yml": "alerting: {alertmanagers: [{static_configs: [{targets: ['localhost:9093']}]}]}\nscrape_configs: []\n"}, 1),
    Case("prometheus/port", composed(f"{PROMETHEUS}  node: {{image: 'prom/node-exporter:v1.9.0'}}\n", "node:9101"), 1),
    Case("prometheus/port", composed(f"{PROMETHEUS}  node: {{image: 'prom/node-exporter:v1.9.0', command: ['--web.listen-address=:9101']}}\n", "node:9101")),
    Case("prometheus/port", composed(f"{PROMETHEUS}  api: {{image: api, ports: ['8080:80'], expose: ['8080']}}\n", "api:8080")),
    Case("prometheus/port", composed(f"{PROMETHEUS}  api: {{image: api, ports: ['8080:80']}}\n", "api:8080", **{"compose.prod.yml": "services: {api: {image: api, ports: ['8080']}}\n"})),
    Case("prometheus/port", composed(f"{PROMETHEUS}  api: {{image: api, ports: ['8080:80']}}\n", "api:8080", **{"compose.prod.yml": "services: {api: {restart: always}}\n"}), 1),
    Case("prometheus/honor-labels", {"prometheus.yml": scraping("pushgateway:9091", "  honor_labels: true\n")}),
    Case("prometheus/target-address", {"prometheus.yml": scraping("http://api/health", "  relabel_configs: [{source_labels: [__address__], target_label: __param_target}, {target_label: __address__, replacement: 'blackbox:9115'}]\n")}),
    Case("prometheus/no-rule-file", {"prometheus.yml": "rule_files: [/srv/rules/*.yml]\n"}),
    Case("prometheus/no-rule-file", {"prometheus.yml": "rule_files: [rules/*.yml]\n"}, 1, Severity.HINT),
    Case("prometheus/no-rule-file", {"prometheus.yml": "rule_files: [rules/*.yaml]\n", "rules/a.yml": RULES}, 1, Severity.WARNING),
    Case("prometheus/no-rule-file", {"prometheus.yml": "rule_files: ['rules/*.yaml', 'rules/*.yml']\n", "rules/a.yml": RULES, "b.yml": RULES}),
    Case("prometheus/no-rule-file", {"compose.yml": PROMETHEUS, "prometheus.yml": "rule_files: ['rules/*.yml']\n"}, 1, Severity.INFO),
    Case("prometheus/no-rule-file", {"compose.yml": PROMETHEUS, "prometheus.yml": "rule_files: ['rules.yml']\n"}, 1),
    Case("prometheus/rules-not-loaded", {"a/prometheus.yml": "rule_files: [a.yml]\n", "a/a.yml": RULES, "a/b.yml": RULES}, 1, Severity.HINT),
    Case("prometheus/rules-not-loaded", {"rules.yml": RULES}),
    Case("prometheus/rules-not-loaded", composed(PROMETHEUS, "api:80", **{"rules/r.yml": RULES}), 1, Severity.WARNING),
    Case("prometheus/rules-not-loaded", composed(PROMETHEUS.replace("./prom", "./p/prom"), "api:80", **{"p/prometheus.yml": scraping("api:80"), "examples/r.yml": RULES}), 1, Severity.HINT),
    Case("prometheus/rules-not-loaded", composed(f"{PROMETHEUS.replace('prometheus.yml', '.', 1).replace('/prometheus.yml', '')}", "a:80") | {"prometheus.yml": "rule_files: [a.yml]\n", "a.yml": RULES, "r.yml": f"kind: PrometheusRule\napiVersion: monitoring.coreos.com/v1\nspec: {{{RULES.strip()}}}\n"}),
    Case("prometheus/rules-not-loaded", composed(f"{PROMETHEUS}  v: {{image: 'victoriametrics/vmalert:v1', volumes: ['./r.yml:/r.yml']}}\n", "v:8880", **{"r.yml": RULES})),
    Case("prometheus/no-alertmanager", {"prometheus.yml": "rule_files: [a.yml]\nalerting: {alertmanagers: [{static_configs: [{targets: }]}]}\n", "a.yml": RULES}, 1),
    Case("prometheus/no-alertmanager", {"prometheus.yml": "rule_files: [a.yml]\nalerting: {alertmanagers: [{dns_sd_configs: [{names: [am]}]}]}\n", "a.yml": RULES}),
    Case("prometheus/timeout-over-interval", {"prometheus.yml": "global: {scrape_timeout: 10s}\n" + scraping("api:80", "  scrape_interval: 5s\n")}),
    Case("prometheus/timeout-over-interval", {"prometheus.yml": "global: {scrape_interval: 5s, scrape_timeout: 10s}\n" + scraping("api:80")}, 1),
    Case("prometheus/refused", {"prometheus.yml": "rules_files: []\n" + scraping("api:80", "  relabel_config: [{action: drop}]\n")}, 2),
    Case("prometheus/refused", {"prometheus.yml": "runtime: {}\n" + scraping("api:80", "  consul_sd_configs: []\n  keep_dropped_targets: 5\n  body_size_limit: 1MB\n")}),
    Case("prometheus/refused", {"prometheus.yml": scraping("api:80", "  relabel_configs: [{action: dropp, source_labels: [a]}]\n")}, 1),
    Case("prometheus/refused", {"prometheus.yml": scraping("api:80", "  metric_relabel_configs: [{source_labels: [a], replacement: b}]\n")}, 1),
    Case("prometheus/refused", {"prometheus.yml": scraping("api:80", "  relabel_configs: [{action: labeldrop, regex: a}, {action: Keep, source_labels: [b], regex: c}]\n")}),
    Case("prometheus/refused", {"prometheus.yml": scraping("api:80", "  relabel_configs: [{action: replace_all, source_labels: [a], target_label: a}]\n")}),
    Case("prometheus/refused", composed(PROMETHEUS, "prometheus:9090") | {"prometheus.yml": scraping("prometheus:9090", "  relabel_configs: [{action: replace_all, source_labels: [a], target_label: a}]\n")}, 1),
    Case("prometheus/refused", {"compose.yml": PROMETHEUS.replace("prom/prometheus", "victoriametrics/vmagent"), "prometheus.yml": scraping("api:80", "  relabel_configs: [{action: graphite}]\n")}),
    Case("prometheus/pushed-labels", {"prometheus.yml": scraping("pushgateway:9091", "  honor_labels: true\n")}),
    Case("prometheus/drops-every-target", found_by("static_configs: [{targets: ['a:80', 'b:80']}]", "{source_labels: [__address__], regex: 'a:.*', action: drop}")),
    Case("prometheus/drops-every-target", found_by("static_configs: [{targets: ['a:80', 'b:80']}]", "{source_labels: [__address__], regex: 'a', action: keep}"), 1),
    Case("prometheus/drops-every-target", found_by("static_configs: [{targets: ['a:80'], labels: {env: prod}}]", "{source_labels: [env, job], regex: 'prod;a', action: keep}")),
    Case("prometheus/drops-every-target", found_by("kubernetes_sd_configs: [{role: endpoints}]", "{source_labels: [__meta_kubernetes_service_name], regex: api, action: keep}")),
    Case("prometheus/drops-every-target", found_by("kubernetes_sd_configs: [{role: pod}]", "{regex: __meta_kubernetes_pod_label_(.+), action: labelmap}", "{source_labels: [app], regex: api, action: keep}")),
    Case("prometheus/drops-every-target", found_by("kubernetes_sd_configs: [{role: pod}]", "{source_labels: [__meta_consul_service], regex: api, action: keep}"), 1),
    Case("prometheus/drops-every-target", found_by("file_sd_configs: [{files: [a.json]}]", "{source_labels: [__meta_consul_service], regex: api, action: keep}")),
    Case("prometheus/drops-needed-metric", relabelled("{source_labels: [__name__], regex: 'go_.*', action: keep}", "rate(a_total[5m]) > 1"), 1),
    Case("prometheus/drops-needed-metric", relabelled("{source_labels: [__name__], regex: 'a_total', action: drop}", "rate(a_total[5m]) > 1", "- job_name: other\n  static_configs: [{targets: ['b:80']}]\n")),
    Case("prometheus/drops-needed-metric", relabelled("{source_labels: [__name__], regex: 'a_total', action: drop}", "rate(a_total[5m]) > 1", "- job_name: prometheus\n  static_configs: [{targets: ['localhost:9090']}]\n"), 1),
    Case("prometheus/drops-needed-metric", relabelled("{source_labels: [__name__], regex: 'a_total', action: drop}", 'a_total{job="api"} > 1', "- job_name: other\n  static_configs: [{targets: ['b:80']}]\n"), 1),
    Case("prometheus/drops-needed-metric", relabelled("{source_labels: [__name__, code], regex: 'a_total;5..', action: drop}", "rate(a_total[5m]) > 1")),
    Case("prometheus/drops-needed-metric", relabelled("{source_labels: [code], regex: '500', action: drop}", 'rate(a_total{code="500"}[5m]) > 1'), 1),
    Case("prometheus/drops-needed-metric", relabelled("{source_labels: [__name__], regex: 'old', target_label: __name__, replacement: a_total}, {source_labels: [__name__], regex: 'b', action: drop}", "a_total > 1")),
    Case("prometheus/drops-needed-metric", {**(files := relabelled("{source_labels: [__name__], regex: 'a_total', action: drop}", "a_total > 1")), "prometheus.yml": "scrape_config_files: ['gone/*.yml']\n" + files["prometheus.yml"]}),
    Case("prometheus/drops-needed-bucket", relabelled("{source_labels: [le], regex: '0.5', action: drop}", 'a_bucket{le="0.5"} > 1'), 1),
    Case("prometheus/drops-needed-bucket", relabelled("{source_labels: [__name__, le], regex: 'b_bucket;.Inf', action: drop}", "histogram_quantile(0.9, a_bucket) > 1")),
    Case("prometheus/needed-label-gone", relabelled("{regex: code, action: labeldrop}, {source_labels: [status], target_label: code}", 'a_total{code="500"} > 1')),
    Case("prometheus/needed-label-gone", relabelled("{regex: __name__|job|instance, action: labelkeep}", 'a_total{code=~"5.."} > 1'), 1),
    Case("prometheus/needed-label-gone", relabelled("{regex: code, action: labeldrop}", 'a_total{code!="500"} > 1')),
    Case("prometheus/needed-label-gone", relabelled("{regex: pod|container, action: labeldrop}", 'sum by (pod) (rate(a_total[5m])) > 1'), 1, Severity.WARNING),
    Case("prometheus/needed-label-gone", relabelled("{regex: pod, action: labeldrop}", 'sum by (pod, job) (rate(a_total[5m])) > 1')),
    Case("prometheus/needed-label-gone", relabelled("{regex: pod, action: labeldrop}", 'sum without (pod) (rate(a_total[5m])) > 1')),
    Case("prometheus/needed-label-gone", relabelled("{regex: pod, action: labeldrop}", 'sum by (pod) (label_replace(a, "pod", "$1", "x", "(.*)")) > 1')),
    Case("prometheus/needed-label-gone", relabelled("{regex: pod, action: labeldrop}", 'sum by (pod) (a * on (job) group_left (pod) b) > 1')),
    Case("prometheus/needed-label-gone", relabelled("{regex: pod, action: labeldrop}", 'sum by (pod) (max by (job) (a)) > 1')),
    Case("compose/apart", composed(f"{PROMETHEUS}  node: {{image: 'prom/node-exporter:v1', network_mode: host}}\n", "node:9100"), 1),
    Case("compose/apart", composed(f"{PROMETHEUS}    network_mode: host\n  node: {{image: 'prom/node-exporter:v1'}}\n", "node:9100")),
    Case("compose/apart", {**composed(f"{PROMETHEUS}    networks: [a]\n  api: {{image: api, networks: [b]}}\n", "api:80"), "more.yml": "services: {api: {networks: [a]}}\n"}),
    Case("compose/no-such-service", composed(f"{PROMETHEUS}    networks: [a]\nnetworks: {{a: {{external: true}}}}\n", "api:80")),
    Case("compose/no-such-service", composed(f"{PROMETHEUS}  api: {{image: a, container_name: shop}}\n", "shop:80")),
    Case("compose/no-such-service", composed(PROMETHEUS, "api.example.org:80")),
    Case("compose/no-such-service", composed(PROMETHEUS, "APP_SERVER_IP:80")),
    Case("compose/no-such-service", composed(f"{PROMETHEUS}    extra_hosts: ['host.docker.internal:host-gateway']\n", "api:80"), 1, Severity.HINT),
    Case("compose/no-such-service", composed(PROMETHEUS, "nas:9100"), 1, Severity.HINT),
    Case("compose/no-such-service", composed(PROMETHEUS, "node-exporter:9100"), 1),
    Case("compose/no-such-service", composed(f"{PROMETHEUS}    extra_hosts: ['api:10.0.0.1']\n", "api:80")),
    Case("compose/moving-tag", {"compose.yml": "services: {api: {image: 'api:latest'}, db: {image: 'x/y@sha256:1'}, web: {image: 'x/y', build: .}}\n"}),
    Case("compose/privileged", {"compose.yml": "services: {cadvisor: {image: 'gcr.io/cadvisor/cadvisor:v1', privileged: true}}\n"}, 1, Severity.INFO),
    Case("compose/empty-healthcheck", {"compose.yml": "services: {a: {image: 'a:1', healthcheck: {test: [NONE]}}, b: {image: 'b:1', healthcheck: {test: [CMD, 'true'], disable: true}}}\n"}),
    Case("compose/empty-healthcheck", {"compose.yml": "services: {a: {image: 'a:1', healthcheck: {test: exit 0}}, b: {image: 'b:1', healthcheck: {test: [CMD, 'true']}}}\n"}, 2),
    Case("compose/port-of-nothing", {"compose.yml": "services: {am: {image: 'prom/alertmanager:v0.28.0', ports: ['9093:9093', '9094:9094']}}\n"}),
    Case("compose/no-configuration", {"compose.yml": "services: {am: {image: 'prom/alertmanager:v0.28.0', volumes: ['conf:/etc/alertmanager']}}\n"}),
    Case("compose/no-configuration", {"compose.yml": "services: {am: {image: 'prom/alertmanager:v0.28.0', volumes: ['./a.yml:/etc/alertmanager/config.yml']}}\n"}, 1, Severity.WARNING),
    Case("compose/no-configuration", {"compose.yml": "services: {p: {image: 'prom/prometheus:v3', configs: [{source: c, target: /etc/prometheus/prometheus.yml}]}}\nconfigs: {c: {content: a}}\n"}),
    Case("compose/missing-source", {"compose.yml": "services: {a: {image: 'a:1', volumes: ['./data:/data', './a.yml:/a.yml', './b.yml:/b.yml']}}\n", "a.yml.example": ""}, 1),
    Case("compose/missing-source", {"compose.yml": "services: {a: {image: 'a:1', volumes: ['./am/a.yml:/a.yml']}}\n", ".gitignore": "/am/a.yml\n"}),
    Case("compose/missing-source", {"compose.yml": "services: {p: {image: 'prom/prometheus:v3', volumes: ['./made:/etc/prometheus/slo']}, slo: {image: 'slo:1', volumes: ['./made:/out']}}\n"}),
    Case("compose/missing-source", {"compose.yml": "x: {}\n", "more/compose.yml": "services: {a: {image: 'a:1', volumes: ['./a.yml:/a.yml']}}\n", "a.yml": ""}),
    Case("compose/secret-in-clear", {"compose.yml": "services: {g: {image: 'grafana/grafana:12.0.0', environment: [GF_SECURITY_ADMIN_PASSWORD=admin, POSTGRES_PASSWORD=changeme1, 'API_TOKEN=<token>', GF_SECURITY_ADMIN_PASSWORD__FILE=/run/s3cret9x]}}\n"}),
    Case("compose/secret-in-clear", {"compose.yml": "services: {g: {image: 'g:1', environment: ['DATA_SOURCE_NAME=postgresql://u:Zk29vQx7LmAw@db:5432/x', API_TOKEN=9fK2vQx7LmAwZ81bTn3u]}}\n"}, 2),
    Case("compose/secret-in-clear", {"compose.yml": "services: {g: {image: 'g:1', environment: {DB_PASSWORD: '${DB_PASSWORD:-u7Rk2vQx9LmA}'}}}\n", ".env": "DB_PASSWORD=u7Rk2vQx9LmA\n"}),
    Case("compose/single-dash-flag", {"compose.yml": "services: {p: {image: 'prom/prometheus:v1.8.2', command: [-config.file=/p.yml]}, j: {image: 'java:17', command: [-config.file=/p.yml]}, c: {image: 'prom/prometheus:v3.5.0', command: [--config.file=/p.yml]}}\n"}),
    Case("compose/single-dash-flag", {"compose.yml": "services: {a: {image: 'prom/alertmanager', command: '-config.file=/a.yml -storage.path=/a'}}\n"}, 1),
    Case("rule/unknown-job", {"prometheus.yml": "rule_files: [rules.yml]\nscrape_configs: [{job_name: a, honor_labels: true}]\n", "rules.yml": DOWN}),
    Case("rule/unknown-job", {"prometheus.yml": "rule_files: [rules.yml]\nscrape_configs: [{job_name: a, static_configs: [{targets: ['a:1'], labels: {job: api}}]}]\n", "rules.yml": DOWN}),
    Case("rule/unknown-job", {"prometheus.yml": "rule_files: [rules.yml]\nscrape_config_files: [more.yml]\nscrape_configs: [{job_name: a}]\n", "rules.yml": DOWN}),
    Case("rule/unknown-job", {"prometheus.yml": "rule_files: [rules.yml]\nscrape_configs: [{job_name: web}]\n", "rules.yml": DOWN.replace("up{", "job:up{")}),
    Case("rule/unknown-job", {"prometheus.yml": "rule_files: [rules.yml]\nscrape_configs: [{job_name: web}]\n", "rules.yml": DOWN.replace('job="api"', 'job=~"api|web"')}),
    Case("rule/unknown-job", {"prometheus.yml": "rule_files: [rules.yml]\nscrape_configs: [{job_name: web}]\n", "rules.yml": DOWN.replace('job="api"', 'job=~"api|shop"')}, 1),
    Case("rule/unknown-job", {"rules.yml": DOWN}),
    Case("prometheus/refused", {"prometheus.yml": "globals: {}\nscrape_configs: [{job_name: a, metric_path: /m, static_configs: [{target: [a]}], relabel_configs: [{source_label: [a], regexp: b, target_label: c}]}]\n"}, 5),
    Case("prometheus/refused", {"prometheus.yml": "alerting: {alertmanager: []}\nremote_write: [{url: 'http://a', write_relabel_config: []}]\nscrape_configs: []\n"}, 2),
    Case("prometheus/refused", {"prometheus.yml": "alerting: {alertmanagers: [{scheme: http, relabel_configs: [], file_sd_configs: []}]}\nremote_write: [{url: 'http://a', a_key_of_tomorrow: 1}]\nscrape_configs: [{job_name: a, scrape_native_histograms: true, http_sd_configs: [], a_key_of_tomorrow: 1}]\n"}),
    Case("prometheus/job-unwatched", {"prometheus.yml": "rule_files: [rules.yml]\n" + scraping("api:80") + "- {job_name: prometheus, static_configs: [{targets: ['localhost:9090']}]}\n", "rules.yml": DOWN}),
    Case("prometheus/job-unwatched", {"prometheus.yml": "rule_files: [rules.yml]\n" + scraping("api:80"), "rules.yml": RULES.replace("up == 0", "x > 1")}, 1),
    Case("prometheus/job-unwatched", {"prometheus.yml": "rule_files: [rules.yml]\n" + scraping("api:80"), "rules.yml": RULES.replace("up == 0", "absent(x)")}),
    Case("prometheus/job-unwatched", {"prometheus.yml": "rule_files: [rules.yml]\n" + scraping("api:80"), "rules.yml": "groups: [{name: a, rules: [{record: 'a:b', expr: sum(up)}, {alert: A, expr: 'a:b < 1'}]}]\n"}),
    Case("prometheus/job-unwatched", {"prometheus.yml": "rule_files: [rules.yml, /srv/more.yml]\n" + scraping("api:80"), "rules.yml": RULES.replace("up == 0", "x > 1")}),
    Case("compose/machine-not-mounted", {"compose.yml": "services: {n: {image: 'prom/node-exporter:v1.9.0', volumes: ['/:/host:ro']}, c: {image: 'gcr.io/cadvisor/cadvisor:v0.52.1', volumes: ['/sys:/sys']}}\n"}),
    Case("compose/machine-not-mounted", {"compose.yml": "services: {n: {image: 'prom/node-exporter:v1.9.0', volumes: ['text:/textfiles']}}\n"}, 1),
    Case("compose/machine-not-mounted", {"compose.yml": "services: {n: {image: 'prom/node-exporter:v1.9.0'}}\n", "compose.prod.yml": "services: {n: {volumes: ['/proc:/host/proc']}}\n"}),
    Case("compose/healthcheck-tool", {"compose.yml": "services: {g: {image: 'grafana/grafana:12.0.0', healthcheck: {test: [CMD, curl, -f, 'http://localhost:3000']}}, p: {image: 'prom/prometheus:v3.5.0', healthcheck: {test: wget -q http://localhost:9090/curl}}}\n"}),
    Case("compose/no-such-service", {"compose.yml": "services: {alertmanager: {image: 'prom/alertmanager:v0.28.0', volumes: ['./am.yml:/etc/alertmanager/alertmanager.yml']}, webhook: {image: 'w:1'}}\n", "am.yml": "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://webhok:80/a'}]}]\n"}, 1),
    Case("compose/no-such-service", {"compose.yml": "services: {alertmanager: {image: 'prom/alertmanager:v0.28.0', volumes: ['./am.yml:/etc/alertmanager/alertmanager.yml']}, webhook: {image: 'w:1'}}\n", "am.yml": "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://webhook:80/a'}, {url_file: /a}, {url: '${HOOK}'}], email_configs: [{smarthost: 'smtp.example.org:587'}]}]\n"}),
    Case("prometheus/refused", {"prometheus.yml": "global:\nscrape_interval: 15s\nscrape_configs:\n- job_name: api\nmetrics_path: /m\nstatic_configs: []\n"}, 3),
    Case("prometheus/refused", {"prometheus.yml": "global: {scrape_interval: 15s}\nscrape_configs: [{job_name: api, metrics_path: /m, static_configs: []}]\nkey_of_tomorrow: 1\n"}),
    Case("prometheus/refused", {"agent.yml": "positions: {filename: /p}\nscrape_interval: 15s\nscrape_configs: [{job_name: api}]\n", "prometheus.yml": "scrape_configs: []\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', networks: [back]}}\n"}, 1),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', command: ['--exclude=^/(a)($|/)']}}\n"}, 1),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', command: ['--exclude=^/(a)($$|/)', '$HOME ${A:-b} $${c}']}}\n"}),
    Case("file/unreadable", {"compose.yml": "services:\n  a:\n    image: prom/prometheus:v3.5.0\n    cpus: 1\n    cpus: 2\n"}, 1),
    Case("file/unreadable", {"compose.yml": "services:\n  a:\n    image: nginx:1.27\n    cpus: 1\n    cpus: 2\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', networks: [back, default]}}\nnetworks: {back: }\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', depends_on: [b]}}\n"}, 1),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', depends_on: {depends_on: [b]}}, b: {image: 'b:1'}}\n"}, 1),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', depends_on: {b: {condition: service_started}}}, b: {image: 'b:1'}}\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', build: }}\n"}, 1),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', command: , environment: {A: }}}\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', volumes: [{type: volume, source: data, target: /a}]}}\n"}, 1),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', volumes: ['/a', './a:/a', '~/b:/b', '/c:/c', 'C:/d:/d', '${D}:/e', 'e/f:/f', {type: bind, source: data, target: /a}, {type: volume, target: /g}]}}\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', volumes: ['data:/a'], depends_on: [b]}}\n", "compose.override.yml": "services: {b: {image: 'b:1'}}\nvolumes: {data: {}}\n"}),
    Case("compose/refused", {"a/compose.yml": "services: {a: {image: 'a:1', volumes: ['data:/a']}}\n", "b/compose.yml": "services: {b: {image: 'b:1'}}\nvolumes: {data: {}}\n"}, 1),
    Case("compose/refused", {"a/compose.yml": "services: {a: {image: 'a:1', volumes: ['data:/a']}}\n", "compose.yml": "services: {b: {image: 'b:1'}}\nvolumes: {data: {}}\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', volumes: ['data:/a']}}\n", ".env": "COMPOSE_FILE=compose.yml:../more.yml\n"}, 1, Severity.HINT),
    Case("compose/refused", {"compose.monitoring.yml": "services: {a: {image: 'a:1', depends_on: [api]}}\n"}, 1, Severity.HINT),
    Case("compose/refused", {"compose.yml": "include: [more.yml]\nservices: {a: {image: 'a:1', volumes: ['data:/a']}}\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {image: 'a:1', profiles: [late], volumes: ['data:/a']}}\n"}),
    Case("compose/refused", {"compose.yml": "services: {a: {volumes: ['data:/a']}}\n"}),
    Case("prometheus/placeholder", composed(f"{PROMETHEUS}    entrypoint: [sh, -c, envsubst]\n", "${API}:80"), 1, Severity.HINT),
    Case("prometheus/placeholder", {"prometheus.yml": scraping("${API}:80")}, 1, Severity.HINT),
    Case("prometheus/placeholder", composed(PROMETHEUS, "api:80", **{"prometheus.yml": scraping("api:80", "  relabel_configs: [{regex: (?P<A>.*), source_labels: [a], target_label: b, replacement: '${A}'}]\n")})),
    Case("prometheus/placeholder", {"compose.yml": f"{PROMETHEUS.replace('volumes', '#')}    configs: [{{source: c, target: /etc/prometheus/prometheus.yml}}]\nconfigs:\n  c:\n    content: |\n      scrape_configs: [{{job_name: '${{API}}'}}]\n"}),
    Case("compose/empty-provider", {"compose.yml": "services: {g: {image: 'grafana/grafana:12.0.0', volumes: ['data:/var/lib/grafana', './p:/etc/grafana/provisioning']}}\n", "p/dashboards/a.yml": "apiVersion: 1\nproviders: [{name: a, options: {path: /var/lib/grafana/dashboards}}]\n"}),
    Case("compose/dashboards-without-provider", {"compose.yml": "services: {g: {image: 'grafana/grafana:12.0.0'}}\n", "boards/a.json": '{"title": "a", "panels": []}'}, 1, Severity.INFO),
    Case("compose/dashboards-without-provider", {"compose.yml": "services: {g: {image: 'grafana/grafana:12.0.0', command: '/bin/sh -c \"sleep 45 && sh /import.sh\"', volumes: ['./p:/tmp/p']}}\n", "p/a.json": '{"title": "a", "panels": []}'}),
    Case("compose/dashboards-without-provider", {"compose.yml": "services: {g: {image: 'grafana/grafana:12.0.0', volumes: ['./p:/etc/grafana/provisioning']}}\n", "p/a.json": '{"title": "a", "panels": []}'}, 1),
)  # fmt: skip  # a table: one case, one row


def found(folder: Path, files: dict[str, str], rule: str) -> list[Finding]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    judged = judge(discover([folder], folder), lambda name: name == rule)
    assert not judged.unjudged
    return list(judged.findings)


@pytest.mark.parametrize("name", NAMES)
def test_each_example_is_found_once_and_its_replacement_is_not(name: str, tmp_path: Path) -> None:
    kind = KINDS.get(name)
    (finding,) = found(tmp_path / "bad", files_of(kind.example, name.partition("/")[0]), name)
    assert finding.severity is kind.severity
    assert finding.effect and finding.todo and finding.see  # noqa: PT018  (all three are the reader's)
    assert found(tmp_path / "good", files_of(kind.instead, name.partition("/")[0]), name) == []


@pytest.mark.parametrize("case", NEIGHBOURS, ids=lambda case: case.id)
def test_each_neighbour_has_exactly_its_findings(case: Case, tmp_path: Path) -> None:
    findings = found(tmp_path, case.files, case.id)
    assert len(findings) == case.times
    assert {finding.severity for finding in findings} <= {case.severity or KINDS.get(case.id).severity}
