"""Every kind of finding about Alertmanager is seen once, and is silent about the harmless neighbour beside it."""

# ruff: noqa: E501  (files in flow style: one thing, one line)

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from promproof.findings.alertlabels import sent
from promproof.findings.discover import discover
from promproof.findings.finding import Severity
from promproof.findings.kind import KINDS, Kind
from promproof.findings.notifications import slips
from promproof.findings.part import Document
from promproof.findings.weektimes import weektimes
from tests.findings.alertmanagers import BOTH, INHIBITED, PROMETHEUS, found, rules, written

pytestmark = pytest.mark.unit
NAMES = tuple(name for name in KINDS.names() if name.startswith("alertmanager/"))


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_kind_is_found_and_its_neighbour_is_not(name: str, tmp_path: Path) -> None:
    kind: Kind = KINDS.get(name)
    assert kind.why
    seen = [finding for finding in found(tmp_path / "bad", kind.example) if finding.rule == name]
    assert len(seen) == 1
    assert seen[0].effect and seen[0].todo and seen[0].see  # noqa: PT018  (all three are the reader's)
    assert seen[0].line
    assert not rules(found(tmp_path / "good", kind.instead), seen[0].severity)


def routed(folder: Path, matchers: str) -> list[str]:
    return rules(
        found(
            folder,
            f"{PROMETHEUS}# alertmanager.yml\nroute:\n  receiver: attic\n  routes: [{{{matchers}, receiver: counter}}]\nreceivers: {BOTH}",
        )
    )


@pytest.mark.parametrize(
    "matchers",
    [
        """matchers: ['team="till"']""",
        """matchers: ['{severity="page", alertname=~"Ref.*"}']""",
        "match_re: {alertname: 'Ref(?i)USALS'}",
        "match_re: {severity: 'Page|page'}",
    ],
    ids=["by-team", "two-in-one-text", "flag-in-the-middle", "either-case"],
)
def test_a_route_that_an_alert_meets_is_no_finding(matchers: str, tmp_path: Path) -> None:
    assert routed(tmp_path, matchers) == []


@pytest.mark.parametrize(
    ("matchers", "rule"),
    [
        ("matchers: 'severity=\"page\"'", "alertmanager/bad-matcher"),
        ("matchers: {severity: page}", "alertmanager/bad-matcher"),
        ("matchers: [{severity: page}]", "alertmanager/bad-matcher"),
        ("match_re: {alertname: '(?!Watchdog).*'}", "alertmanager/bad-matcher"),
        ("match_re: {alertname: '*Down'}", "alertmanager/bad-matcher"),
        ("matchers: ['severity=\"Page\"']", "alertmanager/near-miss"),
        ("matchers: ['alertname=\"Refusal\"']", "alertmanager/near-miss"),
    ],
)
def test_a_route_that_can_take_nothing_is_found(matchers: str, rule: str, tmp_path: Path) -> None:
    assert routed(tmp_path, matchers) == [rule]


def test_a_label_that_series_may_have_is_no_near_miss(tmp_path: Path) -> None:
    text = PROMETHEUS.replace("sum(rate(refused_total[2m]))", "sum by (shop) (rate(refused_total[2m]))")
    assert (
        rules(
            found(
                tmp_path,
                f"{text}# alertmanager.yml\nroute: {{receiver: attic, routes: [{{matchers: ['shop=\"a\"'], receiver: counter}}]}}\nreceivers: {BOTH}",
            )
        )
        == []
    )


HEARTBEAT = "  - {alert: Heartbeat, expr: vector(1), labels: {severity: info}}\n"


def test_a_label_of_equal_that_neither_side_has_is_named(tmp_path: Path) -> None:
    seen = found(tmp_path, f"{PROMETHEUS}{HEARTBEAT}{INHIBITED}")
    assert rules(seen, Severity.ERROR) == ["alertmanager/always-inhibited"]
    told = next(finding.message for finding in seen if finding.severity is Severity.ERROR)
    assert "Refusals is muted by Heartbeat" in told
    assert "building is on neither" in told


