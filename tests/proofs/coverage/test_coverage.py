"""Coverage of existing promtool tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config import rules as rulefiles
from promproof.config.yamlfile import load
from promproof.errors import InputError
from promproof.proofs.coverage import Coverage, coverage, read_test_file, test_files
from promproof.proofs.coverage.values import lifetime

pytestmark = pytest.mark.unit
RULES = """
groups:
  - name: g
    rules:
      - alert: Hot
        expr: temperature > 80
        labels: {severity: critical}
      - alert: Hot
        expr: temperature > 60
        labels: {severity: warning}
      - alert: Gone
        expr: absent(temperature)
"""
HEAD = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'temperature{room="a"}', values: '%s'}
"""


def asked(folder: Path, cases: str, values: str = "70x30", rules: str = RULES) -> Coverage:
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    (folder / "tests.yml").write_text(HEAD % values + cases, encoding="utf-8")
    found = rulefiles.read([load(folder / "rules.yml", "a rule file")])
    return coverage(found, [read_test_file(folder / "tests.yml")])


def alerts(*cases: str) -> str:
    return "    alert_rule_test:\n" + "".join(f"      - {{{case}}}\n" for case in cases)


WARNS = "alertname: Hot, eval_time: 5m, exp_alerts: [{exp_labels: {severity: warning, room: a}}]"
SILENT = "alertname: Hot, eval_time: 5m, exp_alerts: []"


def test_an_alert_without_a_test_is_named(tmp_path: Path) -> None:
    found = asked(tmp_path, alerts(WARNS))
    assert found.alerts[2].missing == ("no test",)


def test_a_firing_case_counts_for_the_rule_whose_labels_it_expects(tmp_path: Path) -> None:
    found = asked(tmp_path, alerts(WARNS))
    assert [alert.firing for alert in found.alerts] == [0, 1, 0]


def test_an_alert_asked_on_one_side_only_is_named_with_the_other(tmp_path: Path) -> None:
    assert asked(tmp_path, alerts(WARNS)).alerts[1].missing == ("no silent case",)
    assert asked(tmp_path, alerts(SILENT)).alerts[1].missing == ("no firing case",)


def test_an_alert_asked_on_both_sides_is_covered(tmp_path: Path) -> None:
    found = asked(tmp_path, alerts(WARNS, SILENT))
    assert found.alerts[1].missing == ()
    assert found.percent == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("vector(1)", ()),
        ("(vector(2)) > 1", ()),
        ("vector(time()) > 0", ("no silent case",)),
        ("hour(vector(time())) > 8", ("no silent case",)),
        ("absent(temperature)", ("no silent case",)),
        ("temperature or vector(1)", ("no silent case",)),
    ],
)
def test_an_alert_that_nothing_can_silence_needs_no_silent_case(
    tmp_path: Path, expression: str, missing: tuple[str, ...]
) -> None:
    rules = RULES.replace("absent(temperature)", expression)
    fires = "alertname: Gone, eval_time: 5m, exp_alerts: [{exp_labels: {}}]"
    assert asked(tmp_path, alerts(fires), rules=rules).alerts[2].missing == missing
    silent = alerts("alertname: Gone, eval_time: 5m, exp_alerts: []")
    assert asked(tmp_path, silent, rules=rules).alerts[2].missing == ("no firing case",)
    assert asked(tmp_path, "", rules=rules).alerts[2].missing == ("no test",)


def test_a_case_about_a_name_that_no_rule_has_is_named_with_its_line(tmp_path: Path) -> None:
    found = asked(tmp_path, alerts("alertname: Hto, eval_time: 5m, exp_alerts: []"))
    (noticed,) = found.noticed
    assert noticed.where == f"{tmp_path}/tests.yml:9"
    assert "green whatever the rules say; did you mean Hot" in noticed.what


def test_a_name_that_a_rule_has_is_not_noticed(tmp_path: Path) -> None:
    assert asked(tmp_path, alerts(SILENT)).noticed == ()


def test_silence_after_the_samples_have_ended_says_nothing(tmp_path: Path) -> None:
    found = asked(tmp_path, alerts("alertname: Hot, eval_time: 20m"), values="70x5")
    assert "the samples end at 5m, and silence is expected at 20m" in found.noticed[0].what
    assert found.alerts[0].missing == ("no firing case", "no silent case")


@pytest.mark.parametrize("values", ["70x15", "70x5 stale", "70x5 _x20"], ids=["within", "stale", "missed"])
def test_silence_within_the_lookback_or_after_an_end_on_purpose_is_not_noticed(
    tmp_path: Path, values: str
) -> None:
    assert asked(tmp_path, alerts("alertname: Hot, eval_time: 20m"), values=values).noticed == ()


