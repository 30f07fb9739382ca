"""An alert that is documented over two windows asks for both at once; one alone goes on long after its cause."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

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
LONG, SHORT = (
    "sum(rate(failed_total[%s])) / sum(rate(all_total[%s])) > 0.006" % (2 * (w,)) for w in ("6h", "30m")
)
RECORDED = ("failed:ratio_rate6h > 0.006", "failed:ratio_rate30m > 0.006")
RECORDS = tuple(
    (f"failed:ratio_rate{window}", f"sum(rate(failed_total[{window}])) / sum(rate(all_total[{window}]))")
    for window in ("6h", "30m")
)


def judged(folder: Path, expression: str) -> Verdict:
    alert = Alert.model_validate(
        {"name": "A", "comparator": ">", "threshold": 0.006, "window": "6h", "short_window": "30m"}
    )
    contract = load(DEFAULT_CONTRACT).model_copy(update={"alerts": (alert,)})
    file = folder / "rules.yml"
    file.write_text(f"groups: [{{name: g, rules: [{{alert: A, expr: '{expression}'}}]}}]", encoding="utf-8")
    with closing(Recorder(folder / "history.jsonl", "test", SystemClock())) as history:
        history.add(
            RuleFiles((file.name,), tuple(read([load_yaml(file, "a rule file")])), recordings=RECORDS)
        )
        history.add(Routes({"A": ()}))
    return judge(CHECK, Claim("alert/A/documented", "A"), Evidence(contract, history))


@pytest.mark.parametrize(
    "pair", [(LONG, SHORT), RECORDED, RECORDED[::-1]], ids=["ranges", "records", "short first"]
)
def test_either_of_two_documented_windows_is_red(pair: tuple[str, str], tmp_path: Path) -> None:
    verdict = judged(tmp_path, " or ".join(pair))
    assert verdict.outcome is Outcome.FAIL
    assert "s alone, documented over 6h and 30m at once" in verdict.reason


@pytest.mark.parametrize(
    "expression",
    [
        f"{LONG} and {SHORT}",
        " and ".join(RECORDED),
        f"({' and '.join(RECORDED)}) or absent_over_time(all_total[6h])",
        f"({LONG} and {SHORT}) or ({' and '.join(RECORDED)})",
    ],
    ids=["ranges", "records", "or absent", "either way of writing"],
)
def test_both_at_once_are_not(expression: str, tmp_path: Path) -> None:
    assert judged(tmp_path, expression).outcome is Outcome.PASS
