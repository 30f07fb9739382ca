"""The run copy: what must change has changed, what must not has not, and every difference is declared."""

from pathlib import Path
from typing import Any

import pytest

from promproof.config.timescale import TimeScale
from promproof.config.yamlfile import dump, load
from promproof.errors import InputError
from promproof.render.monitoring import render
from tests.render.bench import (
    ADDRESSES,
    ALL_JOBS,
    HOOK,
    RECEIVERS,
    Render,
    alertmanager,
    declared,
    job,
    prometheus,
    replace,
)

pytestmark = pytest.mark.unit


def test_the_address_of_a_job_is_replaced(rendered: Render) -> None:
    result = rendered()
    assert job(result, "shop")["static_configs"] == [
        {"targets": ["127.0.0.1:8000"], "labels": {"shard": "0123"}}
    ]
    change = declared(result, "scrape_configs[shop].static_configs")
    assert change.before == "[{targets: ['shop.example:8000'], labels: {shard: 0123}}]"
    assert change.file == "prometheus/prometheus.yml"


def test_the_rest_of_a_job_is_kept(rendered: Render) -> None:
    shop = job(rendered(), "shop")
    assert shop["basic_auth"] == {"username": "scraper", "password": "hunter2"}
    assert shop["metrics_path"] == "/stats"


def test_text_that_looks_like_a_number_stays_as_written(rendered: Render) -> None:
    text = rendered().prometheus_config.read_text()
    assert "region: yes\n" in text
    assert "build: 1.10\n" in text
    assert "shard: 0123\n" in text


def test_a_given_address_replaces_the_discovery(rendered: Render) -> None:
    assert job(rendered(), "hosts") == {
        "job_name": "hosts",
        "scrape_interval": "15s",
        "static_configs": [{"targets": ["127.0.0.1:9100"]}],
    }


TARGETS = {
    "groups.json": '[{"targets": ["a:1"], "labels": {"team": "care", "svc": "shop"}}, {"targets": ["b:1"]}]',
    "groups.yml": "- targets: [a:1]\n  labels: {team: care, svc: shop}\n",
}


@pytest.mark.parametrize("name", TARGETS)
def test_labels_of_a_file_of_targets_stay(name: str, folder: Path, rendered: Render) -> None:
    path = folder / "prometheus" / "prometheus.yml"
    data = load(path, "a configuration").data
    [shop] = [job for job in data["scrape_configs"] if job["job_name"] == "shop"]
    del shop["static_configs"]
    shop["file_sd_configs"] = [{"files": ["/etc/prometheus/targets/*"]}]
    path.write_text(dump(data), encoding="utf-8")
    (path.parent / "targets").mkdir()
    (path.parent / "targets" / name).write_text(TARGETS[name], encoding="utf-8")
    (path.parent / "targets" / "torn.yml").write_text("- targets: [", encoding="utf-8")
    made = job(rendered(), "shop")
    assert made["static_configs"] == [
        {"targets": ["127.0.0.1:8000"], "labels": {"team": "care", "svc": "shop"}}
    ]
    assert "file_sd_configs" not in made


def test_a_job_without_an_address_is_left_out(rendered: Render) -> None:
    result = rendered(addresses=ADDRESSES)
    names = [job["job_name"] for job in prometheus(result)["scrape_configs"]]
    assert names == ["shop", "hosts", "itself"]
    assert declared(result, "scrape_configs[containers]").after is None


def test_an_address_for_a_job_that_is_not_there_is_a_finding(rendered: Render) -> None:
    findings = [str(finding) for finding in rendered(addresses={**ALL_JOBS, "api": "127.0.0.1:1"}).findings]
    assert findings == [
        "prometheus/prometheus.yml, scrape_configs: no job is called api; "
        "the jobs are: shop, hosts, itself, containers"
    ]


def test_a_job_without_targets_gets_none_and_is_a_finding(folder: Path, rendered: Render) -> None:
    replace(folder / "prometheus/prometheus.yml", 'targets: ["cadvisor:8080"]', "targets: []")
    result = rendered()
    assert job(result, "containers")["static_configs"] == [{"targets": []}]
    assert "scrape_configs[containers]: it has no targets, and gets none" in str(result.findings[0])


def test_the_scheme_of_an_address_is_kept(rendered: Render) -> None:
    result = rendered(addresses={"shop": "https://127.0.0.1:8443", "itself": "http://127.0.0.1:9090"})
    assert job(result, "shop")["scheme"] == "https"
    assert "scheme" not in job(result, "itself")


