"""Variables and macros against what Grafana makes of them."""

from __future__ import annotations

import pytest

from promproof.config.timescale import TimeScale
from promproof.grafana.dashboard import Variable
from promproof.grafana.durations import largest_unit, milliseconds
from promproof.grafana.expand import Value, chosen, expand, macros, substitute, unknown_names
from promproof.grafana.steps import Request, Resolved, resolve
from promproof.grafana.windows import executed, shortest

pytestmark = pytest.mark.unit
HOUR = Request(0, 3_600_000, 1000)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("15s", 15_000),
        ("30", 30_000),
        ("<10s>", 10_000),
        (">1m", 60_000),
        ("1h30m", 5_400_000),
        ("250ms", 250),
        ("1d", 86_400_000),
        ("1w", 604_800_000),
        ("1M", 2_592_000_000),
        ("1y", 31_536_000_000),
        ("2.5s", 2500),
    ],
)
def test_a_duration_is_read_as_grafana_reads_it(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize("text", ["", "abc", "1x", "1.5d", "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|whole"):
        milliseconds(text)


@pytest.mark.parametrize(
    ("ms", "text"), [(90_000, "1m"), (3_601_000, "1h"), (15_000, "15s"), (250, "250ms"), (86_400_000, "1d")]
)
def test_an_interval_is_cut_to_its_largest_unit(ms: int, text: str) -> None:
    assert largest_unit(ms) == text


def test_each_macro_has_its_own_value_with_and_without_braces() -> None:
    given = macros(HOUR, Resolved(15_000, 90_000, 360_000))
    text = "$__interval_ms $__interval $__range_ms $__range_s $__range $__rate_interval_ms $__rate_interval"
    braces = " ".join(f"${{{word[1:]}}}" for word in text.split())
    wanted = "90000 1m 3600000 3600 3600s 360000 6m0s"
    assert (expand(text, given), expand(braces, given)) == (wanted, wanted)


@pytest.mark.parametrize(
    ("value", "text", "wanted"),
    [
        (Value(("a",)), '{x="$v"}', '{x="a"}'),
        (Value(("a'b\\",)), "$v", "a\\\\'b\\\\"),
        (Value(("a.b",), True), "$v", "a\\\\.b"),
        (Value(("a", "b"), True), "${v}", "(a|b)"),
        (Value(("{id}", "b"), True), "$v", "(\\\\{id\\\\}|b)"),
        (Value((".*",), True, escaped=False), "$v", ".*"),
        (Value(("a", "b"), True), "${v:csv}", "a,b"),
        (Value(("a", "b"), True), "${v:pipe}", "a|b"),
        (Value(("a", "b"), True), "${v:raw}", "a,b"),
        (Value(("a", "b"), True), "${v:glob}", "{a,b}"),
        (Value(("a", "b"), True), "${v:odd}", "{a,b}"),
        (Value(("a", "b"), True), "${v:json}", '["a","b"]'),
        (Value(("a.", "b"), True), "${v:regex}", "(a\\.|b)"),
        (Value(("a", "b"), True), "${v:text}", "a + b"),
        (Value(("a", "b"), True), "${v:doublequote}", '"a","b"'),
        (Value(("a",), True), "[[v]]", "a"),
        (Value(("a",)), "$vv $v_", "$vv $v_"),
    ],
)
def test_a_variable_is_put_in_as_grafana_does(value: Value, text: str, wanted: str) -> None:
    assert substitute(text, {"v": value}) == wanted


def test_an_unknown_name_is_told_from_a_macro() -> None:
    text = 'rate(x{a="$a",b="$b",c=~"$1"}[$__rate_interval]) > $__from + ${__range_s}'
    assert unknown_names(text, ["a"]) == ("b",)


def test_all_is_every_option_or_the_value_for_all() -> None:
    variable = Variable("v", "query", "$", multi=True, include_all=True, current=("$__all",))
    assert chosen(variable, ["a", "b"]).values == ("a", "b")
    assert chosen(Variable("v", "query", "$", include_all=True, all_value=".*"), ["a"]).values == (".*",)
    assert chosen(Variable("v", "query", "$"), ["a", "b"]).values == ("a",)
    assert chosen(variable, ["a", "b", "c"], ["b", "c"]).values == ("b", "c")


def test_a_fixed_window_is_scaled_and_a_macro_is_not_scaled_twice() -> None:
    request = Request(0, 60_000, 1000)
    resolved = resolve(request, source_interval="250ms")
    text = "rate(x[5m]) + rate(x[$__rate_interval]) + increase(x[${__range_s}s]) * $__interval_ms"
    assert "[5s]" in executed(text, request, resolved, TimeScale(60))
    assert "[1s]" in executed(text, request, resolved, TimeScale(60))
    assert "[1m]" in executed(text, request, resolved, TimeScale(60))
    assert executed(text, request, resolved, TimeScale(60)).endswith("* 250")
    assert executed("rate(x[5m])", request, resolved, TimeScale(1)) == "rate(x[5m])"


def test_the_shortest_window_is_found_behind_a_macro() -> None:
    resolved = resolve(HOUR, source_interval="15s")
    assert shortest("rate(a[5m]) / rate(b[$__rate_interval])", HOUR, resolved) == 60_000
    assert shortest("rate(a[${__interval_ms}ms])", HOUR, resolved) == 15_000
    assert shortest("up", HOUR, resolved) is None