def test_a_long_window_still_sees_samples_that_have_ended(tmp_path: Path) -> None:
    rules = RULES.replace("temperature > 80", "max_over_time(temperature[30m]) > 80").replace(
        "temperature > 60", "max_over_time(temperature[30m]) > 60"
    )
    assert asked(tmp_path, alerts("alertname: Hot, eval_time: 20m"), values="70x5", rules=rules).noticed == ()


def test_silence_without_a_metric_that_the_rule_reads_says_nothing(tmp_path: Path) -> None:
    rules = RULES.replace("temperature > ", "tempreature > ")
    found = asked(tmp_path, alerts(SILENT), rules=rules)
    assert "without a sample of a metric that the rule reads" in found.noticed[0].what


def test_silence_without_data_beside_a_case_that_has_data_is_not_noticed(tmp_path: Path) -> None:
    found = asked(tmp_path, alerts("alertname: Hot, eval_time: 20m", SILENT), values="70x5")
    assert found.noticed == ()
    assert (found.alerts[0].silent, found.alerts[0].blind) == (2, 1)


def test_absent_needs_no_sample(tmp_path: Path) -> None:
    assert asked(tmp_path, alerts("alertname: Gone, eval_time: 30m"), values="70x1").noticed == ()


def test_a_rule_reads_what_its_recording_rules_are_made_from(tmp_path: Path) -> None:
    rules = RULES.replace("temperature >", "room:temperature >")
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    (tmp_path / "tests.yml").write_text(HEAD % "70x30" + alerts(SILENT), encoding="utf-8")
    found = rulefiles.read([load(tmp_path / "rules.yml", "a rule file")])
    tests = [read_test_file(tmp_path / "tests.yml")]
    assert coverage(found, tests, {"room:temperature": ["max by (room) (temperature)"]}).noticed == ()
    assert len(coverage(found, tests).noticed) > 0


def test_an_expression_about_firing_alerts_is_a_case(tmp_path: Path) -> None:
    cases = """    promql_expr_test:
      - {expr: 'ALERTS{alertname="Gone",alertstate="firing"}', eval_time: 5m, exp_samples: []}
      - {expr: 'count(ALERTS{alertname="Hot"})', eval_time: 5m, exp_samples: [{value: 1}]}
"""
    found = asked(tmp_path, cases)
    assert (found.alerts[2].silent, found.alerts[2].missing) == (1, ("no firing case",))
    assert (found.alerts[0].asked, found.alerts[0].missing) == (1, ())


def test_a_pattern_that_matches_no_rule_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tests.yml").write_text("rule_files: [nowhere/*.yml]\ntests: []\n", encoding="utf-8")
    found = coverage([], [read_test_file(tmp_path / "tests.yml")])
    assert "matches no rule file" in str(found.noticed[0])


def test_a_file_that_is_no_test_file_is_refused_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "tests.yml").write_text("groups: []\n", encoding="utf-8")
    with pytest.raises(InputError, match="rule_files: missing"):
        test_files([tmp_path / "tests.yml"])


def test_the_test_files_of_a_folder_are_taken_and_its_rule_files_are_not(tmp_path: Path) -> None:
    asked(tmp_path, alerts(SILENT))
    assert [file.document.path.name for file in test_files([tmp_path])] == ["tests.yml"]


@pytest.mark.parametrize(
    ("values", "last"),
    [
        ("1 2 3", 2),
        ("0+10x3", 3),
        ("5x3", 3),
        ("1 _ _x2 4", 4),
        ("-1.5e3-2x2", 2),
        ("{{schema:0 sum:1 count:1}}x4", 4),
        ("", None),
        ("_x5", None),
    ],
    ids=["list", "steps", "same", "gaps", "negative", "histogram", "empty", "nothing"],
)
def test_the_last_sample_of_a_series_is_counted_as_promtool_does(values: str, last: int | None) -> None:
    life = lifetime(values)
    assert life is not None
    assert life.last == last


def test_a_notation_that_is_not_known_is_not_guessed() -> None:
    assert lifetime("1 banana") is None


def test_this_repository_tests_each_of_its_alerts_on_both_sides() -> None:
    root = Path(__file__).parents[3]
    files = sorted((root / "monitoring" / "prometheus" / "rules").glob("*.yml"))
    documents = [load(path, "a rule file") for path in files]
    recorded: dict[str, list[str]] = {}
    for name, expression in rulefiles.recordings(documents):
        recorded.setdefault(name, []).append(expression)
    found = coverage(
        rulefiles.read(documents), test_files([root / "tests" / "monitoring" / "rules"]), recorded
    )
    assert [(alert.alert, alert.missing) for alert in found.alerts if alert.missing] == []
    assert found.noticed == ()
