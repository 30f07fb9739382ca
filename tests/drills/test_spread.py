"""What the rule of an alert makes of several instances, and whether a fault at one of them can show it at work."""

from __future__ import annotations

import pytest

from promproof.drills.spread import NotTold, recordings, sight

pytestmark = pytest.mark.unit
RECORDED = {
    "each:rate": ["rate(x_total[5m])"],
    "all:rate": ["sum by (job) (rate(x_total[5m]))"],
    "all:rates": ["sum by (job) (each:rate)"],
    "mean": ["avg by (job) (x)"],
    "round": ["round"],
}


@pytest.mark.parametrize(
    ("expression", "seen"),
    [
        ('up{job="shop"} == 0', "each"),
        ('up{job="shop"} == 0 or absent(up{job="shop"})', "each"),
        ("sum by (instance) (rate(e_total[5m])) / sum by (instance) (rate(x_total[5m])) > 0.05", "each"),
        ("sum without (path) (rate(x_total[5m])) > 5", "each"),
        ("process_resident_memory_bytes > 1e9", "each"),
        ("max by (instance, path) (x) > 5", "each"),
        ("rate(e_total[5m]) / on (instance, path) rate(x_total[5m]) > 0.05", "each"),
        ("sum(rate(e_total[5m])) / sum(rate(x_total[5m])) > 0.05", "sum"),
        ("sum without (instance) (rate(x_total[5m])) > 5", "sum"),
        ("histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m]))) > 1", "sum"),
        ("max(sum by (path) (rate(x_total[5m]))) > 5", "sum"),
        ("sum(increase(x_total[5m]) * 60) > 5", "sum"),
        ("all:rate > 5", "sum"),
        ("all:rates > 5", "sum"),
        ("sum(each:rate) > 5", "sum"),
        ("each:rate > 5", "each"),
    ],
)
def test_what_a_rule_looks_at_is_told(expression: str, seen: str) -> None:
    assert sight(expression, RECORDED) == seen


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("avg(rate(x_total[5m])) > 5", "takes the avg of the instances"),
        ("min by (job) (x) < 5", "takes the min"),
        ("count(up == 0) > 0", "takes the count"),
        ("sum(up) < 2", "no rate"),
        ("sum(x + 1) > 5", "no rate"),
        ("sum(rate(x_total[5m]) + 1) > 5", "no rate"),
        ("mean > 5", "takes the avg"),
        ("x > on (job) sum by (job) (rate(x_total[5m]))", "compares an instance with the sum"),
        ("rate(e_total[5m]) / on (path) rate(x_total[5m]) > 0.05", "with one another"),
        ("absent(up)", "at no instance"),
        ("vector(1)", "vector()"),
        ("round > 1", "read one another"),
        ("x >", "can't be read"),
    ],
)
def test_what_one_instance_does_not_decide_is_refused_with_the_reason(expression: str, why: str) -> None:
    with pytest.raises(NotTold) as told:
        sight(expression, RECORDED)
    assert why in str(told.value)


def test_recording_rules_are_found_in_rule_files() -> None:
    rules = [{"record": "a", "expr": "1"}, {"alert": "A", "expr": "a > 1"}, {"record": "a", "expr": "2"}]
    assert recordings([{"groups": [{"name": "g", "rules": rules}]}, {}]) == {"a": ["1", "2"]}
