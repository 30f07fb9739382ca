"""Every kind of expression at its boundary, judged by the real promtool: one run for all rows."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from promproof.proofs.asking import Judge, steady
from promproof.proofs.dead import reason
from promproof.proofs.evaluate import Evaluation, World
from promproof.proofs.outcome import Alert, Outcome
from promproof.proofs.prove import prove
from promproof.proofs.questions import Question
from promproof.proofs.tree import NotCovered, parse
from promproof.proofs.world import LEVEL, SLOPE, Family
from promproof.stack.binaries import version_of
from tests.proofs.prove import grammar
from tests.proofs.prove.rows import CONTRADICTED, DEAD, FLIPS, OPEN, RECORDINGS, WITHOUT_COURSE

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def outcomes(promtool: Path) -> dict[str, Outcome]:
    tables = (FLIPS, WITHOUT_COURSE, DEAD, CONTRADICTED, OPEN)
    rows = {name: row[0] for table in tables for name, row in table.items()}
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


@pytest.mark.parametrize("kind", WITHOUT_COURSE)
def test_what_nothing_heals_is_asked_on_both_sides_alone(outcomes: dict[str, Outcome], kind: str) -> None:
    found = outcomes[kind]
    assert (found.verdict, found.flips) == ("proven", WITHOUT_COURSE[kind][1]), found.reason
    assert found.staged is None


@pytest.mark.parametrize(
    "expression", ["timestamp(a) < time() - 200", "timestamp(a offset 1h) < time() - 600"]
)
def test_a_sample_may_be_as_old_as_prometheus_looks_back(expression: str) -> None:
    assert reason(parse(expression), {}) is None


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
def test_an_expression_that_is_not_covered_says_why(outcomes: dict[str, Outcome], kind: str) -> None:
    assert outcomes[kind].verdict == "not covered"
    assert OPEN[kind][1] in outcomes[kind].reason


def test_a_promtool_without_native_histograms_is_named_with_its_version(
    outcomes: dict[str, Outcome], promtool: Path
) -> None:
    version = version_of("promtool", promtool)
    assert version is not None
    assert f"this one is {version}: " in outcomes["native histogram"].reason
    assert Judge(promtool).takes_natives == (int(version.partition(".")[0]) >= 3)


def test_a_trend_is_followed_though_its_alert_waits_longer_than_its_samples_are_apart(promtool: Path) -> None:
    texts = ("predict_linear(a[24h], 7 * 24 * 3600) < 0", "predict_linear(b[24h], 86400) > 1000")
    alerts = [
        Alert(f"A{n}", text, 3600.0, {"alert": f"A{n}", "expr": text, "for": "1h"})
        for n, text in enumerate(texts)
    ]
    found = prove(alerts, [], Judge(promtool))
    assert [outcome.verdict for outcome in found] == ["proven", "proven"], [
        outcome.reason for outcome in found
    ]


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


def test_random_alerts_flip_where_their_grammar_says(promtool: Path) -> None:
    chance = random.Random(11)
    rows = [grammar.alert(chance) for _ in range(12)]
    alerts = [Alert(str(n), text, 0.0, {"alert": str(n), "expr": text}) for n, (text, _) in enumerate(rows)]
    found = prove(alerts, grammar.RECORDINGS, Judge(promtool), scrape=15.0)
    told = [(outcome.alert.expression, outcome.verdict, outcome.flips) for outcome in found]
    assert told == [(text, "proven", flips) for text, flips in rows]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("rate(a) > 1", "MetricsQL"),
        ("a > default 5", "MetricsQL"),
        ("rollup_rate(a[5m]) > 1", "MetricsQL"),
        ("sum(rate(a[5m]) keep_metric_names) > 1", "MetricsQL"),
        ("a > 10Ki", "MetricsQL"),
        ("rate(a[5i]) > 1", "MetricsQL"),
        ('sum(rate({app="x"} |= "err" [5m])) > 1', "LogQL"),
        ("a > {{ .Values.most }}", "a template"),
        ("sum(a > 1", "can't be read"),
    ],
    ids=[
        "no window",
        "default",
        "a function",
        "a name kept",
        "a suffix",
        "intervals",
        "a filter of lines",
        "a template",
        "a bracket",
    ],
)
def test_an_expression_of_another_dialect_is_named(expression: str, words: str) -> None:
    with pytest.raises(NotCovered, match=words) as refused:
        parse(expression)
    assert ("likely" in str(refused.value) or "looks like" in str(refused.value)) == words.endswith("QL")
