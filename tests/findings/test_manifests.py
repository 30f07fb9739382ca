"""What Kubernetes, its operators, kustomize and Helm deploy is read as it is deployed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from promproof.cli.program import main
from promproof.findings.discover import discover_text
from promproof.findings.judging import judge
from tests.findings.layouts import BOARD, RULES, RULES_OF_OTHERS, config_map, entry, read, written

pytestmark = pytest.mark.unit


def test_config_maps_give_their_files_with_the_lines_of_the_manifest(tmp_path: Path) -> None:
    manifest = "---\n".join(
        (
            config_map(
                "conf",
                entry("prometheus.yml", "rule_files: [/etc/prometheus/*.rules]\n"),
                entry("a.rules", RULES),
            ),
            config_map("routes", entry("alertmanager.yml", "route: {receiver: a}\nreceivers: [{name: a}]\n")),
            config_map("boards", f"  api.json: '{BOARD}'\n", labels="{grafana_dashboard: '1'}"),
        )
    )
    setup = read(tmp_path, {"all.yml": manifest})
    (rule,) = setup.rules
    assert str(rule.at("expr")) == f"all.yml:{manifest.splitlines().index('        expr: up == 0') + 1}"
    assert rule.group.prometheuses == setup.prometheuses
    assert [server.root is not None for server in setup.alertmanagers] == [True]
    (board,) = setup.dashboards
    assert (board.dashboard.title, board.is_labelled, board.at().line) == ("API", True, 26)
    assert not setup.troubles


def test_secrets_are_decoded(tmp_path: Path) -> None:
    text = base64.b64encode(b"route: {receiver: a}\nreceivers: [{name: a}]\n").decode()
    manifest = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: am}}\ndata: {{alertmanager.yaml: {text}}}\n"
    (server,) = read(tmp_path, {"am.yml": manifest}).alertmanagers
    assert (server.routes[0].receiver, server.at().line) == ("a", 4)


def test_workloads_say_where_config_maps_are_mounted(tmp_path: Path) -> None:
    workload = """apiVersion: apps/v1
kind: Deployment
metadata: {name: prometheus}
spec:
  template:
    spec:
      containers:
      - name: server
        image: prom/prometheus:v3.5.0
        args: [--config.file=/conf/prometheus.yml]
        volumeMounts: [{name: conf, mountPath: /conf}, {name: rules, mountPath: /rules}]
      volumes:
      - {name: conf, configMap: {name: conf}}
      - {name: rules, configMap: {name: api-rules}}
"""
    maps = (
        config_map("conf", entry("prometheus.yml", "rule_files: [/rules/*]\n")),
        config_map("api-rules", entry("a.yml", RULES)),
        config_map("other", entry("a.yml", RULES_OF_OTHERS)),
    )
    setup = read(tmp_path, {"all.yml": "---\n".join((workload, *maps))})
    assert setup.prometheuses[0].service == "server"
    assert [bool(rule.group.prometheuses) for rule in setup.rules] == [True, False]


def test_a_kustomization_labels_the_dashboards_that_it_packs(tmp_path: Path) -> None:
    text = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
configMapGenerator:
- name: boards
  files: [api.json]
  options: {labels: {grafana_dashboard: "1"}}
"""
    files = {"kustomization.yaml": text, "api.json": BOARD, "b.json": BOARD.replace('"api"', '"b"')}
    assert [board.is_labelled for board in read(tmp_path, files).dashboards] == [True, False]


def test_monitors_are_jobs_with_the_names_of_prometheus(tmp_path: Path) -> None:
    monitor = """apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: api, namespace: shop}
spec:
  endpoints:
  - interval: 20s
    metricRelabelings: [{sourceLabels: [__name__], regex: go_.*, action: drop}]
"""
    rules = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n" + "".join(
        f"  {line}\n" for line in RULES.splitlines()
    )
    server = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec: {evaluationInterval: 15s}\n"
    setup = read(tmp_path, {"a.yml": "---\n".join((monitor, rules, server))})
    (job,) = setup.jobs
    assert (job.name, job.scrape_interval, job.origin) == ("shop/api/0", 20, "ServiceMonitor")
    assert job.metric_relabel_configs[0].words("source_labels") == ("__name__",)
    assert setup.alerts[0].group.evaluation_interval == 15
    assert not setup.prometheuses


