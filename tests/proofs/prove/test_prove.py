"""Every kind of expression at its boundary, judged by the real promtool: one run for all rows."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from promproof.cli import program
from promproof.cli import prove as command
from promproof.errors import InputError
from promproof.proofs.asking import Judge, steady
from promproof.proofs.evaluate import Evaluation, World
from promproof.proofs.outcome import Alert, Outcome
from promproof.proofs.prove import prove
from promproof.proofs.questions import Question, Reply
from promproof.proofs.rulefiles import read
from promproof.proofs.tree import NotCovered, parse
from promproof.proofs.world import LEVEL, SLOPE, Family
from promproof.stack.binaries import find_binary
from tests.proofs.prove import grammar

pytestmark = pytest.mark.stack

RECORDINGS: list[Mapping[str, Any]] = [
    {
        "record": "job:errors:ratio",
        "expr": 'sum by (job) (rate(e_total{c=~"5.."}[2m])) / sum by (job) (rate(e_total[2m]))',
    },
    {"record": "job:twice", "expr": "2 * job:errors:ratio"},
]
FLIPS = {
    "gauge": ("a > 5", "> 5"),
    "gauge below": ("a < 0.25", "< 0.25"),
    "at least": ("a >= 100", ">= 100"),
    "a state": ("a == 2", "== 2"),
    "not a state": ("a != 1", "!= 1"),
    "number on the left": ("5 < a", "> 5"),
    "rate": ("rate(a_total[5m]) > 0.5", "> 0.5"),
    "increase": ("increase(a_total[5m]) > 10", "> 10"),
    "delta that falls": ("delta(a[5m]) < -3", "< -3"),
    "deriv": ("deriv(a[5m]) > 0.2", "> 0.2"),
    "predict": ("predict_linear(a[1h], 4 * 3600) < 0", "< 0"),
    "changes": ("changes(a[5m]) > 3", "> 3"),
    "resets": ("resets(a[5m]) > 2", "> 2"),
    "average over time": ("avg_over_time(a[10m]) < 0.9", "< 0.9"),
    "quantile over time": ("quantile_over_time(0.9, a[5m]) > 7", "> 7"),
    "share of itself": ('sum(rate(a_total{code=~"5.."}[5m])) / sum(rate(a_total[5m])) > 0.05', "> 0.05"),
    "share with traffic": (
        'sum(rate(a_total{code=~"5.."}[5m])) / sum(rate(a_total[5m])) > 0.05 and sum(rate(a_total[5m])) > 1',
        "> 0.05",
    ),
    "what is left": ("1 - free / total > 0.85", "> 0.85"),
    "percent": ("100 * used / (used + free) > 90", "> 90"),
    "classic histogram": ("histogram_quantile(0.99, sum by (le) (rate(d_bucket[5m]))) > 0.5", "> 0.5"),
    "bucket share": ('1 - sum(rate(d_bucket{le="0.5"}[5m])) / sum(rate(d_count[5m])) > 0.01', "> 0.01"),
    "count of series": ("count(a) > 2", "> 2"),
    "share of series": ("count(a == 0) / count(a) > 0.5", "> 0.5"),
    "bool": ("sum(a == bool 1) < 2", "< 2"),
    "average by": ("avg by (job) (a) > 3", "> 3"),
    "top": ("topk(1, a) > 3", "> 3"),
    "info metric": ("a * on (instance) group_left (version) info > 3", "> 3"),
    "without": ("sum without (cpu) (a) / b > 2", "> 2"),
    "unless": ("a > 5 unless on (instance) b == 1", "> 5"),
    "offset": ("a - a offset 1h > 5", "> 5"),
    "fewer series than before": ("count(a) < count(a offset 1h)", "< other side"),
    "a share of what was": (
        "sum(rate(a_total[5m])) < 0.5 * sum(rate(a_total[5m] offset 1d))",
        "< other side",
    ),
    "two windows of a rate": ("rate(a_total[5m]) > 3 * rate(a_total[1h])", "> other side"),
    "a counter that stands still": (
        "increase(a_total[1h]) == 0 and increase(a_total[1h] offset 1h) > 0",
        "== 0",
    ),
    "down, and was up": ("up == 0 and max_over_time(up[1h]) == 1", "== 0"),
    "a new series": ("a unless a offset 10m", "any series"),
    "a series that went": ("present_over_time(a[1h]) unless a", "any series"),
    "far from its average": ("(a - avg_over_time(a[1d])) / stddev_over_time(a[1d]) > 4", "> 4"),
    "a quantile that rose": (
        "histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m]))) > 2 * "
        "histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m] offset 1h)))",
        "> other side",
    ),
    "one that differs from the others": (
        "abs(a - on (job) group_left avg by (job) (a)) / on (job) group_left avg by (job) (a) > 0.3",
        "> 0.3",
    ),
    "a quantile with a label of another": (
        "histogram_quantile(0.9, sum by (instance, le) (rate(d_bucket[5m])) * on (instance) group_left (node) "
        "name_of_node) > 2",
        "> 2",
    ),
    "scrapes that were missed": ("count_over_time(a[10m]) < 20", "< 20"),
    "a value that swings": ("stddev_over_time(a[10m]) > 5", "> 5"),
    "age of a sample": ("timestamp(a) - a > 300", "> 300"),
    "a guard first": ("a > 0 and time() - a > 3600", "> 0"),
    "a volume that fills up": ("predict_linear(a[1d], 86400) < b", "< other side"),
    "subquery": ("max_over_time(rate(a_total[1m])[10m:1m]) > 2", "> 2"),
    "share of what is not good": (
        'sum(rate(a_total{code!="OK"}[5m])) / sum(rate(a_total[5m])) > 0.3',
        "> 0.3",
    ),
    "count that groups by instance": ("count by (instance) (a) > 10", "> 10"),
    "sum of two": ("sum(increase(a_total[5m])) + sum(increase(b_total[5m])) > 10", "> 10"),
    "rounded": ("round(increase(a_total[5m])) > 3", "> 3"),
    "age of what has run": ("time() - (a > 0) > 10800", "> 10800"),
    "age": ("time() - a > 3600", "> 3600"),
    "label replace": ('label_replace(a, "node", "$1", "instance", "(.*)") > 1', "> 1"),
    "clamp": ("clamp_min(a, 1) > 3", "> 3"),
    "scalar": ("a > scalar(sum(b)) + 1", "> other side"),
    "recorded": ("job:errors:ratio > 0.1", "> 0.1"),
    "recorded twice": ("job:twice > 0.1", "> 0.1"),
    "absent": ('absent(up{job="x"})', "no series"),
    "absent over time": ('absent_over_time(up{job="x"}[10m])', "no series"),
    "presence": ('a{name=~".*new.*"}', "any series"),
    "office hours": ("a > 5 and on () (hour() >= 8 < 18)", "> 5"),
}
DEAD = {
    "label on one side": ("sum by (instance) (a) / b > 1", "`job` is on the right side of / only"),
    "value on one side": (
        'a{s="hit"} / (a{s="hit"} + a{s="miss"}) > 1',
        "`s` is 'hit' on the left side of +",
    ),
    "no le": ("histogram_quantile(0.9, sum by (job) (rate(d_bucket[5m]))) > 1", "`le` is dropped"),
    "count of none": ("count(a) == 0", "never below 1"),
    "sum of zeros": ("sum(a == 0) > 0", "always 0"),
    "a percentage of a share": (
        'sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 5',
        "never above 1",
    ),
    "more than the whole": (
        "rate(a_total[5m]) / (rate(a_total[5m]) + rate(b_total[5m])) > 25",
        "never above 1",
    ),
    "a share of itself by group": (
        'sum by (code) (rate(a_total{code="500"}[5m])) / sum by (code) (rate(a_total[5m])) > 5',
        "always 1",
    ),
    "an hour that is none": ("a > 1 and on () hour() > 23", "never above 23"),
    "a matcher that refuses all": ('a{s!~".*"} > 1', "no value of `s`"),
    "two values": ('a{s="x",s="y"} > 1', "no value of `s`"),
}
CONTRADICTED = {
    "divided by itself": (
        'rate(a_total{code="500"}[5m]) / rate(a_total[5m]) > 0.1',
        "each series is divided by itself",
    ),
    "divided by itself in groups": (
        'sum by (code) (rate(a_total{code!~"2.."}[5m])) / sum by (code) (rate(a_total[5m])) == 1',
        "each series is divided by itself",
    ),
    "many to many": ('rate(a_total{code=~"5.."}[5m]) / on (job) rate(a_total[5m]) > 0.2', "several series"),
}
OPEN = {
    "native histogram": ("histogram_quantile(0.9, sum(rate(lat[5m]))) > 0.5", "native histogram"),
    "more than two windows of a rate can show": (
        "rate(a_total[5m]) > 30 * rate(a_total[1h])",
        "compares a_total with its own past",
    ),
    "unknown function": ("histogram_fraction(0, 1, a) > 1", "histogram_fraction"),
    "another dialect": ("a > default 5", "can't be read"),
}


@pytest.fixture(scope="module")
def promtool() -> Path:
    return find_binary("promtool").path


@pytest.fixture(scope="module")
def outcomes(promtool: Path) -> dict[str, Outcome]:
    rows = {name: row[0] for table in (FLIPS, DEAD, CONTRADICTED, OPEN) for name, row in table.items()}
    alerts = [
        Alert(name, text, 120.0, {"alert": name, "expr": text, "for": "2m"}) for name, text in rows.items()
    ]
    found = prove(alerts, RECORDINGS, Judge(promtool), scrape=15.0)
    return {outcome.alert.name: outcome for outcome in found}


@pytest.mark.parametrize("kind", FLIPS)
def test_an_alert_flips_where_it_is_written(outcomes: dict[str, Outcome], kind: str) -> None:
    found = outcomes[kind]
    assert (found.verdict, found.flips) == ("proven", FLIPS[kind][1]), found.reason
    assert found.course is not None
    assert 120 <= found.course.pending <= found.course.latency + 15, "its `for` is 2m"
    assert found.course.resolved


@pytest.mark.parametrize("kind", DEAD)
def test_an_alert_that_cannot_fire_is_dead_with_the_reason(outcomes: dict[str, Outcome], kind: str) -> None:
    assert outcomes[kind].verdict == "dead"
    assert DEAD[kind][1] in outcomes[kind].reason


@pytest.mark.parametrize("kind", CONTRADICTED)
def test_an_alert_that_does_otherwise_than_written_is_contradicted(
    outcomes: dict[str, Outcome], kind: str
) -> None:
    assert outcomes[kind].verdict == "contradicted"
    assert CONTRADICTED[kind][1] in outcomes[kind].reason


@pytest.mark.parametrize("kind", OPEN)
def test_what_is_not_covered_says_why(outcomes: dict[str, Outcome], kind: str) -> None:
    assert outcomes[kind].verdict == "not covered"
    assert OPEN[kind][1] in outcomes[kind].reason


def test_the_search_reads_random_expressions_as_promtool_does(promtool: Path) -> None:
    chance = random.Random(3)
    families = [
        Family(0, "g", {"job": "j", "instance": "i"}, {LEVEL: 7.0}),
        Family(1, "g", {"job": "j", "instance": "k"}, {LEVEL: 3.0}),
        Family(2, "c", {"job": "j", "instance": "i"}, {SLOPE: 2.0}),
    ]
    series = {"g": [*families[0].series({}), *families[1].series({})], "c": list(families[2].series({}))}
    expressions = [_random(chance, 3) for _ in range(60)]
    question = Question(
        steady(families, {}, 15.0, 1200.0),
        [(text, 1200.0) for text in expressions],
        [PLAIN_RULE],
        15.0,
        300.0,
    )
    reply = Judge(promtool).ask([question])[0]
    assert not any(reply.errors), reply.errors
    for text, values in zip(expressions, reply.values, strict=True):
        found = Evaluation(World(series, 15.0)).vector(parse(text), 1200.0)
        expected = sorted(value for value, gap in found.values() if gap == 0)
        assert sorted(values) == pytest.approx(expected, rel=1e-6, nan_ok=True), text


PLAIN_RULE = {"record": "r", "expr": "vector(1)"}


def _random(chance: random.Random, depth: int) -> str:
    if not depth:
        return chance.choice(
            ("g", "rate(c[5m])", 'g{instance="i"}', "increase(c[2m])", "avg_over_time(g[5m])")
        )
    inner, other = _random(chance, depth - 1), _random(chance, depth - 1)
    number = chance.choice((0.5, 2, 5, 100))
    return chance.choice(
        (
            f"sum by (job) ({inner})",
            f"max({inner})",
            f"count without (instance) ({inner})",
            f"({inner} {chance.choice('+-*/')} {number})",
            f"({inner} {chance.choice(('>', '<', '>=', '<=', '!='))} {number})",
            f"({inner} > bool {number})",
            f"(sum({inner}) {chance.choice('+-*')} sum({other}))",
            f"({inner} {chance.choice(('and', 'or', 'unless'))} {other})",
            f"abs({inner})",
            f"clamp_max({inner}, {number})",
            f"topk(1, {inner})",
        )
    )


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


def test_a_rule_that_cannot_be_read_is_a_line_and_the_rest_goes_on(
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


def test_tests_of_too_few_alerts_fail_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yml").write_text(CHAINED, encoding="utf-8")
    (tmp_path / "t.yml").write_text(CASES % "8m", encoding="utf-8")
    files = {"tests": (str(tmp_path / "t.yml"),), "format": "text"}
    assert command.run(given((tmp_path / "r.yml",), min_coverage=50, **files)) == 0
    assert "tests: 50 % of the alerts have a firing and a silent case" in capsys.readouterr().out
    assert command.run(given((tmp_path / "r.yml",), min_coverage=51, **files)) == 1
    with pytest.raises(InputError, match="nothing that could cover"):
        command.run(given((tmp_path / "r.yml",), min_coverage=51))


def test_an_unchanged_rule_is_not_proven_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, caches = tmp_path / "r.yml", tmp_path / "caches"
    monkeypatch.setattr("promproof.proofs.run.cache_dir", lambda: caches)
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
        "{alert: A, expr: a > 1, for: 90s, keep_firing_for: 2m}", "{alert: S, expr: sum(b) > 1, for: 90s}"
    )
    more = "- name: g\n  interval: 1m\n  limit: 2\n  query_offset: 30s\n"
    (tmp_path / "r.yml").write_text(text.replace("- name: g\n", more), encoding="utf-8")
    assert command.run(given((tmp_path,))) == 0
    alert, other = json.loads(capsys.readouterr().out)["alerts"]
    assert alert["seconds_to_firing"] == 180, "a minute for the offset, two for `for`"
    assert [note.partition(":")[0] for note in alert["notes"]] == [
        "evaluated every 1m",
        "query_offset 30s",
        "limit 2 of its group",
    ]
    assert "3 series at once make 3 alerts, and Prometheus keeps none" in alert["notes"][-1]
    assert "it has 1 alert with 3 series, within it" in other["notes"][-1]
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    prometheus = "global: {evaluation_interval: 20s}\nscrape_configs: [{job_name: x}]\n"
    (tmp_path / "prometheus.yml").write_text(prometheus, encoding="utf-8")
    assert command.run(given((tmp_path,))) == 0
    alert, _ = json.loads(capsys.readouterr().out)["alerts"]
    assert alert["seconds_to_firing"] == 100


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rule file is there"):
        command.run(given((tmp_path,)))


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
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("promproof.proofs.run.cache_dir", lambda: tmp_path / "caches")
    healthy = "{alert: Fine, expr: max by (room) (temperature) > 80, for: 2m}"
    dead = "{alert: Never, expr: sum by (instance) (a) / b > 1, for: 2m}"
    (tmp_path / "r.yml").write_text(rules(healthy, dead), encoding="utf-8")
    status = program.main(["check", "--severity", "error", "--prove", "r.yml"])
    said = capsys.readouterr().out
    assert status == 1
    assert "`job` is on the right side of / only" in said
    assert said.endswith("proofs: 1 proven, 1 dead; 2 of 2 decided\n")
    assert program.main(["check", "--severity", "error", "--prove", "r.yml", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)["proofs"]["alerts"]
    assert [alert["verdict"] for alert in told] == ["proven", "dead"]


def test_random_alerts_flip_where_their_grammar_says(promtool: Path) -> None:
    chance = random.Random(11)
    rows = [grammar.alert(chance) for _ in range(12)]
    alerts = [Alert(str(n), text, 0.0, {"alert": str(n), "expr": text}) for n, (text, _) in enumerate(rows)]
    found = prove(alerts, [], Judge(promtool), scrape=15.0)
    told = [(outcome.alert.expression, outcome.verdict, outcome.flips) for outcome in found]
    assert told == [(text, "proven", flips) for text, flips in rows]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("rate(a) > 1", "MetricsQL"),
        ("a > default 5", "MetricsQL"),
        ('sum(rate({app="x"} |= "err" [5m])) > 1', "LogQL"),
        ("a > {{ .Values.most }}", "a template"),
        ("sum(a > 1", "can't be read"),
    ],
    ids=["no window", "default", "a filter of lines", "a template", "a bracket"],
)
def test_an_expression_of_another_dialect_is_named(expression: str, words: str) -> None:
    with pytest.raises(NotCovered, match=words) as refused:
        parse(expression)
    assert ("likely" in str(refused.value) or "looks like" in str(refused.value)) == words.endswith("QL")
