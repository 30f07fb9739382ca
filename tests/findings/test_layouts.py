"""Any layout is read as it is deployed: through the mounts of compose files and workloads, and from ConfigMaps."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.judging import judge
from tests.findings.layouts import BOARD, PROVIDER, RULES, RULES_OF_OTHERS, SOURCE, compose, read, written

pytestmark = pytest.mark.unit


def test_rules_are_matched_through_each_mount(tmp_path: Path) -> None:
    setup = read(
        tmp_path,
        {
            "compose.yml": compose(
                "./a.yml:/etc/prometheus/prometheus.yml:ro",
                "./my-rules.yml:/etc/prometheus/rules.yml:ro",
                "./more:/rules",
            ),
            "a.yml": "global: {evaluation_interval: 30s}\nrule_files: [/etc/prometheus/rules.yml, /rules/*.yml]\n",
            "my-rules.yml": RULES,
            "more/x.yml": RULES_OF_OTHERS,
            "unloaded.yml": RULES.replace("Down", "Unloaded"),
        },
    )
    (server,) = setup.prometheuses
    assert [pattern.files for pattern in server.patterns] == [("my-rules.yml",), ("more/x.yml",)]
    assert all(pattern.is_known for pattern in server.patterns)
    assert {rule.name: rule.group.evaluation_interval for rule in setup.rules} == {
        "Down": 30,
        "Slow": 30,
        "Unloaded": None,
    }
    assert (server.service, server.retention) == ("prometheus", 15 * 86_400)


def test_rules_beside_the_compose_file_are_found_through_the_mount(tmp_path: Path) -> None:
    mounts = (
        "./prometheus.yml:/etc/prometheus/prometheus.yml:ro",
        "./my-rules.yml:/etc/prometheus/rules.yml:ro",
    )
    files = {
        "docker-compose.yml": compose(*mounts, image="prom/prometheus:v3.5.0"),
        "prometheus.yml": "rule_files: [/etc/prometheus/rules.yml]\n",
        "my-rules.yml": RULES,
    }
    setup = read(tmp_path, files)
    assert setup.alerts[0].group.prometheuses == setup.prometheuses


def test_flags_say_which_file_is_read_and_how_long_samples_are_kept(tmp_path: Path) -> None:
    command = "    command: [--config.file=/c/p.yml, --storage.tsdb.retention.time, '${KEEP:-30d}']\n"
    setup = read(
        tmp_path,
        {
            "compose.yml": compose("${DIR:-./conf}:/c", more=command, image="${IMAGE:-prom/prometheus:v3}"),
            "conf/p.yml": "rule_files: ['*.rules']\n",
            "conf/a.rules": RULES,
        },
    )
    (server,) = setup.prometheuses
    assert (server.service, server.retention) == ("prometheus", 30 * 86_400)
    assert server.patterns[0].files == ("conf/a.rules",)


def test_variables_of_the_environment_file_are_filled(tmp_path: Path) -> None:
    files = {
        ".env": "CONF=./conf\n",
        "compose.yml": compose("$CONF:/etc/prometheus"),
        "conf/prometheus.yml": "rule_files: []\n",
    }
    assert read(tmp_path, files).prometheuses[0].service == "prometheus"


def test_a_path_of_another_machine_is_matched_by_its_end(tmp_path: Path) -> None:
    files = {
        "monitoring/compose.yml": compose("/opt/monitoring/prometheus/p.yml:/etc/prometheus/prometheus.yml"),
        "monitoring/prometheus/p.yml": "rule_files: []\n",
    }
    assert read(tmp_path, files).prometheuses[0].service == "prometheus"


def test_each_of_several_prometheus_loads_its_own_rules(tmp_path: Path) -> None:
    files = {}
    for name, rules in (("one", RULES), ("two", RULES_OF_OTHERS)):
        files[f"{name}/compose.yml"] = compose(
            f"./{name}.yml:/etc/prometheus/prometheus.yml", "./r:/etc/prometheus/r"
        )
        files[f"{name}/{name}.yml"] = "rule_files: [r/*.yml]\n"
        files[f"{name}/r/rules.yml"] = rules
    setup = read(tmp_path, files)
    assert [rule.group.prometheuses[0].file for rule in setup.rules] == ["one/one.yml", "two/two.yml"]


def test_the_files_of_a_named_volume_are_not_known(tmp_path: Path) -> None:
    files = {
        "compose.yml": compose("./p.yml:/etc/prometheus/prometheus.yml", "rules:/etc/prometheus/rules"),
        "p.yml": "rule_files: [rules/*.yml]\n",
    }
    (pattern,) = read(tmp_path, files).prometheuses[0].patterns
    assert (pattern.files, pattern.is_known) == ((), False)


def test_files_of_scrape_configs_are_no_prometheus_of_their_own(tmp_path: Path) -> None:
    jobs = "scrape_configs: [{job_name: api, static_configs: [{targets: ['api:80']}]}]\n"
    files = {
        "p.yml": "global: {scrape_interval: 5s}\nscrape_config_files: ['jobs/*.yml']\n"
        + jobs.replace("api", "self"),
        "jobs/api.yml": jobs,
    }
    (server,) = read(tmp_path, files).prometheuses
    assert [(job.name, job.scrape_interval, job.file) for job in server.jobs] == [
        ("self", 5, "p.yml"),
        ("api", 5, "jobs/api.yml"),
    ]


def test_templates_of_alertmanager_are_read_with_their_text(tmp_path: Path) -> None:
    files = {
        "compose.yml": compose("./am:/etc/alertmanager", service="am", image="prom/alertmanager:v0.28.0"),
        "am/alertmanager.yml": "templates: [/etc/alertmanager/*.tmpl]\nroute: {receiver: a}\nreceivers: [{name: a}]\n",
        "am/a.tmpl": "{{ define 'x' }}{{ end }}",
    }
    (server,) = read(tmp_path, files).alertmanagers
    assert server.service == "am"
    assert [(template.file, template.text) for template in server.templates] == [
        ("am/a.tmpl", "{{ define 'x' }}{{ end }}")
    ]


def test_a_dashboard_knows_the_provider_that_loads_it(tmp_path: Path) -> None:
    volumes = ("./x.json:/boards/api/x.json", "./prov:/etc/grafana/provisioning")
    setup = read(
        tmp_path,
        {
            "compose.yml": compose(*volumes, service="grafana", image="grafana/grafana:12.0.0"),
            "x.json": BOARD,
            "y.json": BOARD.replace('"api"', '"y"'),
            "prov/dashboards/p.yml": PROVIDER,
            "prov/elsewhere/s.yml": SOURCE,
        },
    )
    assert [[provider.name for provider in board.providers] for board in setup.dashboards] == [["files"], []]
    assert [source.where for source in setup.grafana.sources] == ["prov/elsewhere/s.yml: datasources[0]"]


def test_the_content_of_a_config_in_a_compose_file_is_a_file_of_the_container(tmp_path: Path) -> None:
    text = """services:
  prometheus:
    image: prom/prometheus:v3.5.0
    configs:
    - {source: main, target: /etc/prometheus/prometheus.yml}
    - {source: rules, target: /etc/prometheus/rules.yml}
