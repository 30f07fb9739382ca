"""Random expressions that the rules of equivalence are about, and random series for them.

Every scraped series has `job` and `instance`, as docs/prove.md takes for granted. Values are dyadic, so that sums in
another order are the same number; those of `h` differ from each other, so that `topk` never has to choose among equals.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

STEP = 60.0
SAMPLES = 31
MOMENTS = (600.0, 1200.0, 1800.0)
PLAIN_RULE = {"record": "r", "expr": "vector(1)"}
SCALED = ("a factor against 0",)
"""Equivalences under which the value, which nobody reads, may be another."""
VALUES = {"job": ("j", "k"), "instance": ("i", "i2"), "a": ("", "b", "bc", "d"), "k": ("", "v", "w")}
LABELS = tuple(VALUES)
MATCHERS = (
    *(
        'a="b"',
        'a=~"b|d"',
        'a!="b"',
        'a=~".*"',
        'a=~".+"',
        'a=""',
        'job="j"',
        'job=~"j|k"',
        'k="v"',
        'k!="w"',
    ),
    *('instance="i"', 'instance=~"i.*"'),
)
WINDOWS = ("5m", "10m")
NUMBERS = ("0", "0.37", "1", "3")
COMPARED = (">", ">=", "<", "<=", "==", "!=")
AGGREGATIONS = ("sum", "max", "min", "avg", "count", "group")

EXAMPLES: dict[str, Sequence[str]] = {
    "a factor against 0": (
        "sum by (job) (rate(c_total[5m])) > 0",
        "rate(c_total[5m]) + increase(d_total[5m]) == 0",
    ),
    "a matcher of the other side": (
        'g{a="b"} / h{a="b"} > 1',
        'g{a="b"} unless h{a="b"}',
        'g{a="b"} / on (a) sum by (a) (h{a="b"}) > 1',
        'sum by (a) (g{a="b"}) / on (a) (max by (a) (h{a="b"}) * 2 > 0) > 1',
        'g{a="b"} < 9 and h{a="b"} > 0',
        'g{a="b"} != ignoring (instance) group_left () count by (job, a, k) (h{a="b"} > 0)',
        '(g{a="b"} > 1 and on () sum(h)) / h{a="b"} > 0',
    ),
    "a guard that a share implies": (
        'sum(rate(c_total{a="b"}[5m])) / sum(rate(c_total[5m])) > 0.1 and sum(rate(c_total[5m])) > 0',
        "100 * rate(c_total[5m]) / (rate(c_total[5m]) + rate(d_total[5m])) > 3 "
        "and (rate(c_total[5m]) + rate(d_total[5m])) > 0",
    ),
    "a label that nothing has": ("sum by (a) (max by (a, k) (g)) > 0",),
    "a matcher that takes all": ('g{a=~".*"} > 1',),
    "a comparison that always holds": ("count by (a) (g) > 0", "rate(c_total[5m]) >= 0"),
    "a quotient of 0": ("g / (h > 0) > 0.9 < 1", "rate(c_total[5m]) / (g > 0) < 1"),
    "a label of one value": (
        'topk by (a, job) (1, h{job="j"}) > 0',
        'sum by (a) (sum by (a, job) (g{job="j"})) > 0',
    ),
    "an aggregation of the same": (
        "max by (a) (max by (a, k) (g)) > 0",
        "sum by (a) (g * on (a) group_left (k) topk by (a) (1, max by (a, k) (h))) > 0",
    ),
    "a zero that does not grow": ('increase((g{job=~"j.*"} or 0 * absent(g{job=~"j.*"}))[15m:1m]) >= 4',),
    "only presence is asked": (
        "g unless on (a) sum by (a, k) (rate(c_total[5m])) > 0",
        "g and on (a) max by (a, k) (h) > 1",
        "g and on (a) max by (a, k) (h) > on (a) group_left () max by (a) (rate(c_total[5m]))",
    ),
    "no value is asked": (
        "g > 1 and on () sum(h == bool 1)",
        "g unless on (a) sum by (a) (h > bool 3) * 3",
        "g and on (a) sum by (a) (rate(c_total[5m])) / 3",
    ),
    "a stricter comparison beside": (
        "(sum by (a) (rate(c_total[5m])) / sum by (a) (rate(d_total[5m])) > 0) > 0.37",
        "g > 0 and g >= 3",
    ),
    "what the other alternative has": (
        'rate(c_total{a!="b"}[5m]) or rate(c_total{a="b", k="v"}[5m])',
        'g{a!~"b|d", k="v"} or g{a=~"b|d", k="v", job="j"}',
    ),
}
"""For each rule expressions that surely meet it."""
_LEAST = "min(rate(c_total{a='b'}[5m]))"
_CHANGE = "abs(delta(g[5m]))"
_SHARE = "sum by (a) (rate(c_total{k='v'}[5m])) / sum by (a) (rate(c_total[5m])) > 0.37"
NEAR: dict[str, Sequence[tuple[str, str]]] = {
    "a matcher of the other side": (
        (
            '{__name__=~"g|h", a="b"} / {__name__=~"g|h", a="b"} > 1',
            '{__name__=~"g|h"} / {__name__=~"g|h", a="b"} > 1',
        ),
        ('rate({__name__=~"g|h", a="b"}[5m]) and g{a="b"}', 'rate({__name__=~"g|h"}[5m]) and g{a="b"}'),
        (
            'histogram_quantile(0.9, l_bucket{le="1"}) > g{le="1"}',
            'histogram_quantile(0.9, l_bucket) > g{le="1"}',
        ),
        (
            'g{a="b"} != ignoring (instance) group_left () h{a="b"}',
            'g{a="b"} != ignoring (instance) group_left () h',
        ),
        ('sum by (a) (g{a="b"}) / on (a) (h{a="b"} > 0)', 'sum by (a) (g{a="b"}) / on (a) (h > 0)'),
        ('g{a="b"} / on (a) (max by (a, k) (h{a="b"}) > 0)', 'g{a="b"} / on (a) (max by (a, k) (h) > 0)'),
        (
            'g{a="b"} != ignoring (instance, a) group_left () count by (job, k) (h{a="b"})',
            'g != ignoring (instance, a) group_left () count by (job, k) (h{a="b"})',
        ),
    ),
    "only presence is asked": (
        (
            "g and on (a) max by (a, k) (h) > on (a) max by (a) (g)",
            "g and on (a) max by (a) (h) > on (a) max by (a) (g)",
        ),
        (
            "g and on (a) min by (a, k) (h) > on (a) group_left () max by (a) (g)",
            "g and on (a) min by (a) (h) > on (a) group_left () max by (a) (g)",
        ),
    ),
    "a stricter comparison beside": (
        ("(g > 0) > 3", "(g > 6) > 3"),
        ("(g > 0) > bool 3", "(g > -1) > bool 3"),
        ("(g >= 3) >= 3", "(g > 3) >= 3"),
        ("g > 0 and on (a) g > 3", "g > -1 and on (a) g > 3"),
        ("(g > 0) < 3", "(g > -1) < 3"),
    ),
    "what the other alternative has": (
        (
            'rate(c_total{a!="b"}[5m]) or rate(c_total{a="b", k="v"}[10m])',
            'rate(c_total{a!="b"}[5m]) or rate(c_total{k="v"}[10m])',
        ),
        ('g{a!="b", job="j"} or g{a="b", k="v"}', 'g{a!="b", job="j"} or g{k="v"}'),
        ('g{a!="b"} or h{a="b", k="v"}', 'g{a!="b"} or h{k="v"}'),
        ('g{a!="b"} or on (a) g{a="b", k="v"}', 'g{a!="b"} or on (a) g{k="v"}'),
    ),
    "a guard that a share implies": (
        (
            f"{_LEAST} / ({_LEAST} + max(rate(d_total[5m]))) > 0.1 and ({_LEAST} + max(rate(d_total[5m]))) > 0",
            f"{_LEAST} / ({_LEAST} + max(rate(d_total[5m]))) > 0.1 "
            "and (min(rate(c_total[5m])) + max(rate(d_total[5m]))) > 0",
        ),
        (
            f"{_CHANGE} / ({_CHANGE} + {_CHANGE}) > 0.1 and ({_CHANGE} + {_CHANGE}) > 0",
            f"{_CHANGE} / ({_CHANGE} + {_CHANGE}) > 0.1 and ({_CHANGE} + abs(delta(g[10m]))) > 0",
        ),
        (
            f"(g and on () {_SHARE}) and sum by (a) (rate(c_total[5m])) > 0",
            f"(g and on () {_SHARE}) and sum by (a) (rate(c_total[5m])) > -1",
        ),
    ),
}
"""Expressions beside those that a rule is about, each with a change that it does not leave out."""
QUANTILES = (
    (
        "histogram_quantile(0.9, sum by (le) (rate(l_bucket[5m]))) > 0.37",
        "histogram_quantile(0.9, sum by (le) (increase(l_bucket[5m]))) > 0.37",
    ),
    (
        "histogram_quantile(0.5, rate(l_bucket[5m])) < 5",
        "histogram_quantile(0.5, increase(l_bucket[5m])) < 5",
    ),
)
"""What the operator for rates leaves out by itself: a factor of all buckets."""


def _inside(matchers: Sequence[str]) -> str:
    return "{" + ", ".join(matchers) + "}"


MANY = st.lists(st.sampled_from(MATCHERS), max_size=2, unique_by=lambda text: text[0])
GROUPS = st.lists(st.sampled_from(LABELS), max_size=3, unique=True).map(", ".join)


@st.composite
def _selectors(draw: st.DrawFn, name: str, given: Sequence[str] | None = None) -> str:
    matchers = draw(MANY) if given is None else given
    if draw(st.integers(0, 9)) == 0 and name in ("g", "h"):
        return _inside(['__name__=~"g|h"', *matchers])
    return name + _inside(matchers)


@st.composite
def _counted(draw: st.DrawFn, given: Sequence[str] | None = None) -> str:
    function = draw(st.sampled_from(("rate", "increase", "irate")))
    selector = draw(_selectors(draw(st.sampled_from(("c_total", "d_total"))), given))
    return f"{function}({selector}[{draw(st.sampled_from(WINDOWS))}])"


@st.composite
def _vectors(draw: st.DrawFn, depth: int = 2, given: Sequence[str] | None = None) -> str:
    kind = draw(st.integers(0, 6 if depth else 3))
    if kind == 0:
        return draw(_counted(given))
    if kind == 1:
        return f"abs(delta({draw(_selectors('g', given))}[{draw(st.sampled_from(WINDOWS))}]))"
    if kind in (2, 3):
        return draw(_selectors(draw(st.sampled_from(("g", "h"))), given))
    if kind == 4:
        compared = f"{draw(st.sampled_from(COMPARED))} {draw(st.sampled_from(NUMBERS))}"
        return f"({draw(_vectors(depth - 1, given))} {compared})"
    if kind == 5:
        return f"{draw(_grouping(AGGREGATIONS))} ({draw(_vectors(depth - 1, given))})"
    return f"clamp_min({draw(_vectors(depth - 1, given))}, {draw(st.sampled_from(NUMBERS))})"


@st.composite
def _grouping(draw: st.DrawFn, names: Sequence[str]) -> str:
    modifier = draw(st.sampled_from(("by", "by", "by", "without")))
    return f"{draw(st.sampled_from(names))} {modifier} ({draw(GROUPS)})"


@st.composite
def _joins(draw: st.DrawFn, operators: Sequence[str]) -> str:
    operator = draw(st.sampled_from(operators))
    how = draw(st.sampled_from(("", "", "", "on", "on", "ignoring")))
    joined = f"{operator} {how} ({draw(GROUPS)})" if how else operator
    if how and operator not in ("and", "or", "unless") and draw(st.booleans()):
        joined += f" group_left ({draw(st.sampled_from(('', 'k')))})"
    return joined


@st.composite
def _joined(draw: st.DrawFn) -> str:
    given = draw(MANY)
    left, right = draw(_vectors(1, given)), draw(_vectors(1, given))
    whole = f"{left} {draw(_joins(('/', '*', '-', '+', 'and', 'unless', 'or', '>', '<')))} {right}"
    if draw(st.booleans()):
        whole = f"({whole}) {draw(_joins(('and', 'unless', '*')))} {draw(_vectors(1, given))}"
    return draw(_grouping(AGGREGATIONS)) + f" ({whole})" if draw(st.integers(0, 3)) == 0 else whole


@st.composite
def _guarded(draw: st.DrawFn) -> str:
    groups, window = draw(GROUPS), draw(st.sampled_from(WINDOWS))
    if draw(st.booleans()):
        whole = f"sum by ({groups}) (rate(c_total{_inside(draw(MANY))}[{window}]))"
        matcher = draw(st.sampled_from(MATCHERS))
        inner = whole.replace("{", "{" + matcher + ", ").replace(", }", "}")
        part = inner if f"{matcher.partition('=')[0]}" not in whole else whole
    else:
        part, other = (f"{draw(_grouping(AGGREGATIONS))} ({draw(_vectors(0))})" for _ in range(2))
        whole = f"({part} + {other})"
    share = f"{draw(st.sampled_from(('', '100 * ')))}{part} / {whole} {draw(st.sampled_from(COMPARED))} 0.37"
    if draw(st.booleans()):
        share = f"({draw(_vectors(0))} {draw(_joins(('and',)))} {share})"
    return f"{share} {draw(_joins(('and',)))} {whole} > 0"


@st.composite
def _nested(draw: st.DrawFn) -> str:
    inner, outer = draw(GROUPS), draw(GROUPS)
    op = draw(st.sampled_from(AGGREGATIONS))
    other = draw(st.sampled_from((op, op, "max", "sum")))
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return f"{other} by ({outer}) ({op} by ({inner}) ({draw(_vectors(1))})) > 0"
    top = f"topk by ({outer}) (1, max by ({inner}) (h{_inside(draw(MANY))}))"
    if kind == 1:
        return f"{top} > 0"
    joined = f"g * on ({outer or 'a'}) group_left ({draw(st.sampled_from(('', 'k')))}) {top} > 0"
    return f"sum by ({draw(GROUPS)}) ({joined})" if draw(st.booleans()) else joined


@st.composite
def _present(draw: st.DrawFn) -> str:
    right = f"{draw(_grouping(AGGREGATIONS))} ({draw(_vectors(1))})"
    if draw(st.booleans()):
        right += f" {draw(st.sampled_from(COMPARED))} {draw(st.sampled_from(NUMBERS))}"
    return f"{draw(_vectors(0))} {draw(st.sampled_from(('and', 'unless')))} on ({draw(GROUPS)}) {right}"


@st.composite
def _against_zero(draw: st.DrawFn) -> str:
    left = draw(_counted())
    for _ in range(draw(st.integers(0, 2))):
        form = draw(st.sampled_from(("{} + {}", "{} / 2", "{} * -1", "2 * {}", "agg", "{} - {}", "{} / {}")))
        if form == "agg":
            left = f"{draw(_grouping(AGGREGATIONS))} ({left})"
        else:
            left = f"({form.format(left, draw(_counted()))})"
    compared = f"{left} {draw(st.sampled_from(COMPARED))} 0"
    return (
        f"{draw(_vectors(0))} {draw(_joins(('and', 'unless')))} {compared}"
        if draw(st.booleans())
        else compared
    )


@st.composite
def _quotients(draw: st.DrawFn) -> str:
    below = f"({draw(_vectors(1))} {draw(st.sampled_from(('>', '>=', '<', '<=')))} 0)"
    pairs = [f" {draw(st.sampled_from(COMPARED))} {draw(st.sampled_from(NUMBERS))}" for _ in range(2)]
    joined = draw(st.sampled_from(("/", "/", "/ ignoring (k)")))
    return f"{draw(_vectors(1))} {joined} {below}{pairs[0]}{pairs[1]}"


@st.composite
def _zeros(draw: st.DrawFn) -> str:
    selector = f"c_total{_inside(draw(MANY))}"
    other = draw(st.sampled_from((selector, f"c_total{_inside(draw(MANY))}")))
    function = draw(st.sampled_from(("increase", "delta", "rate", "max_over_time", "deriv")))
    compared = f"{draw(st.sampled_from(COMPARED))} {draw(st.sampled_from(NUMBERS))}"
    return f"{function}(({selector} or 0 * absent({other}))[15m:1m]) {compared}"


def expressions() -> st.SearchStrategy[str]:
    """Expressions of the kinds that the rules are about, and near to them."""
    return st.one_of(
        _vectors(), _joined(), _guarded(), _nested(), _present(), _against_zero(), _quotients(), _zeros()
    )


EDGES = ("0.1", "1", "10", "+Inf")


@st.composite
def _samples(draw: st.DrawFn, number: int, *, is_counter: bool, is_apart: bool) -> str:
    """Parts of a series: a value or a slope each, a gap, or a counter that begins anew."""
    own = number / 256 if is_apart else 0.0
    parts, left, value = [], SAMPLES, 0.0
    while left > 0:
        many = min(left, draw(st.sampled_from((5, 12, 31))))
        kind = draw(st.integers(0, 9))
        if kind == 0:
            parts.append(f"stale _x{many - 1}" if many > 1 else "stale")
        elif is_counter:
            grown = draw(st.sampled_from((0, 0, 1, 3, 60)))
            value = 0.0 if kind == 1 else value
            parts.append(f"{value:g}+{grown}x{many - 1}")
            value += grown * many
        else:
            parts.append(f"{draw(st.sampled_from((0, 0, -2, 1, 3, 8))) + own:.12g}x{many - 1}")
        left -= many
    return " ".join(parts)


@st.composite
def _buckets(draw: st.DrawFn) -> list[str]:
    """Of one histogram: they come, go and begin anew together, and a larger one counts what a smaller one counts."""
    parts: list[list[str]] = [[] for _ in EDGES]
    values, left = [0.0] * len(EDGES), SAMPLES
    while left > 0:
        many = min(left, draw(st.sampled_from((5, 12, 31))))
        kind = draw(st.integers(0, 9))
        slopes = sorted(draw(st.sampled_from((0, 0, 1, 3, 60))) for _ in EDGES)
        values = [0.0] * len(EDGES) if kind == 1 else values
        for place, slope in enumerate(slopes):
            if kind == 0:
                parts[place].append(f"stale _x{many - 1}" if many > 1 else "stale")
            else:
                parts[place].append(f"{values[place]:g}+{slope}x{many - 1}")
                values[place] += slope * many
        left -= many
    return [" ".join(of_one) for of_one in parts]


@st.composite
def worlds(draw: st.DrawFn) -> list[dict[str, str]]:
    """Series of all metrics, in the notation of promtool; each label set once."""
    made = []
    labels = st.tuples(*(st.sampled_from(held) for held in VALUES.values()))
    pool = draw(st.lists(labels, min_size=1, max_size=6, unique=True))  # few, so that metrics share some
    for name in ("g", "h", "c_total", "d_total"):
        for number, held in enumerate(draw(st.lists(st.sampled_from(pool), max_size=6, unique=True))):
            inside = ", ".join(
                f'{label}="{value}"' for label, value in zip(LABELS, held, strict=True) if value
            )
            values = draw(_samples(number + 1, is_counter=name.endswith("_total"), is_apart=name == "h"))
            made.append({"series": f"{name}{{{inside}}}", "values": values})
    for edge, values in zip(EDGES, draw(_buckets()), strict=True):
        made.append({"series": f'l_bucket{{job="j", instance="i", le="{edge}"}}', "values": values})
    return made
