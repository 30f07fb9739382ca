"""Changes of a recording rule by what reads it: nobody can tell some, and with another reader each is a mutant."""

from __future__ import annotations

import pytest

from promproof.proofs.mutants.base import Subject
from promproof.proofs.mutants.operators.boundary import is_exact, make
from promproof.proofs.mutants.readers import is_read_alike
from promproof.proofs.mutants.repeated import is_recorded_so
from promproof.proofs.mutants.syntax import read

pytestmark = pytest.mark.unit

COUNT = "sum by (status) (rate(x_total[5m]))"
BUSY = "max by (tenant) (used / whole)"
SHARE = 'sum(r{status="2"}) / sum(r) > 0.5'
ASKED = (
    "(slow > on (tenant) group_left () most and on (tenant) r > on (tenant) group_left () limit) unless quiet"
)


def alike(old: str, new: str, *readers: str, **more: object) -> bool:
    rule = {"record": "r", "expr": old, **more}
    return is_read_alike(rule, {**rule, "expr": new}, [old, *readers])


@pytest.mark.parametrize(
    ("old", "new", "reader"),
    [
        (COUNT, COUNT.replace("(status)", "(status, instance)"), SHARE),
        (COUNT, COUNT.replace("(status)", "(status, instance)"), "sum without (instance) (r) > 1"),
        (COUNT, COUNT.replace("rate", "increase"), SHARE),
        (BUSY, BUSY.replace("(tenant)", "(tenant, instance)"), ASKED),
    ],
    ids=["summed again", "summed again without it", "divided by itself", "its presence alone is asked"],
)
def test_a_change_that_no_reader_can_tell_means_the_same(old: str, new: str, reader: str) -> None:
    assert alike(old, new, reader)


@pytest.mark.parametrize(
    ("old", "new", "reader"),
    [
        (COUNT, COUNT.replace("(status)", "(status, instance)"), "count(r) > 1"),
        (COUNT, COUNT.replace("(status)", "(status, instance)"), "sum by (instance) (r) > 1"),
        (COUNT, COUNT.replace("(status)", "(status, instance)"), 'sum(r{instance="a"}) > 1'),
        (COUNT, COUNT.replace("(status)", "(status, instance)"), "max(r) > 1"),
        (COUNT, COUNT.replace("(status)", "(status, instance)"), "r > 1"),
        (COUNT, COUNT.replace("by (status) ", ""), SHARE),
        (COUNT, COUNT.replace("rate", "increase"), 'sum(r{status="2"}) > 0.5'),
        (COUNT, COUNT.replace("rate", "increase"), "(sum(r) + 1) / sum(r) > 0.5"),
        (COUNT, COUNT.replace("[5m]", "[10m]"), SHARE),
        (BUSY, BUSY.replace("(tenant)", "(tenant, instance)"), ASKED.replace("and on (tenant)", "or")),
        (BUSY, BUSY.replace("max", "min"), ASKED),
        (BUSY, BUSY.replace("(tenant)", "(tenant, instance)"), "max_over_time(r[5m]) > 1"),
    ],
    ids=[
        "counted",
        "summed by it",
        "matched by it",
        "aggregated otherwise",
        "not aggregated",
        "another label",
        "compared with a number",
        "beside a number",
        "another window",
        "an alternative",
        "another aggregation",
        "over time",
    ],
)
def test_a_change_that_a_reader_tells_is_a_mutant(old: str, new: str, reader: str) -> None:
    assert not alike(old, new, reader)
    assert not alike(old, new, SHARE if old == COUNT else ASKED, reader), "one reader of two is enough"


UP = 'avg without (instance) (up{job="node"})'


@pytest.mark.parametrize("changed", [UP.replace('job="node"', ""), UP.replace('"node"', '~"node.*"')])
def test_a_matcher_that_each_reader_has_as_well_means_the_same(changed: str) -> None:
    assert alike(UP, changed, 'r{job="node"} < 0.5')
    assert alike(UP + " * 100", changed + " * 100", 'r{job="node"} < 50', 'max(r{job="node"}) < 99')


@pytest.mark.parametrize(
    ("old", "reader"),
    [
        (UP, "r < 0.5"),
        (UP, 'r{job="node-b"} < 0.5'),
        (UP, 'r{job="node"} < 0.5 or max(r) < 0.1'),
        (UP.replace("(instance)", "(instance, job)"), 'r{job="node"} < 0.5'),
        (UP.replace("avg without (instance)", "topk without (instance) (1, ") + ")", 'r{job="api"} < 0.5'),
        (UP + " / on () group_left () max(limit)", 'r{job="node"} < 0.5'),
    ],
    ids=["without it", "with another", "one of two", "its label dropped", "the first of all", "by no label"],
)
def test_a_matcher_that_a_reader_lacks_is_a_mutant(old: str, reader: str) -> None:
    assert not alike(old, old.replace('{job="node"}', ""), reader)


