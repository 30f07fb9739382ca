"""Rewriting durations: exactly the durations change, and what can't be rewritten safely is refused.

The oracle is text: expressions are generated with holes, so that the wanted result is the same expression with
other durations filled in.
"""

from collections.abc import Callable

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.config.durations import format_milliseconds
from promproof.config.promql_durations import caveats, normal_form, rewrite_durations, windows

pytestmark = pytest.mark.unit

Change = Callable[[int], int]
Template = Callable[[Change], str]
"""An expression as a function of what is done to its durations."""

UNCHANGED: Change = lambda ms: ms  # noqa: E731  (a name for the identity)

values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.sampled_from(["up", "rate5m", "job:x:rate5m", "sum_5m", "offset5m"])
# The parser takes numbers of 2^32 and more in front of a unit for 0: up to 49 days in milliseconds, then.
lengths = st.integers(min_value=1, max_value=4_000_000)


def quoted(text: str) -> str:
    special = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
    return '"' + "".join(special.get(char, char) for char in text) + '"'


def duration(milliseconds: int, change: Change) -> str:
    return format_milliseconds(change(milliseconds))


@st.composite
def modifiers(draw: st.DrawFn) -> Template:
    at = draw(st.sampled_from(["", " @ start()", " @ end()", " @ 1609746000.123"]))
    offset = draw(st.none() | lengths)
    sign = draw(st.sampled_from(["", "-"]))
    return lambda change: at + ("" if offset is None else f" offset {sign}{duration(offset, change)}")


@st.composite
def selectors(draw: st.DrawFn) -> Template:
    """A selector without range and modifiers, with text in its values that looks like a duration."""
    name = draw(names)
    matchers = draw(
        st.lists(st.tuples(st.sampled_from(["a", "le"]), st.sampled_from(["=", "!="]), values), max_size=2)
    )
    inside = ",".join(f"{label}{operator}{quoted(value)}" for label, operator, value in matchers)
    return lambda change: f'{name}{{{inside},b="[5m] offset 1h"}}' if matchers else f'{name}{{b="[5m]"}}'


@st.composite
def instants(draw: st.DrawFn) -> Template:
    selector, modifier = draw(selectors()), draw(modifiers())
    return lambda change: selector(change) + modifier(change)


@st.composite
def ranges(draw: st.DrawFn) -> Template:
    selector, modifier, length = draw(selectors()), draw(modifiers()), draw(lengths)
    function = draw(st.sampled_from(["rate", "increase", "max_over_time"]))
    return lambda change: f"{function}({selector(change)}[{duration(length, change)}]{modifier(change)})"


def combined(inner: st.SearchStrategy[Template]) -> st.SearchStrategy[Template]:
    @st.composite
    def subqueries(draw: st.DrawFn) -> Template:
        body, modifier, length, step = (
            draw(inner),
            draw(modifiers()),
            draw(lengths),
            draw(st.none() | lengths),
        )
        return lambda change: (
            f"max_over_time(({body(change)})[{duration(length, change)}:"
            f"{'' if step is None else duration(step, change)}]{modifier(change)})"
        )

    @st.composite
    def binaries(draw: st.DrawFn) -> Template:
        left, right = draw(inner), draw(inner)
        operator = draw(
            st.sampled_from(["+", "/ on(a)", "> bool", "and", "unless on(b)", "* on(a) group_left(le)", "^"])
        )
        return lambda change: f"({left(change)}) {operator} ({right(change)})"

    @st.composite
    def wrapped(draw: st.DrawFn) -> Template:
        body = draw(inner)
        form = draw(
            st.sampled_from(
                [
                    "sum by (a) (%s)",
                    "topk(5, %s)",
                    "-(%s)",
                    "histogram_quantile(0.95, %s)",
                    "(%s) > 0.05",
                    "(%s) == 1e3",
                    'label_replace(%s, "x", "[5m]", "y", "(.*)")',
                    'count_values without (le) ("5m", %s)',
                    "absent(%s) or vector(1)",
                ]
            )
        )
        return lambda change: form.replace("%s", body(change))

    return subqueries() | binaries() | wrapped()


templates = st.recursive(instants() | ranges(), combined, max_leaves=5)


@given(templates, st.integers(min_value=2, max_value=1000))
def test_rewriting_changes_the_durations_alone(template: Template, factor: int) -> None:
    def change(milliseconds: int) -> int:
        return milliseconds * factor

    rewritten = rewrite_durations(template(UNCHANGED), change)

    assert normal_form(rewritten) == normal_form(template(change))