def test_several_addresses_of_a_job_are_all_scraped(rendered: Render) -> None:
    result = rendered(addresses={"shop": ["127.0.0.1:1", "127.0.0.1:2"]})
    assert job(result, "shop")["static_configs"][0]["targets"] == ["127.0.0.1:1", "127.0.0.1:2"]


@pytest.mark.parametrize("address", ["127.0.0.1", "http://127.0.0.1:80/metrics", "ftp://a:1", "", []])
def test_an_address_that_is_none_is_refused(rendered: Render, address: Any) -> None:
    with pytest.raises(InputError, match=r"shop"):
        rendered(addresses={"shop": address})


def test_relabelling_that_depends_on_the_discovery_is_told(folder: Path, rendered: Render) -> None:
    replace(
        folder / "prometheus/prometheus.yml",
        "      - files: [hosts.json]",
        "      - files: [hosts.json]\n    relabel_configs:\n"
        "      - {source_labels: [__meta_filepath], target_label: __address__}\n"
        "      - {source_labels: [__meta_filepath], target_label: file}\n"
        "      - {source_labels: [__meta_filepath], regex: a, action: keep}",
    )
    result = rendered()
    [made] = [job for job in prometheus(result)["scrape_configs"] if "relabel_configs" in job]
    assert [rule["target_label"] for rule in made["relabel_configs"]] == ["file"]
    reasons = [change.reason for change in result.changes if "relabel_configs" in change.key]
    assert reasons == [
        "it asks for what only the discovery knows",
        "the run has an address of its own",
    ]
    [message] = [finding.message for finding in result.findings]
    assert message == "they write file from labels of the discovery, which this run does without"


def test_a_static_job_that_sets_its_address_is_a_finding(folder: Path, rendered: Render) -> None:
    replace(
        folder / "prometheus/prometheus.yml",
        "      - files: [hosts.json]",
        "      - files: [hosts.json]\n    relabel_configs:\n"
        "      - {replacement: 'a:1', target_label: __address__}",
    )
    [message] = [finding.message for finding in rendered().findings]
    assert "they set __address__" in message


def test_the_alertmanager_of_the_run_replaces_that_of_production(rendered: Render) -> None:
    entries = prometheus(rendered())["alerting"]["alertmanagers"]
    assert entries == [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]


def test_an_alertmanager_that_the_folder_forgot_is_a_finding(folder: Path, rendered: Render) -> None:
    file = folder / "prometheus/prometheus.yml"
    text = file.read_text()
    file.write_text(text[: text.index("alerting:")] + text[text.index("remote_write:") :])
    result = rendered()
    assert "alerting" not in prometheus(result)
    assert "no Alertmanager is configured: alerts reach nobody" in str(result.findings)


def test_a_run_without_an_alertmanager_sends_no_alerts(rendered: Render) -> None:
    result = rendered(alertmanager=None, receivers={})
    assert prometheus(result)["alerting"] == {}
    assert result.alertmanager_config is None


def test_remote_write_is_removed(rendered: Render) -> None:
    result = rendered()
    assert "remote_write" not in prometheus(result)
    assert declared(result, "remote_write").reason == "nothing leaves this machine"


def test_notifications_go_to_the_given_url(rendered: Render) -> None:
    result = rendered()
    receivers = {receiver["name"]: receiver for receiver in alertmanager(result)["receivers"]}
    assert receivers["pager"]["webhook_configs"] == [{"url": HOOK, "send_resolved": False, "max_alerts": 10}]
    assert receivers["hook"]["webhook_configs"] == [{"url": HOOK}]


def test_a_mail_receiver_becomes_a_webhook_with_the_defaults_of_mail(rendered: Render) -> None:
    result = rendered()
    people = alertmanager(result)["receivers"][0]
    # Mail does not tell the end of an alert by default, a webhook does.
    assert people == {"name": "people", "webhook_configs": [{"url": HOOK, "send_resolved": False}]}
    assert declared(result, "receivers[people].email_configs").after is None


def test_a_receiver_without_a_url_notifies_nobody(rendered: Render) -> None:
    result = rendered(receivers={"pager": HOOK})
    assert alertmanager(result)["receivers"][2] == {"name": "hook"}
    assert "nothing leaves this machine" in declared(result, "receivers[hook].webhook_configs").reason


