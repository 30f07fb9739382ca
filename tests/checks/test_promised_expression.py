"""An alert whose expression is promised means that, with what it reads of recording rules; however it is written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from promproof.checks.alert_documented import CHECK
from promproof.checks.base import Claim, judge
from promproof.config.rules import read
from promproof.config.yamlfile import load as load_yaml
from promproof.contract.model import Alert, load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import Routes, RuleFiles
from promproof.places import DEFAULT_CONTRACT
from promproof.run.clock import SystemClock
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
SHARE = 'sum by (job) (rate(failed_total{job="api"}[6h])) / sum by (job) (rate(all_total{job="api"}[6h]))'
PROMISED = f"{SHARE} > 0.006 or absent(up)"
READING = 'failed:ratio_rate6h{job="api"} > 0.006 or absent(up)'


def judged(folder: Path, expression: str, recorded: str = SHARE) -> Verdict:
    alert = Alert.model_validate({"name": "A", "expression": PROMISED})
    contract = load(DEFAULT_CONTRACT).model_copy(update={"alerts": (alert,)})
    file = folder / "rules.yml"
    file.write_text(f"groups: [{{name: g, rules: [{{alert: A, expr: '{expression}'}}]}}]", encoding="utf-8")
    with closing(Recorder(folder / "history.jsonl", "test", SystemClock())) as history:
        rules = tuple(read([load_yaml(file, "a rule file")]))
        history.add(RuleFiles((file.name,), rules, recordings=(("failed:ratio_rate6h", recorded),)))
        history.add(Routes({"A": ()}))
    return judge(CHECK, Claim("alert/A/documented", "A"), Evidence(contract, history))


@pytest.mark.parametrize(
    "expression",
    [
        PROMISED,
        READING,
        PROMISED.replace("> 0.006", "> 0.6 / 100"),
        PROMISED.replace("[6h]", "[360m]"),
        PROMISED.replace("by (job)", "by (job,)"),
        f"(({SHARE}) > 0.006) or (absent(up))",
    ],
)
def test_an_expression_that_means_the_same_is_green(expression: str, tmp_path: Path) -> None:
    assert judged(tmp_path, expression).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "expression",
    [
        PROMISED.replace("0.006", "0.06"),
        PROMISED.replace(" or absent(up)", ""),
        PROMISED.replace('failed_total{job="api"}', "failed_total"),
        PROMISED.replace("sum by (job)", "sum by (job, instance)"),
        READING.replace('{job="api"}', '{job="worker"}'),
    ],
)
def test_an_expression_that_means_another_thing_is_red(expression: str, tmp_path: Path) -> None:
    verdict = judged(tmp_path, expression)
    assert verdict.outcome is Outcome.FAIL
    assert "documented sum by (job)" in verdict.reason


@pytest.mark.parametrize(
    "recorded",
    [
        SHARE.replace("sum by (job) (rate(failed", "sum by (job) (irate(failed"),
        SHARE.replace("[6h])) /", "[6h] offset 5m)) /"),
        SHARE.replace("sum by (job) (rate(failed", "max by (job) (rate(failed"),
    ],
    ids=["two samples", "of before", "the worst series"],
)
def test_a_recording_rule_that_means_another_thing_is_red_where_it_is_read(
    recorded: str, tmp_path: Path
) -> None:
    assert judged(tmp_path, READING, recorded).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "expression",
    [
        READING.replace('{job="api"}', '{service="api"}'),
        READING.replace(
            'failed:ratio_rate6h{job="api"}', 'avg_over_time(failed:ratio_rate6h{job="api"}[5m])'
        ),
        READING.replace('{job="api"}', '{job="api"} offset 5m'),
    ],
    ids=["a label that the rule may give", "over a window", "at another time"],
)
def test_a_record_that_may_mean_it_is_not_verified(expression: str, tmp_path: Path) -> None:
    verdict = judged(tmp_path, expression)
    assert verdict.outcome is Outcome.NOT_VERIFIED
    assert "what failed:ratio_rate6h asks of scraped series is not known here" in verdict.reason


def test_a_record_of_no_rule_is_red(tmp_path: Path) -> None:
    assert judged(tmp_path, READING.replace("rate6h", "rate1h")).outcome is Outcome.FAIL


def test_a_recording_rule_that_the_alert_does_not_read_is_none_of_its_business(tmp_path: Path) -> None:
    assert judged(tmp_path, PROMISED, SHARE.replace("sum", "max")).outcome is Outcome.PASS


def test_an_expression_that_does_not_parse_is_refused_in_a_contract() -> None:
    with pytest.raises(ValidationError, match="the expression is no PromQL"):
        Alert.model_validate({"name": "A", "expression": "sum( > 1"})