configs:
  main:
    content: |
      rule_files: [rules.yml]
  rules:
    content: |
      groups:
      - name: api
        rules:
        - {alert: Down, expr: up == 0, annotations: {summary: '{{ $$labels.job }} is down'}}
"""
    setup = read(tmp_path, {"compose.yml": text})
    (rule,) = setup.rules
    assert (str(rule.at("expr")), rule.annotations["summary"]) == (
        "compose.yml:16",
        "{{ $labels.job }} is down",
    )
    assert rule.group.prometheuses[0].service == "prometheus"
    assert not setup.troubles


def test_given_files_win_over_whatever_else_is_there(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        {
            "a/odd": "rule_files: [../r/x.txt]\n",
            "a/prometheus.yml": "rule_files: []\n",
            "r/x.txt": RULES,
            "am": "route: {receiver: a}\nreceivers: [{name: a}]\n",
            "boards/x.json": BOARD,
        },
    )
    setup = discover(
        [folder / "a"],
        folder,
        prometheus_configs=[folder / "a/odd"],
        alertmanager_configs=[folder / "am"],
        dashboards=[folder / "boards"],
    )
    assert [server.file for server in setup.prometheuses] == ["a/odd"]
    assert [rule.file for rule in setup.rules] == ["r/x.txt"]
    assert (len(setup.alertmanagers), len(setup.dashboards)) == (1, 1)


@pytest.mark.parametrize("mark", ["history.jsonl", "pyvenv.cfg"])
def test_copies_in_the_folder_of_a_run_or_of_packages_are_not_read(mark: str, tmp_path: Path) -> None:
    rules = "groups: [{name: g, rules: [{alert: Hot, expr: temperature > 80}]}]"
    for place in ("monitoring", "reports/now/rendered"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "rules.yml").write_text(rules, encoding="utf-8")
    (tmp_path / "reports/now" / mark).touch()
    assert [rule.file for rule in discover([tmp_path], tmp_path).rules] == ["monitoring/rules.yml"]
    asked = discover([tmp_path / "reports/now"], tmp_path).rules
    assert [rule.file for rule in asked] == ["reports/now/rendered/rules.yml"], "it is named: it is read"


def test_files_of_other_programs_are_ignored(tmp_path: Path) -> None:
    files = {
        "lock.json": '{"a": ' + "[" * 100,
        "ci.yml": "stages:\n\t- a\n",
        "promtail.yml": "positions: {}\nclients: []\nscrape_configs: []\n",
        "other.yaml": "providers: x\n  a: b\n",
    }
    setup = read(tmp_path, files)
    assert (setup.troubles, setup.prometheuses) == ((), ())


@pytest.mark.parametrize(("text", "line"), [(b"groups:\n- name: \xe4\n", 2), (b"groups:\n\t- name: a\n", 2)])
def test_a_file_that_prometheus_refuses_is_found_in_its_line(text: bytes, line: int, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(text)
    (finding,) = judge(discover([tmp_path], tmp_path)).findings
    assert (finding.rule, str(finding.place)) == ("file/unreadable", f"a.yml:{line}")


def test_a_byte_order_mark_windows_line_ends_and_anchors_are_read(tmp_path: Path) -> None:
    text = "groups:\n- name: a\n  rules:\n  - &base\n    alert: A\n    expr: up == 0\n  - <<: *base\n    alert: B\n"
    (tmp_path / "a.yml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    setup = discover([tmp_path], tmp_path)
    assert [(rule.name, rule.expression, rule.at().line) for rule in setup.rules] == [
        ("A", "up == 0", 5),
        ("B", "up == 0", 8),
    ]
    assert not setup.troubles
