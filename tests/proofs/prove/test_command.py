"""`promproof prove` as it is typed: its table, the tests that it writes, and what it says of files that are wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.cli import program
from promproof.cli import prove as command
from promproof.errors import InputError
from promproof.proofs.asking import Judge
from promproof.proofs.questions import Question, Reply
from promproof.proofs.rulefiles import read

pytestmark = pytest.mark.stack


def given(paths: tuple[Path, ...], **more: Any) -> dict[str, Any]:
    values = {"paths": tuple(map(str, paths)), "format": "json", "binary": (), "alertmanager": None}
    return {
        **values,
        "scrape_interval": None,
        "write_tests": None,
        "tests": (),
        "min_coverage": None,
        "no_cache": True,
        "mutants": False,
        "routes": False,
        **more,
    }


def rules(*alerts: str) -> str:
    return "groups:\n- name: g\n  rules:\n" + "".join(f"  - {alert}\n" for alert in alerts)


HOT = (
    "{alert: Hot, expr: max by (room) (temperature) > 80, for: 2m, labels: {severity: page}, "
    "annotations: {s: 'in {{ $labels.room }}: {{ $value }}'}}"
)


def test_the_test_files_that_are_written_pass_and_know_labels_and_annotations(
    tmp_path: Path, promtool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.yml").write_text(rules(HOT), encoding="utf-8")
    assert command.run(given((tmp_path,), write_tests=tmp_path / "made")) == 0
    assert json.loads(capsys.readouterr().out)["alerts"][0]["verdict"] == "proven"
    text = (tmp_path / "made" / "Hot.test.yml").read_text(encoding="utf-8")
    assert all(words in text for words in ("room: x", "s: 'in x:", "exp_alerts: []"))
    assert len(read([tmp_path]).alerts) == 1, (
        "the copies of the rules beside the tests are none of the folder's"
    )


def test_a_written_test_says_why_it_is_none_and_an_age_with_a_guard_has_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "{alert: %s, expr: %s, for: 5m, annotations: {s: '{{ $value | %s }}'}}"
    alerts = (
        text % ("Stopped", "(time() - (last_run > 0)) > 86400", "humanizeDuration"),
        text % ("Misspelt", "b > 5", "humanise"),
    )
    (tmp_path / "r.yml").write_text(rules(*alerts), encoding="utf-8")
    command.run(given((tmp_path,), write_tests=tmp_path / "made"))
    assert [file.name for file in (tmp_path / "made").glob("*.test.yml")] == ["Stopped.test.yml"]
    said = capsys.readouterr()
    assert 'function "humanise" not defined' in said.out + said.err


def test_a_rule_that_cannot_be_read_costs_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = (tmp_path / "a.yml", tmp_path / "b.yml")
    broken[0].write_text(
        rules("{alert: NoExpression}", HOT, "{alert: L, expr: a, labels: [x]}"), encoding="utf-8"
    )
    broken[1].write_text("groups: [", encoding="utf-8")
    resource = tmp_path / "c.yml"
    text = rules(HOT.replace("Hot", "InResource")).replace("\n", "\n  ")
    resource.write_text(
        f"kind: PrometheusRule\nspec:\n  {text}\n---\n{rules(HOT.replace('Hot', 'Second'))}", encoding="utf-8"
    )
    assert command.run(given((*broken, resource))) == 2
    told = json.loads(capsys.readouterr().out)
    assert [alert["alert"] for alert in told["alerts"]] == ["Hot", "InResource", "Second"]
    assert {alert["verdict"] for alert in told["alerts"]} == {"proven"}
    assert [line.partition(": ")[2] for line in told["not_read"]][:2] == [
        "group g: NoExpression: no expression",
        "group g: L: labels are no mapping",
    ]


def test_a_window_of_one_scrape_is_dead_at_the_folders_own_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.yml").write_text(rules("{alert: A, expr: 'rate(a_total[1m]) > 1'}"), encoding="utf-8")
    prometheus = tmp_path / "prometheus.yml"
    prometheus.write_text(
        "global: {scrape_interval: 1m}\nscrape_configs: [{job_name: x}]\n", encoding="utf-8"
    )
    assert command.run(given((tmp_path,), format="text")) == 1
    assert "the window holds one sample" in capsys.readouterr().out
    prometheus.write_text(
        "global: {scrape_interval: 15s}\nscrape_configs: [{job_name: x}]\n", encoding="utf-8"
    )
    assert command.run(given((tmp_path,), format="text")) == 0


CHAINED = """
groups:
- name: alerts
  rules:
  - {alert: High, expr: "job:errors:rate1m > 1"}
  - {alert: Untested, expr: "errors > 1"}