def test_a_matcher_beside_a_label_that_the_rule_gives_is_a_mutant() -> None:
    assert not alike(UP, UP.replace('{job="node"}', ""), 'r{job="node"} < 0.5', labels={"job": "node"})


@pytest.mark.parametrize(
    ("given", "matcher", "is_so"),
    [
        ({}, 'job="node"', True),
        ({"team": "a"}, 'team="a"', True),
        ({"team": "a"}, 'team=~"a|b"', True),
        ({"team": "b"}, 'team="a"', False),
        ({"job": "all"}, 'job="node"', False),
        ({}, 'job="api"', False),
        ({}, 'instance="h"', False),
    ],
)
def test_a_matcher_that_all_recorded_series_meet_means_the_same(
    given: dict[str, object], matcher: str, is_so: bool
) -> None:
    rule = {"alert": "A", "expr": f"r{{{matcher}}} < 0.5"}
    recorded = {"r": [(UP, given)]}
    assert is_recorded_so(rule, {**rule, "expr": "r < 0.5"}, recorded) == is_so
    assert not is_recorded_so(rule, {**rule, "expr": "r < 0.5"}, {**recorded, "r": [(UP, given), ("up", {})]})
    assert not is_recorded_so(rule, {**rule, "expr": f"r{{{matcher}}} < 0.6"}, recorded)
    assert not is_recorded_so(rule, {**rule, "expr": "r < 0.5"}, {})


@pytest.mark.parametrize(
    ("recorded", "changed", "is_so"),
    [
        ("max by (job) (x) > 0", "r > -1", True),
        ("max by (job) (x) > 0", "r >= 0", True),
        ("max by (job) (x) > 3", "r > 1", True),
        ("max by (job) (x) > 0", "r > 1", False),
        ("max by (job) (x) > 0", "r < 0", False),
        ("max by (job) (x) >= 0", "r > -1", False),
        ("max by (job) (x) > bool 0", "r > -1", False),
        ("(max by (job) (x) > 0) - 2", "r > -1", False),
        ("max by (job) (x)", "r > -1", False),
    ],
)
def test_a_comparison_that_all_recorded_series_pass_is_none(recorded: str, changed: str, is_so: bool) -> None:
    rule = {"alert": "A", "expr": "r > 0"}
    assert is_recorded_so(rule, {**rule, "expr": changed}, {"r": [(recorded, {})]}) == is_so
    assert not is_recorded_so(rule, {**rule, "expr": changed}, {"r": [(recorded, {}), ("x", {})]})


@pytest.mark.parametrize(
    ("recorded", "exact"),
    [
        ("sum(x)", True),
        ("max by (a) (max_over_time(x[5m]))", True),
        ("sum(rate(x[5m]))", False),
        ("x / y", False),
        ("deeper", False),
    ],
)
def test_a_recorded_value_is_exact_where_its_expression_is(recorded: str, exact: bool) -> None:
    rule: dict[str, object] = {"alert": "A", "expr": "r > 5 and on () other > 1"}
    subject = Subject("r.yml", ("groups", 0, "rules", 0), "r.yml:1", rule, read(str(rule["expr"])))
    known = {"r": [recorded], "deeper": ["avg(x)"]}
    first, second = make.make(subject)
    assert is_exact(subject, first, known) == exact
    assert is_exact(subject, second, known), "nobody records the other"


def test_a_recording_that_nobody_reads_is_read_by_people() -> None:
    assert not alike(COUNT, COUNT.replace("(status)", "(status, instance)"), "other > 1")
    assert not alike(COUNT, COUNT.replace("(status)", "(status, instance)"), SHARE, '{job="j"} > 1')


def test_a_matcher_that_the_recording_beside_has_too_is_joined_away() -> None:
    errors, whole = 'sum by (ns) (rate(e{ns=~"a.*"}[1h]))', 'sum by (ns) (rate(w{ns=~"a.*"}[1h]))'
    rule = {"record": "r", "expr": errors}
    dropped = {**rule, "expr": errors.replace('{ns=~"a.*"}', "")}
    assert is_read_alike(rule, dropped, [errors, "r / whole"], {"whole": whole})
    assert not is_read_alike(
        rule, dropped, [errors, "r / whole"], {"whole": whole.replace('{ns=~"a.*"}', "")}
    )
    assert not is_read_alike(rule, dropped, [errors, "r / whole"])
    assert not is_read_alike(rule, dropped, [errors, "r / whole{b='1'}"], {"whole": whole})


def test_a_reader_that_is_not_taken_apart_may_tell_anything() -> None:
    assert not alike(BUSY, BUSY.replace("(tenant)", "(tenant, instance)"), "r atan2 x smoothed")


def test_a_label_that_the_rule_gives_is_no_label_to_add() -> None:
    added = COUNT.replace("(status)", "(status, instance)")
    assert not alike(COUNT, added, SHARE, labels={"instance": "all"}), (
        "two series of one label set are refused"
    )
    assert alike(COUNT, added, SHARE, labels={"team": "a"})
