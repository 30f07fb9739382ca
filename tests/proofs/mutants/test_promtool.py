"""What promtool is given: one order of groups, for its own changes from run to run."""

from __future__ import annotations

import pytest

from promproof.proofs.mutants.promtool import Job, group_order, judge
from promproof.stack.binaries import find_binary

RECORD = {"record": "room:temperature:max", "expr": "max by (room) (temperature)"}
ALERT = {"alert": "Hot", "expr": "room:temperature:max > 80", "for": "2m"}
RULES = {"groups": [{"name": "r", "rules": [RECORD]}, {"name": "g", "rules": [ALERT]}]}


@pytest.mark.parametrize(
    ("named", "order"),
    [
        (None, ["r", "g"]),
        (["g", "r"], ["g", "r"]),
        (["r"], ["g", "r"]),
        (["other", "g"], ["r", "other", "g"]),
    ],
    ids=["as they are loaded", "as the file says", "the unnamed first", "a name that no group has"],
)
def test_groups_are_evaluated_in_one_order(named: list[str] | None, order: list[str]) -> None:
    assert group_order(Job({} if named is None else {"group_eval_order": named}, RULES)) == order


@pytest.mark.stack
def test_an_alert_sees_what_an_earlier_group_has_just_recorded_every_time() -> None:
    """Without an order promtool says otherwise in about every fourth run."""
    asked = [{"alertname": "Hot", "eval_time": "3m", "exp_alerts": [{"exp_labels": {"room": "a"}}]}]
    series = [{"series": 'temperature{room="a"}', "values": "80 81x9"}]
    case = {"interval": "1m", "input_series": series, "alert_rule_test": asked}
    job = Job({"evaluation_interval": "1m", "tests": [case]}, RULES)
    assert all(answer.passed for answer in judge(find_binary("promtool").path, [job] * 24))