def test_a_receiver_that_is_misspelt_or_empty_is_a_finding(rendered: Render) -> None:
    messages = [f.message for f in rendered(receivers={**RECEIVERS, "quiet": HOOK, "pagers": HOOK}).findings]
    assert messages == [
        "no receiver is called pagers; the receivers are: people, pager, hook, quiet",
        "it has no integration, and gets none: the given URL is not used",
    ]


def test_rule_files_stay_the_same_at_scale_1(folder: Path, rendered: Render) -> None:
    result = rendered()
    (copy,) = result.rule_files
    assert copy.read_bytes() == (folder / "prometheus/rules/shop.yml").read_bytes()
    assert not [change for change in result.changes if change.file.endswith("shop.yml")]


def test_the_time_scale_is_applied_everywhere(rendered: Render) -> None:
    result = rendered(scale=TimeScale(60))
    assert prometheus(result)["global"]["evaluation_interval"] == "250ms"
    assert job(result, "shop")["scrape_interval"] == "250ms"
    assert alertmanager(result)["route"]["group_interval"] == "2s"
    rules = load(result.rule_files[0], "rules").data["groups"][0]["rules"]
    assert rules[0]["expr"] == 'sum by (job) (rate(orders_total{path=~"/v\\\\d+/.*"}[5s] offset 1s))'
    assert (rules[1]["for"], rules[1]["keep_firing_for"]) == ("5s", "10s")
    assert (rules[1]["labels"], rules[1]["annotations"]) == (
        {"severity": "page", "window": "5m"},
        {"summary": "no orders for [5m], in 5m"},
    )
    assert declared(result, "groups[shop].rules[OrdersFailing].for").reason == "time scale 60"


def test_a_rule_that_means_something_else_when_scaled_is_a_finding(folder: Path, rendered: Render) -> None:
    rules = folder / "prometheus/rules/shop.yml"
    replace(
        rules, "expr: vector(1)", 'expr: increase(a[5m]) > 10\n        annotations: {s: "{{ query `up` }}"}'
    )
    messages = [finding.message for finding in rendered(scale=TimeScale(60)).findings]
    assert messages == [
        "time scale 60: increase() counts what happens in its window: a shorter window holds less",
        "time scale 60: queries in templates are not scaled",
    ]
    assert rendered(scale=TimeScale(1)).findings == ()


def test_a_refused_time_scale_names_file_and_line(folder: Path, rendered: Render) -> None:
    with pytest.raises(InputError) as caught:
        rendered(scale=TimeScale(200))
    place = f"{folder}/prometheus/prometheus.yml:23, scrape_configs[shop].scrape_interval"
    assert str(caught.value).startswith(f"{place}: time scale 200 is too large")


def test_a_job_keeps_its_line_when_one_before_it_is_dropped(folder: Path, rendered: Render) -> None:
    with pytest.raises(InputError) as caught:
        rendered(scale=TimeScale(200), addresses={"itself": "127.0.0.1:9090"})
    assert caught.value.where.startswith(f"{folder}/prometheus/prometheus.yml:39, scrape_configs[itself]")


def test_a_measured_scrape_duration_limits_the_time_scale(rendered: Render) -> None:
    with pytest.raises(InputError, match=r"shop.* would be scraped every 250 ms"):
        rendered(scale=TimeScale(60), scrape_seconds={"shop": 0.1})


def test_the_difference_is_shown_without_secrets(rendered: Render) -> None:
    diff = rendered(scale=TimeScale(60)).diff
    assert "--- monitoring/prometheus/prometheus.yml\n+++ run/prometheus/prometheus.yml\n" in diff
    assert "-    - shop.example:8000\n+    - 127.0.0.1:8000\n" in diff
    assert "-    expr: max_over_time(job:orders:rate5m[1h:1m]) > 5\n-    for: 5m\n" in diff
    assert "+    expr: max_over_time(job:orders:rate5m[1m:1s]) > 5\n+    for: 5s\n" in diff
    assert "hunter2" not in diff


def test_every_changed_file_has_a_declared_change(rendered: Render) -> None:
    result = rendered(scale=TimeScale(60))
    files = {line[len("+++ run/") :] for line in result.diff.splitlines() if line.startswith("+++ ")}
    assert files == {change.file for change in result.changes}


def test_a_difference_of_very_long_files_is_named_and_not_drawn(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promproof.render.runcopy._MOST_LINES", 5)
    out = render(shop, tmp_path, scale=TimeScale(5), addresses={}, alertmanager=None, receivers={})
    assert "+++ run/prometheus/prometheus.yml\n@@ too long to be compared line by line" in out.diff
    assert out.changes