def test_an_external_label_that_both_have_is_no_label_that_neither_has(tmp_path: Path) -> None:
    labelled = PROMETHEUS.replace("rule_files", "global: {external_labels: {building: a}}\nrule_files", 1)
    calm = HEARTBEAT.replace("vector(1)", "max(idle) > 1")
    by_site = found(tmp_path / "a", f"{labelled}{calm}{INHIBITED}")
    assert "alertmanager/equal-on-neither-side" not in rules(by_site)
    by_nothing = found(tmp_path / "b", f"{PROMETHEUS}{calm}{INHIBITED}")
    assert "alertmanager/equal-on-neither-side" in rules(by_nothing)


def test_rules_that_no_known_prometheus_loads_may_have_any_label(tmp_path: Path) -> None:
    _, _, alone = PROMETHEUS.partition("# rules.yml\n")
    calm = HEARTBEAT.replace("vector(1)", "max(idle) > 1")
    seen = rules(found(tmp_path, f"# rules.yml\n{alone}{calm}{INHIBITED}"))
    assert "alertmanager/equal-on-neither-side" not in seen


def test_the_inhibitions_of_kube_prometheus_are_healthy(tmp_path: Path) -> None:
    text = f"""{PROMETHEUS}  - {{alert: InfoInhibitor, expr: 'ALERTS{{severity="info"}} == 1', labels: {{severity: none}}}}
  - {{alert: Watchdog, expr: vector(1), labels: {{severity: none}}}}
  - {{alert: Throttled, expr: 'sum by (namespace) (rate(throttled_total[5m])) > 1', labels: {{severity: info}}}}
# alertmanager.yml
route:
  group_by: [namespace]
  receiver: attic
  routes: [{{matchers: ['alertname=~"InfoInhibitor|Watchdog"'], receiver: 'null'}}]
inhibit_rules:
- {{source_matchers: ['severity="page"'], target_matchers: ['severity=~"warning|info"'], equal: [namespace, alertname]}}
- {{source_matchers: ['severity="warning"'], target_matchers: ['severity="info"'], equal: [namespace, alertname]}}
- {{source_matchers: ['alertname="InfoInhibitor"'], target_matchers: ['severity="info"'], equal: [namespace]}}
receivers: [{{name: 'null'}}, {{name: attic, webhook_configs: [{{url: 'http://attic'}}]}}]
"""
    assert rules(found(tmp_path, text)) == []


def test_the_default_inhibition_with_a_label_that_nobody_has_is_healthy(tmp_path: Path) -> None:
    text = f"{PROMETHEUS}  - {{alert: Slow, expr: max(idle) > 1, labels: {{severity: warning}}}}\n{INHIBITED}"
    text = text.replace('"page"', '"warning"').replace('"info"', '"page"')
    seen = rules(found(tmp_path, text.replace("[building]", "[alertname, dev, instance]")))
    assert seen == []


RESOURCE = """# resource.yaml
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata: {name: shop, namespace: shop}
spec:
  route:
    receiver: chat
    groupBy: [alertname]
    repeatInterval: 5m
    routes:
    - matchers: [{name: severity, value: page}]
      receiver: pager
    - matchers: [{name: severity, matchType: '=', value: page}, {name: team, matchType: '=~', value: 'a|b'}]
      receiver: chat
  receivers:
  - name: chat
    slackConfigs: [{apiURL: {name: slack, key: url}, title: 'on {{ .GroupLabels.cluster }}'}]
  - name: pager
    pagerdutyConfigs: [{routingKey: {name: pager, key: key}, sendResolved: false}]
  inhibitRules:
  - sourceMatch: [{name: severity, value: info}]
    targetMatch: [{name: severity, value: page}]
    equal: [namespace]
"""