@given(templates)
def test_an_expression_with_unchanged_durations_stays_the_same(template: Template) -> None:
    expression = template(UNCHANGED)
    assert normal_form(rewrite_durations(expression, UNCHANGED)) == normal_form(expression)


def divided(milliseconds: int) -> int:
    return milliseconds // 60


@pytest.mark.parametrize(
    ("expression", "rewritten"),
    [
        ("rate(x[5m])", "rate(x[5s])"),
        ("rate(x[1m15s])", "rate(x[1s250ms])"),
        ("x offset -1h", "x offset -1m"),
        ("rate(x[5m] offset 1h)", "rate(x[5s] offset 1m)"),
        ("rate(x[5m] @ 1609746000 offset 1h)", "rate(x[5s] @ 1609746000.000 offset 1m)"),
        ("max_over_time(rate(x[5m])[1h:1m] offset 1d)", "max_over_time(rate(x[5s])[1m:1s] offset 24m)"),
        ("max_over_time(x[1h:])", "max_over_time(x[1m:])"),
        ('rate({__name__="x"}[5m])', 'rate({__name__="x"}[5s])'),
        ('rate({"x.y"}[5m])', 'rate({__name__="x.y"}[5s])'),
        ('rate(x{"a b"="5m"}[5m])', 'rate(x{"a b"="5m"}[5s])'),
        (r"rate(x{a=~`\d+[5m]`}[5m])", r'rate(x{a=~"\\d+[5m]"}[5s])'),
        ("rate(x{a='it\\'s `5m`'}[5m]) # `[5m]", 'rate(x{a="it\'s `5m`"}[5s])'),
        ("rate(sum[5m])", "rate(sum[5s])"),
        ("rate(x[300])", "rate(x[5s])"),
        ("sum(rate(x[5m])) by () > 0", "sum(rate(x[5s])) > 0"),
        ("rate(x[5m]) + ignoring () y", "rate(x[5s]) + y"),
    ],
)
def test_each_known_trap_of_the_parser_is_avoided(expression: str, rewritten: str) -> None:
    assert rewrite_durations(expression, divided) == rewritten


@pytest.mark.parametrize("expression", ["vector(1)", "sum by(a)(x)  > 0.05 # [5m]", 'x{a="[5m]"}', "x > 1h"])
def test_an_expression_without_durations_keeps_its_text(expression: str) -> None:
    assert rewrite_durations(expression, divided) == expression


def test_an_expression_that_the_parser_refuses_is_an_error() -> None:
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        rewrite_durations("rate(x[5m]", divided)


def test_a_rewriting_that_would_lose_a_part_is_refused() -> None:
    # Prometheus refuses alternatives, the parser reads them, and the rewriter does not print them.
    with pytest.raises(ValueError, match="can't be rewritten without changing the rest"):
        rewrite_durations('rate(x{a="b" or c="d"}[5m])', divided)


def test_a_rewriting_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        rewrite_durations("rate(x[5m])", lambda ms: 0)


def test_all_windows_of_an_expression_are_found() -> None:
    assert windows("max_over_time(rate(x[5m] offset 2m)[1h:1m])") == (3_600_000, 300_000)


@pytest.mark.parametrize("function", ["increase", "delta", "changes", "resets"])
def test_a_count_that_shrinks_with_its_window_is_a_caveat(function: str) -> None:
    assert caveats(f"{function}(x[5m]) > 10") == (
        f"{function}() counts what happens in its window: a shorter window holds less",
    )


def test_an_age_in_seconds_is_a_caveat() -> None:
    assert [text.split("()")[0] for text in caveats("time() - timestamp(x) > 3600")] == ["time", "timestamp"]


def test_a_ratio_of_rates_has_no_caveat() -> None:
    assert caveats("sum(rate(x[5m])) / sum(rate(y[5m])) > 0.05") == ()


def test_an_expression_that_does_not_parse_is_its_own_normal_form() -> None:
    assert normal_form("rate(x[$__rate_interval])") == "rate(x[$__rate_interval])"


def test_the_parser_itself_cuts_milliseconds_from_a_window() -> None:
    # Why str() is not used anywhere here: it cuts milliseconds and does not escape.
    node = promql_parser.parse('x{a="\\""}[2500ms]')
    assert str(node) == 'x{a="""}[2s]'
