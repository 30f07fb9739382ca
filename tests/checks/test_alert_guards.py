"""Guards beside a documented threshold: those that the contract names are kept, none that it excludes is let in."""

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
SHARE = 'sum(rate(orders_total{code="500"}[5m])) / sum(rate(orders_total[5m])) > 0.2'
TRAFFIC = "sum(rate(orders_total[5m])) > 1"


def judged(folder: Path, expression: str, guards: list[str] | None) -> Verdict:
    alert = Alert.model_validate({"name": "A", "comparator": ">", "threshold": 0.2, "guards": guards})
    contract = load(DEFAULT_CONTRACT).model_copy(update={"alerts": (alert,)})
    file = folder / "rules.yml"
    file.write_text(f"groups: [{{name: g, rules: [{{alert: A, expr: '{expression}'}}]}}]", encoding="utf-8")
    with closing(Recorder(folder / "history.jsonl", "test", SystemClock())) as history:
        history.add(RuleFiles((file.name,), tuple(read([load_yaml(file, "a rule file")])), ()))
        history.add(Routes({"A": ()}))
    return judge(CHECK, Claim("alert/A/documented", "A"), Evidence(contract, history))


@pytest.mark.parametrize(
    ("expression", "guards"),
    [
        (SHARE, None),
        (SHARE, []),
        (f"{SHARE} and {TRAFFIC}", None),
        (f"{SHARE} and {TRAFFIC}", [TRAFFIC]),
        (f"{SHARE} unless on () up == 0", ["unless up == 0"]),
    ],
)
def test_a_guard_that_nobody_excludes_or_that_is_named_passes(
    tmp_path: Path, expression: str, guards: list[str] | None
) -> None:
    assert judged(tmp_path, expression, guards).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("expression", "guards", "says"),
    [
        (
            f"{SHARE} and on () (hour() < 6)",
            [],
            "fires only with `hour() < 6`, which the contract does not name",
        ),
        (f"{SHARE} and on () {TRAFFIC}", ["hour() < 6"], "fires without the documented guard `hour() < 6`"),
        (f"{SHARE} unless on () up == 0", ["up == 0"], "fires only with `unless up == 0`"),
        (SHARE, [TRAFFIC], "fires without the documented guard"),
    ],
)
def test_an_undocumented_guard_or_a_lost_one_is_red(
    tmp_path: Path, expression: str, guards: list[str], says: str
) -> None:
    verdict = judged(tmp_path, expression, guards)
    assert verdict.outcome is Outcome.FAIL
    assert says in verdict.reason


def test_a_guard_that_is_no_promql_is_refused() -> None:
    with pytest.raises(ValidationError, match="the guard 'sum by' is no PromQL"):
        Alert.model_validate({"name": "A", "comparator": ">", "threshold": 1, "guards": ["sum by"]})
