"""What kinds of findings are built on: any layout becomes a set-up, and a judge that raises costs one item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from promproof.errors import InputError
from promproof.findings import judging
from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.judging import judge
from promproof.findings.kind import JUDGES, KINDS, Kind, each_rule
from promproof.findings.setup import Rule, Setup
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
RULES = """groups:
- name: api
  interval: 30s
  labels: {team: shop}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - just text
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: critical}
"""
CONFIGURATION = """global: {scrape_interval: 5s, external_labels: {site: a}}
rule_files: [rules/*.yaml]
scrape_configs:
- job_name: api
  static_configs: [{targets: ['api:80']}]
"""
ROUTES = """route:
  receiver: all
  group_interval: 1m
  routes:
  - matchers: ['severity="critical"']
    receiver: pager
receivers:
- name: all
- name: pager
  webhook_configs: [{url: 'http://pager'}]
"""
COMPOSE = """services:
  api:
    image: api:1
    ports: ['127.0.0.1:8080:80/tcp']
    volumes: ['./rules:/etc/rules:ro']
    environment: [A=1]
"""
BROKEN = Kind("rule/broken", Severity.ERROR, "broken", "", "", "")


def written(folder: Path, **files: str) -> Setup:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return discover([folder], folder)


def test_a_rule_knows_its_line_its_group_and_who_loads_it(tmp_path: Path) -> None:
    setup = written(tmp_path, rules__api_yaml=RULES, prom_yml=CONFIGURATION)
    (down,) = setup.alerts
    assert str(down.at("expr")) == "rules/api.yaml:10"
    assert (down.hold, down.labels) == (120, {"team": "shop", "severity": "critical"})
    assert down.group.evaluation_interval == 30
    assert down.group.prometheuses == setup.prometheuses
    assert list(setup.recorded) == ["job:up:sum"]


def test_a_job_has_the_interval_that_holds_for_it(tmp_path: Path) -> None:
    (job,) = written(tmp_path, prom_yml=CONFIGURATION).jobs
    assert (job.scrape_interval, job.scrape_timeout, job.targets) == (5, 5, ("api:80",))


def test_rules_without_a_configuration_are_read_and_nobody_is_known_to_load_them(tmp_path: Path) -> None:
    (group,) = written(tmp_path, api_yaml=RULES).groups
    assert not group.prometheuses


def test_a_file_of_promtool_tests_is_no_configuration(tmp_path: Path) -> None:
    text = "rule_files: [api.yaml]\nevaluation_interval: 1m\ntests: []\n"
    setup = written(tmp_path, api_yaml=RULES, proof_yml=text)
    assert not setup.prometheuses
    assert not setup.groups[0].prometheuses


def test_a_route_inherits_the_timers_of_its_parent(tmp_path: Path) -> None:
    (server,) = written(tmp_path, am_yml=ROUTES).alertmanagers
    root, pager = server.routes
    assert (root.group_interval, pager.group_interval, pager.receiver) == (60, 60, "pager")
    assert pager.matchers == (("severity", "=", "critical"),)
    assert [kind for kind, _ in server.receivers[1].integrations] == ["webhook_configs"]


def test_a_compose_file_is_read_in_its_short_syntax(tmp_path: Path) -> None:
    (file,) = written(tmp_path, compose_yml=COMPOSE).compose
    (service,) = file.services
    assert service.ports == (("8080", "80"),)
    assert service.mounts[0].path == str(tmp_path / "rules")
    assert (service.mounts[0].read_only, service.environment) == (True, {"A": "1"})


def test_operator_resources_of_one_file_are_all_read(tmp_path: Path) -> None:
    spec = "".join(f"  {line}\n" for line in RULES.splitlines())
    resource = f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n{spec}"
    setup = written(tmp_path, all_yaml=f"{resource}---\n{resource}")
    assert [rule.at().line for rule in setup.alerts] == [12, 28]
    assert [finding.line for finding in judge(setup).findings] == [11, 27]  # `- just text`


VM = """apiVersion: operator.victoriametrics.com/v1beta1
kind: VMRule
metadata: {name: a}
spec:
  groups:
  - name: a
    concurrency: 2
    rules:
    - alert: Slow
      expr: histogram_quantile(95, sum by (le) (rate(x_bucket[5m]))) > 1
    - alert: OfMetricsQL
      expr: sum(rate(x_total[5m])) default 0 > 1
"""


def test_rules_of_other_operators_are_read_in_the_language_of_their_program(tmp_path: Path) -> None:
    google = VM.replace("operator.victoriametrics.com/v1beta1", "monitoring.googleapis.com/v1").replace(
        "VMRule", "Rules"
    )
    other = google.replace("monitoring.googleapis.com/v1", "example.org/v1")
    setup = written(
        tmp_path, vm_yaml=VM, google_yaml=google.partition("    - alert: OfM")[0], other_yaml=other
    )
    assert [rule.file for rule in setup.alerts] == ["google.yaml", "vm.yaml", "vm.yaml"]
    assert [finding.rule for finding in judge(setup).findings] == ["rule/quantile-range"] * 2


def test_a_second_document_that_is_dropped_is_found_in_its_line(tmp_path: Path) -> None:
    (finding,) = judge(written(tmp_path, a_yml=f"groups: []\n---\n{RULES}")).findings
    assert (finding.rule, str(finding.place)) == ("file/second-document", "a.yml:3")


def test_a_file_that_is_broken_costs_no_other(tmp_path: Path) -> None:
    setup = written(tmp_path, a_yml="groups:\n\t- x", b_yml=RULES)
    rules = [finding.rule for finding in judge(setup).findings if finding.file == "a.yml"]
    assert rules == ["file/unreadable"]
    assert len(setup.rules) == 2


def test_a_judge_that_raises_costs_one_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = written(tmp_path, api_yaml=RULES)
    KINDS.names()
    monkeypatch.setattr(judging, "JUDGES", [])

    def broken(rule: Rule, setup: Setup) -> Iterator[Finding]:
        if rule.is_alert:
            raise KeyError("le")
        yield BROKEN.at(rule.at(), "seen")

    before = len(JUDGES)
    each_rule(BROKEN)(broken)
    monkeypatch.setattr(judging, "JUDGES", [JUDGES.pop()])
    assert len(JUDGES) == before
    judged = judge(setup)
    assert [finding.message for finding in judged.findings] == ["seen"]
    (missed,) = judged.unjudged
    assert (missed.item, str(missed.place), missed.crashed) == ("Down", "api.yaml:9", True)
    assert "KeyError" in missed.reason


def test_a_path_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        discover([tmp_path / "x"])


def test_the_folder_that_ships_is_read_whole_and_has_no_warnings() -> None:
    setup = discover([REPOSITORY / "monitoring"], REPOSITORY)
    assert setup.alerts
    assert setup.dashboards
    assert setup.grafana.sources
    assert any(server.patterns and server.patterns[0].files for server in setup.prometheuses)
    assert not [finding for finding in judge(setup).findings if finding.severity.rank < Severity.INFO.rank]
