"""What can't be read of a rule file is a line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.proofs.rulefiles import TEMPLATED, read

pytestmark = pytest.mark.unit


def test_a_group_that_is_none_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n- 5\n- name: g\n  rules: [{alert: A, expr: a > 1}]\n", encoding="utf-8")
    found = read([file])
    assert [alert.name for alert in found.alerts] == ["A"]
    assert found.problems == [f"{file}:2: a group that has no keys"]


@pytest.mark.parametrize(
    ("text", "is_told"), [("{{- range . }}\n- name: {{ . }}\n", True), ("\t- name: a\n", False)]
)
def test_a_file_of_templates_is_to_be_rendered(tmp_path: Path, text: str, is_told: bool) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n" + text, encoding="utf-8")
    (problem,) = read([file]).problems
    assert "not YAML" in problem
    assert problem.endswith(TEMPLATED) == is_told


RULES = """\
groups:
- {name: r, QUERY_OFFSET rules: [{record: "a:b", expr: sum(x)}], limit: 3}
- {name: g, rules: [{alert: A, expr: "a:b > 1"}, {alert: B, expr: x > 1}]}
- {name: own, query_offset: 2m, rules: [{alert: C, expr: "a:b > 1"}]}
"""
"""Settings of groups, some of them of a rule that is recorded."""


def test_what_a_recording_rule_brings_along_counts_for_the_alerts_that_read_it(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(RULES.replace("QUERY_OFFSET", "query_offset: 1m,"), encoding="utf-8")
    found = [(alert.name, alert.offset, alert.bounded) for alert in read([tmp_path]).alerts]
    bounded = (("a:b", 3),)
    assert found == [("A", 60.0, bounded), ("B", None, ()), ("C", 120.0, bounded)]


def test_the_offset_of_the_prometheus_file_counts_where_a_group_says_none(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(RULES.replace("QUERY_OFFSET", ""), encoding="utf-8")
    prometheus = "global: {rule_query_offset: 45s}\nscrape_configs: [{job_name: x}]\n"
    (tmp_path / "prometheus.yml").write_text(prometheus, encoding="utf-8")
    assert [alert.offset for alert in read([tmp_path]).alerts] == [45.0, 45.0, 120.0]


def test_a_limit_that_is_no_number_is_a_line(tmp_path: Path) -> None:
    text = RULES.replace("QUERY_OFFSET", "").replace("limit: 3", "limit: many")
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    assert [problem.partition(": ")[2] for problem in read([tmp_path]).problems] == [
        "group r: limit 'many' is no whole number"
    ]


def test_scalars_are_texts_as_prometheus_reads_them(tmp_path: Path) -> None:
    labels = "{page: yes, paging: true, since: 2024-01-01, share: 1.50, mode: 010, count: 5, none: ~}"
    rule = f"{{alert: Off, expr: up == 0, for: ~, labels: {labels}, annotations: {{a: no}}}}"
    (tmp_path / "r.yml").write_text(f"groups:\n- name: on\n  rules:\n  - {rule}\n", encoding="utf-8")
    found = read([tmp_path])
    assert found.problems == []
    (alert,) = found.alerts
    assert (alert.name, alert.hold) == ("Off", 0)
    assert alert.data["labels"] == {
        "page": "yes",
        "paging": "true",
        "since": "2024-01-01",
        "share": "1.50",
        "mode": "010",
        "count": "5",
    }
    assert "for" not in alert.data
    assert alert.data["annotations"] == {"a": "no"}


@pytest.mark.parametrize(
    "text",
    [
        "ALERT Down\n  IF (up == 0)\n  FOR 5m\n",
        '\nALERT Down\n  IF up{} == 0\n  LABELS { severity = "page" }\n',
    ],
    ids=["one that YAML takes for text", "one that is no YAML"],
)
def test_alerts_in_the_language_of_prometheus_1_are_named_in_a_folder_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "old.rules").write_text(text, encoding="utf-8")
    found = read([tmp_path])
    (problem,) = found.problems
    assert problem.startswith(
        f"{tmp_path / 'old.rules'}:{text.count(chr(10), 0, text.index('ALERT')) + 1}: Down: "
    )
    assert "Prometheus 1" in problem
    assert not found.files


RESOURCES = """
kind: List
items:
- kind: PrometheusRule
  spec: {groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]}
- kind: Service
---
kind: VMRule
spec:
  groups:
  - name: g
    rules:
    - {alert: B}
    - {alert: C, expr: x > 1}
"""


def test_lists_of_resources_and_resources_of_other_operators_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(RESOURCES, encoding="utf-8")
    found = read([file])
    assert [(alert.name, alert.where) for alert in found.alerts] == [("A", f"{file}:5"), ("C", f"{file}:14")]
    assert found.problems == [f"{file}:13: group g: B: no expression"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- name: g\n  rules: [{alert: A, expr: x > 1}]\n", "without the key `groups:`"),
        ("kind: ConfigMap\ndata: {a.rules: 'groups: []', other: 5}\n", "rules as text (a.rules)"),
        ("kind: ConfigMap\ndata: {a.conf: 'x'}\n", "no list of groups"),
        ("apiVersion: 1\ngroups: [{name: g, rules: [{uid: u, title: T, data: []}]}]\n", "rules of Grafana"),
    ],
)
def test_a_file_whose_rules_stand_elsewhere_says_so(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    (problem,) = read([tmp_path / "rules.yml"]).problems
    assert words in problem
    assert read([tmp_path]).problems == []
