"""Random alerts whose boundary is known: one quantity, an operator and a number, and guards that hold."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

OPERATORS = (">", "<", ">=", "<=")
SEEN_FROM_THE_LEFT = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
RECORDINGS: list[Mapping[str, Any]] = [
    {"record": "job:c:rate5m", "expr": "sum by (job) (rate(c_total[5m]))"},
    {"record": "job:c:twice", "expr": "2 * job:c:rate5m"},
]
"""What the alerts read besides series."""


def alert(chance: Random) -> tuple[str, str]:
    """An expression, and where it flips."""
    kind = chance.choices(
        (_of_values, _of_shares, _of_counts, _of_presence, _of_the_past), (62, 18, 12, 4, 4)
    )[0]
    return kind(chance)


def _of_values(chance: Random) -> tuple[str, str]:
    operator, number = chance.choice((*OPERATORS, "==", "!=")), chance.choice((0.5, 3, 40, 1000))
    text = _selector(chance, "a") if operator in ("==", "!=") else _quantity(chance)
    return _guarded(chance, _compared(chance, text, operator, number)), f"{operator} {number:g}"


def _of_shares(chance: Random) -> tuple[str, str]:
    operator, number = chance.choice(OPERATORS), chance.choice((0.05, 0.2, 0.9))
    text, by = chance.choice(
        ((_share(chance), 1), (f"100 * {_share(chance)}", 100), (f"(1 - {_share(chance)})", 1))
    )
    return _guarded(chance, _compared(chance, text, operator, number * by)), f"{operator} {number * by:g}"


def _of_counts(chance: Random) -> tuple[str, str]:
    number = chance.choice((2, 3, 5))
    text = chance.choice(
        (
            f"count by (job) ({_selector(chance, 'a')})",
            f"count without (instance) ({_selector(chance, 'a')} == 1)",
            f"sum by (job) ({_selector(chance, 'a')} == bool 0)",
            f"changes({_selector(chance, 'a')}[15m])",
            f"resets({_selector(chance, 'c_total')}[15m])",
            "count by (job) (count by (job, version) (info))",
            'count by (job) (count_values by (job) ("hash", a))',
        )
    )
    operator = chance.choice((">", ">="))
    return f"{text} {operator} {number}", f"{operator} {number}"


def _of_presence(chance: Random) -> tuple[str, str]:
    window = chance.choice(("5m", "15m"))
    return chance.choice(
        (
            ('absent(a{job="api"})', "no series"),
            (f'absent_over_time(a{{job="api"}}[{window}])', "no series"),
            ('a{state="failed"}', "any series"),
            ("a unless on (job, instance) up", "any series"),
        )
    )


def _of_the_past(chance: Random) -> tuple[str, str]:
    text = chance.choice(
        ("a", "sum by (job) (a)", "rate(c_total[5m])", "sum by (job) (increase(c_total[5m]))")
    )
    before = (
        text.replace("c_total[5m]", "c_total[5m] offset 1h")
        if "[" in text
        else text.replace("a", "a offset 1h")
    )
    before = "sum by (job) (a offset 1h)" if text == "sum by (job) (a)" else before
    operator, factor = chance.choice(((">", 2), ("<", 0.5)))
    return f"{text} {operator} {factor} * {before}", f"{operator} other side"


def _compared(chance: Random, text: str, operator: str, number: float) -> str:
    if chance.random() < 0.2:
        return f"{number:g} {SEEN_FROM_THE_LEFT[operator]} {text}"
    return f"{text} {operator} {number:g}"


def _guarded(chance: Random, text: str) -> str:
    if chance.random() < 0.55:
        return text
    guard = chance.choice(
        (
            "and on (job) up == 1",
            "and on (job) sum by (job) (rate(g_total[5m])) > 1",
            "and on (job) job:c:twice >= 0.2",
            "and on () (hour() >= 6 < 20)",
            "and on () day_of_week() != 0",
            "unless on (job) maintenance == 1",
            "unless on () absent(up)",
            "unless on () (hour() < 5)",
        )
    )
    return f"({text}) {guard}" if text[:1].isdigit() else f"{text} {guard}"


def _selector(chance: Random, name: str) -> str:
    matchers = ('job="api"', 'code=~"5.."', 'path!~"/health.*"', 'zone!=""')
    chosen = [matcher for matcher in matchers if chance.random() < 0.3]
    return f"{name}{{{','.join(chosen)}}}" if chosen else name


def _series(chance: Random) -> str:
    window = chance.choice(("2m", "5m", "15m"))
    counter, gauge = _selector(chance, "c_total"), _selector(chance, "a")
    return chance.choice(
        (
            gauge,
            f"rate({counter}[{window}])",
            f"irate({counter}[{window}])",
            f"increase({counter}[{window}])",
            f"delta({gauge}[{window}])",
            f"deriv({gauge}[{window}])",
            f"predict_linear({gauge}[1h], 3600)",
            f"{chance.choice(('avg', 'max', 'min', 'last', 'sum'))}_over_time({gauge}[{window}])",
            f"quantile_over_time(0.9, {gauge}[{window}])",
            f"max_over_time(rate({counter}[2m])[{window}:1m])",
            f"{gauge} offset {window}",
            f"clamp_min({gauge}, 0)",
            f"clamp_max({gauge}, 1e6)",
            f"abs({gauge})",
            f'label_replace({gauge}, "short", "$1", "instance", "(.*):.*")',
            f'label_join({gauge}, "both", "/", "job", "instance")',
            f"{gauge} * on (job, instance) group_left (version) info",
        )
    )


def _quantity(chance: Random) -> str:
    inner = _series(chance)
    return chance.choice(
        (
            inner,
            f"sum by (job) ({inner})",
            f"max by (job, instance) ({inner})",
            f"min by (job) ({inner})",
            f"avg without (zone) ({inner})",
            f"quantile by (job) (0.5, {inner})",
            f"topk by (job) (1, {inner})",
            f"sum by (job) ({inner}) * 2",
            f"(sum by (job) ({inner}) + sum by (job) (b))",
            f"(sum by (job) ({inner}) - sum by (job) (b))",
            f"sum by (job) ({inner}) * scalar(max(b))",
            "histogram_quantile(0.9, sum by (le, job) (rate(d_bucket[5m])))",
            "job:c:rate5m",
            "(time() - stamp)",
        )
    )


def _share(chance: Random) -> str:
    function, window = chance.choice(("rate", "increase")), chance.choice(("2m", "5m"))
    part = chance.choice(('code=~"5.."', 'code!="200"', 'result="error"'))
    by = "by (job) "  # guards join by it
    return chance.choice(
        (
            f"sum {by}({function}(r_total{{{part}}}[{window}])) / sum {by}({function}(r_total[{window}]))",
            "sum by (job) (used) / sum by (job) (size)",
            "used / (used + free)",
            "count by (job) (m == 0) / count by (job) (m)",
        )
    )
