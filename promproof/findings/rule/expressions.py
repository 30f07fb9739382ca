"""What is wrong in one expression whatever the data are, be it recorded or alerted on (`promql.mistakes`)."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_rule, register
from promproof.findings.rules import asking
from promproof.findings.setup import Rule, Setup
from promproof.promql.mistakes import mistakes

QUANTILE = register(
    Kind(
        id="rule/quantile-range",
        severity=Severity.ERROR,
        title="a quantile over 1 or under 0",
        why="Quantiles go from 0 to 1: histogram_quantile(95, ...) is +Inf whatever the data are, so that an alert "
        "on it fires always or never.",
        example="histogram_quantile(95, sum by (le) (rate(http_seconds_bucket[5m]))) > 1",
        instead="histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket[5m]))) > 1",
    )
)
LE = register(
    Kind(
        id="rule/le-dropped",
        severity=Severity.ERROR,
        title="a quantile of buckets without le",
        why="histogram_quantile() finds the buckets of a histogram by the label le. Summed away, nothing comes out: "
        "the alert can never fire, the recorded metric does not exist.",
        example="histogram_quantile(0.95, sum by (job) (rate(http_seconds_bucket[5m]))) > 1",
        instead="histogram_quantile(0.95, sum by (job, le) (rate(http_seconds_bucket[5m]))) > 1",
    )
)
QUANTILES = register(
    Kind(
        id="rule/sum-of-quantiles",
        severity=Severity.WARNING,
        title="a sum or a mean of quantiles",
        why="The mean of the 99th percentiles of two instances is the 99th percentile of nothing: one slow "
        "instance with few requests weighs as much as all the others.",
        example="avg(histogram_quantile(0.99, sum by (le, pod) (rate(http_seconds_bucket[5m])))) > 1",
        instead="histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket[5m]))) > 1",
    )
)
CONTRADICTION = register(
    Kind(
        id="rule/contradicting-matchers",
        severity=Severity.ERROR,
        title="matchers that no series can meet",
        why="Two matchers of one label exclude each other: the selector is empty whatever is there, and an alert on "
        "it never fires.",
        example='increase(http_requests_total{code="500", code=~"4.."}[5m]) > 5',
        instead='increase(http_requests_total{code=~"5..|4.."}[5m]) > 5',
    )
)
ITSELF = register(
    Kind(
        id="rule/divided-by-itself",
        severity=Severity.ERROR,
        title="a query that is divided by itself",
        why="Both sides are one query: the quotient is 1, and a difference 0, whatever happens.",
        example="sum(rate(http_errors_total[5m])) / sum(rate(http_errors_total[5m])) > 0.1",
        instead="sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m])) > 0.1",
    )
)
SERIES = register(
    Kind(
        id="rule/series-by-itself",
        severity=Severity.ERROR,
        title="a ratio in which each series meets itself",
        why="Without aggregation both sides are matched by all labels. The part and the whole are then the same "
        "series: the ratio is 1 for each, however few they are.",
        example='rate(http_requests_total{code=~"5.."}[5m]) / rate(http_requests_total[5m]) > 0.1',
        instead='sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) > 0.1',
    )
)
MANY = register(
    Kind(
        id="rule/many-to-many",
        severity=Severity.ERROR,
        title="a match of many series with many",
        why="As soon as two series of a side have the labels that are matched on, Prometheus refuses to evaluate the "
        "rule: it fails just when something new happens, an error of another code say.",
        example='rate(http_requests_total{code=~"5.."}[5m]) / on (job) rate(http_requests_total[5m]) > 0.1',
        instead='sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) '
        "/ on (job) sum by (job) (rate(http_requests_total[5m])) > 0.1",
    )
)
RATE_OF_SUM = register(
    Kind(
        id="rule/rate-of-sum",
        severity=Severity.WARNING,
        title="a rate of a sum of counters",
        why="A restart resets one counter. The sum falls a little, and the rate takes that for a reset of the whole "
        "sum: the alert sees a burst that never was.",
        example="rate(sum(http_requests_total)[5m:]) > 100",
        instead="sum(rate(http_requests_total[5m])) > 100",
    )
)
INCREASE = register(
    Kind(
        id="rule/increase-by-rate",
        severity=Severity.WARNING,
        title="an increase that is divided by a rate",
        why="increase() is what came in the whole window, rate() what came in a second of it: over five minutes the "
        "quotient is three hundred times the share, and 0.1 % of errors reads as 30 %.",
        example='sum(increase(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) > 0.1',
        instead='sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) > 0.1',
    )
)
_SAID = {
    QUANTILE.id: (QUANTILE, "the value is +Inf or -Inf", "write the quantile as a number from 0 to 1"),
    LE.id: (LE, "the result is always empty", "keep le: `by (le, ...)`"),
    QUANTILES.id: (
        QUANTILES,
        "the number is no quantile of any request",
        "sum the buckets, take the quantile then",
    ),
    CONTRADICTION.id: (CONTRADICTION, "the selector is always empty", "remove one of the matchers"),
    ITSELF.id: (ITSELF, "the value never moves", "write the other side as it was meant"),
    SERIES.id: (
        SERIES,
        "what share it is of the whole plays no part",
        "sum both sides by the labels that shall be kept",
    ),
    MANY.id: (MANY, "the rule can't be evaluated when it is needed", "sum both sides by the labels of on()"),
    INCREASE.id: (
        INCREASE,
        "the value is as many times as large as the window has seconds",
        "use rate() on both sides",
    ),
    RATE_OF_SUM.id: (
        RATE_OF_SUM,
        "each restart of one process looks like a burst",
        "take the rate first: sum(rate(...))",
    ),
}


@each_rule(*(kind for kind, _, _ in _SAID.values()))
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Say each mistake once for a rule."""
    if rule.tree is None:
        return
    for mistake in dict.fromkeys(mistakes(rule.tree)):
        kind, effect, todo = _SAID[mistake.kind]
        yield kind.at(rule.at("expr"), mistake.message, effect=effect, todo=todo, see=asking(rule.expression))