def test_a_list_gives_its_items_in_their_lines(tmp_path: Path) -> None:
    item = "- apiVersion: monitoring.coreos.com/v1\n  kind: PrometheusRule\n  spec:\n" + "".join(
        f"    {line}\n" for line in RULES.splitlines()
    )
    setup = read(tmp_path, {"a.yml": f"apiVersion: v1\nkind: List\nitems:\n{item}{item}"})
    assert [rule.at().line for rule in setup.alerts] == [10, 18]


def test_templates_of_a_chart_are_named_and_not_read(tmp_path: Path) -> None:
    template = "{{- if .Values.rules }}\napiVersion: v1\nspec:\n{{ toYaml .Values.rules }}\n{{- end }}\n"
    files = {
        "chart/templates/r.yaml": template,
        "chart/values.yaml": "prometheusSpec: {retention: 10d}\n",
        "x/templates/rules.yml": RULES,
    }
    setup = read(tmp_path, files)
    assert setup.unread == {"template": ("chart/templates/r.yaml",), "values": ("chart/values.yaml",)}
    assert len(setup.rules) == 1
    judged = judge(setup)
    assert not judged.findings
    assert [missed.reason for missed in judged.unjudged] == [
        "values of a chart: give `helm template` to promproof check -",
        "a template: give `helm template` to promproof check -",
    ]


@pytest.mark.parametrize(
    "text", ['{{ "{{" }} $value {{ "}}" }}', "'{{ `{{ $value }}` }}'", "'{% raw %}{{ $value }}{% endraw %}'"]
)
def test_a_template_that_escapes_the_templates_of_prometheus_is_none_of_its_files(
    text: str, tmp_path: Path
) -> None:
    rule = f"{RULES}    annotations: {{summary: {text}}}\n".replace(
        "{summary: ", "\n      summary: "
    ).replace("}\n", "\n")
    setup = read(
        tmp_path, {"r.yml": rule, "s.yml": RULES + "    annotations: {summary: '{{ \"up\" | query }}'}\n"}
    )
    assert setup.unread == {"template": ("r.yml",)}
    assert [rule.file for rule in setup.rules] == ["s.yml"]


def test_label_values_in_a_text_of_alertmanager_are_no_template_of_a_chart(tmp_path: Path) -> None:
    text = '{{ .GroupLabels.SortedPairs.Values | join ", " }} {{ (index .Alerts 0).Labels.Values }}'
    receivers = f"[{{name: a, slack_configs: [{{channel: a, title: '{text}'}}]}}]"
    setup = read(tmp_path, {"am.yml": f"route: {{receiver: a}}\nreceivers: {receivers}\n"})
    assert len(setup.alertmanagers) == 1


def test_a_chart_alone_is_refused_with_the_way_to_check_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(
        tmp_path, {"templates/r.yaml": "kind: PrometheusRule\nname: {{ .Release.Name }}\napiVersion: a\n"}
    )
    assert main(["check", str(tmp_path)]) == 4
    assert "helm template . | promproof check -" in capsys.readouterr().err


def test_a_dashboard_of_the_grafana_operator_is_read(tmp_path: Path) -> None:
    resource = (
        f"apiVersion: grafana.integreatly.org/v1beta1\nkind: GrafanaDashboard\nspec:\n  json: '{BOARD}'\n"
    )
    (board,) = read(tmp_path, {"a.yml": resource}).dashboards
    assert (board.dashboard.title, board.is_labelled, board.at().line) == ("API", True, 4)


def test_what_helm_writes_is_read_from_a_text() -> None:
    rule = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n" + "".join(
        f"  {line}\n" for line in RULES.splitlines()
    )
    setup = discover_text("stdin", f"---\n# Source: a\n{rule}---\n{rule}")
    assert [str(alert.at()) for alert in setup.alerts] == ["stdin:9", "stdin:18"]
    assert not judge(setup).findings


def test_a_command_takes_files_out_of_their_resource(tmp_path: Path) -> None:
    files = {
        "am.yml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
        "stringData:\n  am.yaml: |\n    route: {receiver: a}\n    receivers: [{name: a}]\n",
        "r.yml": "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n"
        + "".join(f"  {line}\n" for line in RULES.splitlines()),
        "plain.yml": RULES,
    }
    setup = read(tmp_path, files)
    assert [server.argument for server in setup.alertmanagers] == [
        "<(yq '.. | select(key == \"am.yaml\")' am.yml)"
    ]
    assert {rule.argument for rule in setup.rules} == {"plain.yml", "<(yq .spec r.yml)"}