- name: records
  rules:
  - {record: "job:errors:rate1m", expr: "sum by (job) (rate(errors_total[1m]))"}
"""
CASES = """
rule_files: [r.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series: [{series: 'errors_total{job="x"}', values: '0+0x5 120+120x10'}]
  alert_rule_test:
  - {eval_time: 5m, alertname: High, exp_alerts: []}
  - {eval_time: %s, alertname: High, exp_alerts: [{exp_labels: {job: x}}]}
"""


@pytest.mark.parametrize(
    ("moment", "order", "chance"),
    [("6m", "", True), ("6m", "group_eval_order: [records, alerts]", False), ("8m", "", False)],
    ids=["at once", "with an order", "later"],
)
def test_a_test_file_that_passes_by_chance_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], moment: str, order: str, chance: bool
) -> None:
    (tmp_path / "r.yml").write_text(CHAINED, encoding="utf-8")
    (tmp_path / "t.yml").write_text(f"{order}{CASES % moment}", encoding="utf-8")
    command.run(given((tmp_path / "r.yml",), tests=(str(tmp_path / "t.yml"),)))
    told = json.loads(capsys.readouterr().out)
    assert [alert["tests"] for alert in told["alerts"]] == [2, 0]
    noticed = [row["todo"] for row in told["noticed"]]
    assert noticed == (["write group_eval_order: [records, alerts]"] if chance else [])


def test_a_gauge_that_falls_stands_where_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        rules("{alert: Full, expr: 'predict_linear(free[3h], 24 * 3600) < 0', for: 30m}"), encoding="utf-8"
    )
    assert command.run(given((tmp_path / "r.yml",), write_tests=tmp_path / "made")) == 0
    assert (tmp_path / "made" / "Full.test.yml").is_file()


def test_what_is_compared_with_its_own_past_has_a_test_as_well(tmp_path: Path) -> None:
    alerts = (
        "{alert: Shrunk, expr: '(size - size offset 1d) / size offset 1d < -0.5', for: 1h}",
        "{alert: Spike, expr: 'rate(asked[5m]) > 1.5 * avg_over_time(rate(asked[5m])[1h:1m])', for: 2m}",
    )
    (tmp_path / "r.yml").write_text(rules(*alerts), encoding="utf-8")
    command.run(given((tmp_path / "r.yml",), write_tests=tmp_path / "made"))
    made = {file.name for file in (tmp_path / "made").glob("*.test.yml")}
    assert made == {"Shrunk.test.yml", "Spike.test.yml"}
    shrunk = (tmp_path / "made" / "Shrunk.test.yml").read_text(encoding="utf-8")
    assert "500x" in shrunk.replace("500+0x", "500x"), "half of what it was, exactly"


def test_tests_of_too_few_alerts_fail_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yml").write_text(CHAINED, encoding="utf-8")
    (tmp_path / "t.yml").write_text(CASES % "8m", encoding="utf-8")
    files = {"tests": (str(tmp_path / "t.yml"),), "format": "text"}
    assert command.run(given((tmp_path / "r.yml",), min_coverage=50, **files)) == 0
    assert "tests: 50 % of the alerts have a firing and a silent case" in capsys.readouterr().out
    assert command.run(given((tmp_path / "r.yml",), min_coverage=51, **files)) == 1
    assert "--min-coverage 51: the tests cover 50 % of the alerts" in capsys.readouterr().err
    with pytest.raises(InputError, match="nothing that could cover"):
        command.run(given((tmp_path / "r.yml",), min_coverage=51))


def test_an_unchanged_rule_is_not_proven_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, caches = tmp_path / "r.yml", tmp_path / "caches"
    monkeypatch.setattr("promproof.proofs.run.proofs_folder", lambda: caches / "proofs")
    asked: list[int] = []

    def counted(judge: Judge, questions: Sequence[Question]) -> list[Reply]:
        asked.append(len(questions))
        return ask(judge, questions)

    monkeypatch.setattr(Judge, "ask", counted)

    def told() -> Any:
        asked.clear()
        command.run(given((file,), no_cache=False))
        return json.loads(capsys.readouterr().out)

    file.write_text(rules(HOT), encoding="utf-8")
    first = told()
    assert sum(asked) > 0
    assert (told(), sum(asked)) == (first, 0), "a second run asks nothing and says the same"
    file.write_text(rules(HOT.replace("in {{", "inside {{")), encoding="utf-8")
    assert (told(), sum(asked)) == (first, 0), "annotations decide nothing"
    file.write_text(rules(HOT.replace("> 80", "> 81")), encoding="utf-8")
    told()
    assert sum(asked) > 0, "another threshold is another rule"
    for held in caches.rglob("*.json"):
        held.write_text('{"verdict": "dead"', encoding="utf-8")
    file.write_text(rules(HOT), encoding="utf-8")
    assert told() == first, "a corrupt cache is ignored"


ask = Judge.ask


def test_the_settings_of_a_group_are_honoured_or_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = rules(
        "{alert: A, expr: a > 1, for: 90s, keep_firing_for: 2m}",
        "{alert: S, expr: sum(b) > 1, for: 90s}",
        "{alert: T, expr: sum by (team) (c) > 1, for: 90s}",
    )
    more = "- name: g\n  interval: 1m\n  limit: 2\n  query_offset: 30s\n"
    (tmp_path / "r.yml").write_text(text.replace("- name: g\n", more), encoding="utf-8")
    assert command.run(given((tmp_path,))) == 0
    alert, other, grouped = json.loads(capsys.readouterr().out)["alerts"]
    assert alert["seconds_to_firing"] == 180, "a minute for the offset, two for `for`"
    assert [note.partition(":")[0] for note in alert["notes"]] == [
        "evaluated every 1m",
        "query_offset 30s",
        "keep_firing_for 2m",
        "limit 2 of its group",
    ]
    assert "3 series at once make 3 alerts, and Prometheus keeps none" in alert["notes"][-1]
    assert "it has 1 alert with 3 series, within it" in other["notes"][-1]
    assert "3 series at once make 3 alerts" in grouped["notes"][-1], "of three teams"
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    prometheus = "global: {evaluation_interval: 20s}\nscrape_configs: [{job_name: x}]\n"
    (tmp_path / "prometheus.yml").write_text(prometheus, encoding="utf-8")
    assert command.run(given((tmp_path,))) == 0
    alert, *_ = json.loads(capsys.readouterr().out)["alerts"]
    assert alert["seconds_to_firing"] == 100


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rule file is there"):
        command.run(given((tmp_path,)))


def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    broken, other, missing = tmp_path / "a.yml", tmp_path / "b.yml", tmp_path / "c.yml"
    broken.write_text("groups:\n- name: [\n", encoding="utf-8")
    other.write_text("{}\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        command.run(given((broken, other, missing)))
    first = str(refused.value).splitlines()[0]
    assert [first.count(str(file)) for file in (broken, other, missing)] == [1, 1, 1]
    assert first.startswith(f"{broken}:3: not YAML")


ORDERS = 'rate(kiosk_orders_total{code=~"4..|5.."}[%s])'
SHARE = f"sum({ORDERS}) / sum(rate(kiosk_orders_total[%s])) > 0.2"
ROUTES = """
route:
  receiver: attic
  routes:
    - {matchers: ['severity="Page"'], receiver: counter}
    - {matchers: ['team=~"(?i)TILL"'], receiver: till}
receivers:
  - {name: attic, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
  - {name: counter, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
  - {name: till, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
"""
REAL = {
    "by team": (SHARE % ("5m", "5m"), "labels: {severity: page, team: till}", "proven", "till"),
    "severity spelt otherwise": (SHARE % ("5m", "5m"), "labels: {severity: page}", "proven", "attic"),
    "only in office hours": (SHARE % ("5m", "5m") + " and on () (hour() >= 8 < 18)", "", "proven", "attic"),
    "a window of one scrape": (SHARE % ("1m", "1m"), "", "dead", "attic"),
    "a record of a later group": ("job:refusals:ratio > 0.2", "", "proven", "attic"),
    "kept firing": (SHARE % ("5m", "5m"), "keep_firing_for: 5m", "proven", "attic"),
    "many to many": (
        f"{ORDERS % '2m'} / on (job) rate(kiosk_orders_total[2m]) > 0.2",
        "labels: {severity: Page}",
        "contradicted",
        "counter",
    ),
    "with traffic": (
        SHARE % ("5m", "5m") + " and sum(rate(kiosk_orders_total[5m])) > 1",
        "",
        "proven",
        "attic",
    ),
    "without le": (
        "histogram_quantile(0.9, sum by (job) (rate(order_seconds_bucket[2m]))) > 1",
        "",
        "dead",
        "attic",
    ),
}
LATER = """- name: later
  rules:
  - {record: "job:refusals:ratio", expr: '%s'}
"""


def test_real_trouble_is_told_from_healthy_alerts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Troubles that people had, made small: each is named, and what is healthy is proven."""
    alerts = [f"{{alert: {n!r}, expr: '{e}', for: 1m, {more}}}" for n, (e, more, _, _) in REAL.items()]
    record = SHARE.removesuffix(" > 0.2") % ("5m", "5m")
    (tmp_path / "r.yml").write_text(rules(*alerts) + LATER % record, encoding="utf-8")
    prometheus = (
        "global: {scrape_interval: 1m, evaluation_interval: 1m}\nscrape_configs: [{job_name: kiosk}]\n"
    )
    (tmp_path / "prometheus.yml").write_text(prometheus, encoding="utf-8")
    (tmp_path / "alertmanager.yml").write_text(ROUTES, encoding="utf-8")
    assert command.run(given((tmp_path,), alertmanager=tmp_path / "alertmanager.yml")) == 1
    told = json.loads(capsys.readouterr().out)["alerts"]
    found = {a["alert"]: (a["verdict"], *a["reaches"]["receivers"]) for a in told}
    assert found == {name: tuple(row[2:]) for name, row in REAL.items()}


def test_a_check_tells_which_alerts_cannot_fire_when_it_is_asked_to(
    tmp_path: Path, promtool: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("promproof.proofs.run.proofs_folder", lambda: tmp_path / "caches")
    healthy = "{alert: Fine, expr: max by (room) (temperature) > 80, for: 2m}"
    dead = "{alert: Never, expr: sum by (instance) (a) / b > 1, for: 2m}"
    itself = "{alert: Share, expr: 'rate(c_total{s=\"bad\"}[5m]) / rate(c_total[5m]) > 0.05', for: 2m}"
    (tmp_path / "r.yml").write_text(rules(healthy, dead, itself), encoding="utf-8")
    status = program.main(["check", "--severity", "error", "--prove", "r.yml"])
    said = capsys.readouterr().out
    assert status == 1
    assert "`job` is on the right side of / only" in said
    assert said.endswith("proofs: 1 proven, 1 dead, 1 contradicted; 3 of 3 decided\n")
    monkeypatch.setattr("promproof.cli.check.proofs_folder", lambda: tmp_path / "caches")
    assert program.main(["check", "--only", "proof", "r.yml", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [alert["verdict"] for alert in told["proofs"]["alerts"]] == ["proven", "dead", "contradicted"]
    for number, found in enumerate(told["findings"]):
        _, _, test = found["see"].partition("\n")
        (tmp_path / f"{number}.yml").write_text(test, encoding="utf-8")
        (tmp_path / f"{number}-twin.yml").write_text(_other_answer(test), encoding="utf-8")
    ran = [
        subprocess.run(
            [promtool, "test", "rules", f"{name}.yml"], capture_output=True, check=False
        ).returncode
        for name in ("0", "1", "0-twin", "1-twin")
    ]
    assert ran == [0, 0, 1, 1], "what the finding shows passes, and does not when the alert did otherwise"


def _other_answer(test: str) -> str:
    document = yaml.safe_load(test)
    sample = document["tests"][0]["promql_expr_test"][0]["exp_samples"][0]
    sample["value"] = 1 - sample["value"]
    return json.dumps(document)