def test_an_operator_resource_is_judged_by_what_stands_in_it(tmp_path: Path) -> None:
    assert [(finding.line, finding.rule) for finding in found(tmp_path, RESOURCE)] == [
        (13, "alertmanager/shadowed-route"),
        (17, "alertmanager/label-not-in-group"),
        (19, "alertmanager/pager-not-resolved"),
        (21, "alertmanager/inhibits-critical"),
    ]


def test_a_resource_that_names_an_unknown_receiver_is_found(tmp_path: Path) -> None:
    seen = found(tmp_path, RESOURCE.replace("receiver: pager", "receiver: pagers"))
    told = next(finding for finding in seen if finding.rule == "alertmanager/undefined-receiver")
    assert "operator" in told.effect


TEMPLATED = """# alertmanager.yml
templates: [/etc/alertmanager/ours/*.tmpl]
route: {receiver: chat}
receivers: [{name: chat, slack_configs: [{api_url_file: /slack, title: '{{ template "ours" . }}'}]}]
"""
MOUNTED = """# compose.yml
services:
  alertmanager:
    image: prom/alertmanager:v0.28.0
    volumes: ['./alertmanager.yml:/etc/alertmanager/alertmanager.yml', './texts:/etc/alertmanager/ours:ro']
# texts/a.tmpl
"""


def test_templates_are_read_where_the_compose_file_mounts_them(tmp_path: Path) -> None:
    assert rules(found(tmp_path / "a", f'{MOUNTED}{{{{ define "ours" }}}}x{{{{ end }}}}\n{TEMPLATED}')) == []
    other = found(tmp_path / "b", f'{MOUNTED}{{{{ define "theirs" }}}}x{{{{ end }}}}\n{TEMPLATED}')
    assert rules(other) == ["alertmanager/undefined-template"]


def test_templates_in_a_folder_that_is_not_known_may_define_anything(tmp_path: Path) -> None:
    assert rules(found(tmp_path, TEMPLATED)) == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("{{ .StartsAt }}", ["field"]),
        ("{{ if .Alerts }}{{ .Labels.job }}{{ end }}", ["field"]),
        ("{{ range .Alerts }}{{ if .Labels.job }}{{ .Labels.job }}{{ end }}{{ end }}{{ .Status }}", []),
        ("{{ range .Alerts }}x{{ end }}{{ $.Annotations.summary }}", ["field"]),
        ("{{ with index .Alerts 0 }}{{ .GeneratorURL }}{{ end }}{{ $first.Labels.job }}", []),
        ('{{ printf "{{ .Labels }}" }}', []),
        ('{{/* .Labels */}}{{- .CommonLabels.SortedPairs.Values | join " " -}}', []),
        ('{{ .CommonLabels.team | default "all" }}', ["function"]),
        ('{{ .CommonLabels.default }} {{ "default" }}', []),
        ("{{ range .Alerts }}x", ["block"]),
        ("{{ if .Status }}a{{ else if .Receiver }}b{{ else }}c{{ end }}{{ end }}", ["block"]),
        ("{{`{{ .Labels.job }}`}}", []),
        ("{{ .PUBLIC_IP }} {{ .CommonLabel.alertname }} {{ .status }}", ["unknown"] * 3),
        ("{{ .ExternalURL }} {{ .GroupKey }} {{ $x := .CommonLabels.some_label }}{{ $x.some_label }}", []),
        ("{{ range .Alerts }}{{ .status }}{{ end }}{{ len .Alerts.Firing }} {{ 0.5 }}", []),
    ],
)
def test_a_text_is_read_as_the_template_engine_does(text: str, kinds: list[str]) -> None:
    assert [slip.kind for slip in slips(text)] == kinds


def test_each_set_up_of_a_tree_is_judged_with_its_own_rules(tmp_path: Path) -> None:
    silent = "route: {receiver: team}\nreceivers: [{name: team}]\n"
    told = f"route: {{receiver: attic}}\nreceivers: {BOTH}\n"
    mine = PROMETHEUS.replace("# ", "# a/")
    other = PROMETHEUS.replace("# ", "# b/").replace("Refusals", "Slow")
    alone = f"{mine}# a/alertmanager.yml\n{told}{other}"
    assert rules(found(tmp_path / "alone", alone)) == []
    seen = found(tmp_path / "both", f"{alone}# b/alertmanager.yml\n{silent}")
    assert [finding.message.partition(" ends")[0] for finding in seen if finding.severity.rank < 2] == [
        "Slow"
    ]


@pytest.mark.parametrize(
    ("config", "labels"),
    [
        ("{target_label: severity, replacement: critical}", {"severity": "critical"}),
        (
            "{source_labels: [team], regex: (ti)ll, target_label: severity, replacement: '${1}p'}",
            {"severity": "tip"},
        ),
        (
            "{source_labels: [team], regex: attic, target_label: severity, replacement: x}",
            {"severity": "page"},
        ),
        ("{source_labels: [instance], target_label: severity}", {"severity": ""}),
        ("{regex: team, action: labeldrop}", {"severity": "page", "team": ""}),
        ("{source_labels: [team], action: uppercase, target_label: team}", {"team": "TILL"}),
        ("{source_labels: [severity], regex: page, action: drop}", None),
        ("{source_labels: [severity], regex: page, action: keep}", {"severity": "page"}),
        ("{regex: (.*), action: labelmap, replacement: x_$1}", {}),
    ],
)
def test_relabelling_changes_what_is_known(
    config: str, labels: dict[str, str] | None, tmp_path: Path
) -> None:
    head = f"# prometheus.yml\nalerting: {{alert_relabel_configs: [{config}]}}\n"
    written(tmp_path, PROMETHEUS.replace("# prometheus.yml\n", head))
    alerts = sent(discover([tmp_path], tmp_path))
    if labels is None:
        assert not alerts
        return
    (alert,) = alerts
    fixed = {name: values.finite for name, values in alert.labels.labels.items()}
    known = {
        name: next(iter(values)) for name, values in fixed.items() if values is not None and len(values) == 1
    }
    assert labels.items() <= known.items()
    assert labels or "severity" not in known


@pytest.mark.parametrize(
    ("entry", "is_ever"),
    [
        ("{months: [february], days_of_month: ['30:31']}", False),
        ("{months: ['april', '6'], days_of_month: ['31']}", False),
        ("{months: ['february:march'], days_of_month: ['30:31']}", True),
        ("{months: [february], days_of_month: ['29']}", True),
        ("{months: [february], days_of_month: ['-31:-1']}", True),
        ("{days_of_month: ['31']}", True),
        ("{months: [smarch], days_of_month: ['31']}", True),
    ],
)
def test_a_day_that_no_month_has_never_comes(entry: str, is_ever: bool) -> None:
    found = weektimes(Document("a.yml", yaml.safe_load(f"time_intervals: [{entry}]")).part())
    assert found is not None
    assert bool(found.perhaps) is is_ever


@pytest.mark.parametrize(
    ("label", "is_found"),
    [
        ("alertnam", True),
        ("alert_name", True),
        ("alertnames", True),
        ("alert_type", False),
        ("altitude", False),
    ],
)
def test_the_name_of_an_alert_is_missed_by_a_letter(label: str, is_found: bool, tmp_path: Path) -> None:
    text = f"# alertmanager.yml\nroute: {{receiver: mail, group_by: [{label}]}}\nreceivers: [{{name: mail, webhook_configs: [{{url: 'http://mail'}}]}}]\n"
    assert (rules(found(tmp_path, text)) == ["alertmanager/group-by-spelling"]) is is_found
    rule = f"# r.yml\ngroups: [{{name: a, rules: [{{alert: A, expr: up == 0, labels: {{{label}: b}}}}]}}]\n"
    assert rules(found(tmp_path, text + rule)) == []
