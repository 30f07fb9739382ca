"""Uses of metrics in panels that give a wrong number without an error, and queries that Prometheus refuses."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser as promql

from promproof.findings.counted import counted
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import SERVER, Kind, each_panel, register
from promproof.findings.panels import board_of
from promproof.findings.rules import asking, recorded_by
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel
from promproof.grafana.queries import gives_total, is_typed, uses_in
from promproof.grafana.units import is_per_second
from promproof.promql.matches import described, mismatch
from promproof.promql.mistakes import mistakes

UNPARSABLE = register(
    Kind(
        id="grafana/unparsable",
        severity=Severity.ERROR,
        title="a query that is no PromQL",
        why="Prometheus refuses the query: the panel shows an error instead of data.",
        example="sum(rate(http_requests_total[5m])",
        instead="sum(rate(http_requests_total[5m]))",
    )
)
LE = register(
    Kind(
        id="grafana/le-dropped",
        severity=Severity.ERROR,
        title="a quantile of buckets without le",
        why="histogram_quantile() finds the buckets of a histogram by the label le. Summed away, nothing "
        "comes out.",
        example="histogram_quantile(0.95, sum by (job) (rate(http_seconds_bucket[5m])))",
        instead="histogram_quantile(0.95, sum by (job, le) (rate(http_seconds_bucket[5m])))",
    )
)
QUANTILE = register(
    Kind(
        id="grafana/quantile-out-of-range",
        severity=Severity.ERROR,
        title="a quantile over 1",
        why="Quantiles go from 0 to 1: histogram_quantile(95, ...) is +Inf whatever the data are.",
        example="histogram_quantile(95, sum by (le) (rate(http_seconds_bucket[5m])))",
        instead="histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket[5m])))",
    )
)
NO_BUCKET = register(
    Kind(
        id="grafana/quantile-of-no-bucket",
        severity=Severity.ERROR,
        title="a quantile of a sum or a count",
        why="histogram_quantile() needs the series NAME_bucket of a histogram; of NAME_count or NAME_sum it "
        "gives nothing.",
        example="histogram_quantile(0.95, rate(http_seconds_count[5m]))",
        instead="histogram_quantile(0.95, rate(http_seconds_bucket[5m]))",
    )
)
RATE_OF_SUM = register(
    Kind(
        id="grafana/rate-of-sum",
        severity=Severity.WARNING,
        title="a rate of a sum of counters",
        why="A restart resets one counter. The sum falls a little, and the rate takes that for a reset of the"
        " whole sum: the panel shows a spike that never was.",
        example="rate(sum(http_requests_total)[5m:])",
        instead="sum(rate(http_requests_total[5m]))",
    )
)
RATE_OF_GAUGE = register(
    Kind(
        id="grafana/rate-of-gauge",
        severity=Severity.WARNING,
        title="a rate of a gauge",
        why="rate() takes every fall of a gauge for the reset of a counter and adds what was there before.",
        example="rate(process_resident_memory_bytes[5m])",
        instead="deriv(process_resident_memory_bytes[5m])",
        needs=SERVER,
    )
)
DELTA = register(
    Kind(
        id="grafana/delta-of-counter",
        severity=Severity.WARNING,
        title="a function of gauges on a counter",
        why="delta(), idelta(), deriv() and predict_linear() know no resets: a restart looks like a fall.",
        example="delta(http_requests_total[5m])",
        instead="increase(http_requests_total[5m])",
    )
)
LEVEL = register(
    Kind(
        id="grafana/counter-level",
        severity=Severity.INFO,
        title="a counter without rate",
        why="The level of a counter tells how much was counted since the process began, not what happens now.",
        example="sum(http_requests_total)",
        instead="sum(rate(http_requests_total[5m]))",
    )
)
TOTAL = register(
    Kind(
        id="grafana/total-as-rate",
        severity=Severity.WARNING,
        title="a total of a window with a unit of a second",
        why="increase() counts what happens in its window. Shown as requests per second, the number is too "
        "large by the length of the window, and changes with the zoom.",
        example="sum(increase(http_requests_total[5m])), in reqps",
        instead="sum(rate(http_requests_total[5m])), in reqps",
    )
)
ITSELF = register(
    Kind(
        id="grafana/divided-by-itself",
        severity=Severity.ERROR,
        title="a series that is divided by itself",
        why="Both sides are one query, or each series meets itself: the panel shows 1 whatever happens.",
        example="rate(http_seconds_sum[5m]) / rate(http_seconds_sum[5m])",
        instead="rate(http_seconds_sum[5m]) / rate(http_seconds_count[5m])",
    )
)
QUANTILES = register(
    Kind(
        id="grafana/sum-of-quantiles",
        severity=Severity.WARNING,
        title="a sum or a mean of quantiles",
        why="The mean of the 99th percentiles of two instances is the 99th percentile of nothing.",
        example="avg(histogram_quantile(0.99, sum by (le, pod) (rate(http_seconds_bucket[5m]))))",
        instead="histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket[5m])))",
    )
)
CONTRADICTION = register(
    Kind(
        id="grafana/contradicting-matchers",
        severity=Severity.ERROR,
        title="matchers that no series can meet",
        why="Two matchers of one label exclude each other: the panel is empty whatever is there.",
        example='http_requests_total{code="500", code=~"4.."}',
        instead='http_requests_total{code=~"5..|4.."}',
    )
)
NEVER = register(
    Kind(
        id="grafana/labels-never-match",
        severity=Severity.ERROR,
        title="two sides that no label set can bring together",
        why="Prometheus matches the samples of two sides by all their labels, or by those of on(). When one side has a "
        "label that the other lacks, nothing matches, and the panel is empty.",
        example="sum by (job, code) (rate(http_total{code=~'5..'}[5m])) / sum by (job) (rate(http_total[5m]))",
        instead="sum by (job) (rate(http_total{code=~'5..'}[5m])) / sum by (job) (rate(http_total[5m]))",
    )
)
_SHARED = {
    "rule/divided-by-itself": (ITSELF, "the panel shows 1", "divide by what the share is of"),
    "rule/series-by-itself": (ITSELF, "the panel shows 1", "sum both sides, or name the labels to ignore"),
    "rule/sum-of-quantiles": (
        QUANTILES,
        "the number is no quantile",
        "sum the buckets, and take the quantile then",
    ),
    "rule/contradicting-matchers": (CONTRADICTION, "the panel is empty", "remove one of the two matchers"),
}
_KINDS = {
    "le-dropped": (LE, "the panel is empty", "keep le: `by (le, ...)`"),
    "quantile-range": (QUANTILE, "the panel shows +Inf", "write the quantile as a number from 0 to 1"),
    "quantile-of-no-bucket": (NO_BUCKET, "the panel is empty", "ask for the series that ends in _bucket"),
    "rate-of-sum": (RATE_OF_SUM, "each restart of one process is drawn as a spike", "sum the rates"),
    "rate-of-gauge": (RATE_OF_GAUGE, "each fall is drawn as a rise", "use deriv() or delta()"),
    "delta-of-counter": (DELTA, "a restart is drawn as a fall", "use increase() or rate()"),
    "counter-level": (
        LEVEL,
        "it shows what was counted since the process began, not what happens",
        "use rate() or increase()",
    ),
}


@each_panel(UNPARSABLE, *(kind for kind, _, _ in _KINDS.values()))
def judge_uses(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """What the syntax tree of each query says; a use that depends on an unknown type is a hint."""
    board = board_of(file, setup)
    for query in board.queries(panel.path):
        path = f"{query.target.path}.expr"
        if query.error:
            yield UNPARSABLE.at(
                file.at(path),
                f"cannot be parsed: {query.error}",
                effect="the panel shows an error",
                todo="correct the query",
                see=asking(query.text),
            )
        if query.tree is None:
            continue
        for use in uses_in(query.tree, lambda name: setup.knowledge.type_of(name) or None):
            if use.kind not in _KINDS:
                continue
            if use.kind == "le-dropped" and board.variables_outside(query.target.expression):
                continue  # a grouping that a reader chooses may have it
            kind, effect, todo = _KINDS[use.kind]
            is_guessed = use.metric and not is_typed(use.metric, setup.knowledge.type_of)
            if is_guessed and use.metric not in counted(setup):
                continue  # the name alone says little: many gauges end in _total
            severity = Severity.HINT if is_guessed else None
            see = f"ask Prometheus: {' '.join(query.text.split())}"
            message = (
                f"if {use.metric} is the counter that another query takes it for: {use.text}"
                if is_guessed
                else use.text
            )
            yield kind.at(file.at(path), message, effect=effect, todo=todo, see=see, severity=severity)


@each_panel(ITSELF, QUANTILES, CONTRADICTION)
def judge_mistakes(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """What rules are judged by too, unless a variable decides."""
    for query in board_of(file, setup).queries(panel.path):
        for mistake in mistakes(query.tree) if query.tree is not None else ():
            if mistake.kind not in _SHARED or (
                mistake.kind == "rule/contradicting-matchers" and "$" in mistake.message
            ):
                continue
            kind, effect, todo = _SHARED[mistake.kind]
            see = f"ask Prometheus: {' '.join(query.text.split())}"
            place = file.at(f"{query.target.path}.expr")
            yield kind.at(place, mistake.message, effect=effect, todo=todo, see=see)


@each_panel(NEVER)
def judge_matches(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Operations whose sides surely have other labels, by what their own groupings leave."""
    board, recorded = board_of(file, setup), recorded_by(setup)
    for query in board.queries(panel.path):
        if query.tree is None or board.variables_outside(query.target.expression):  # it may be a label
            continue
        chosen = {
            matcher.name
            for node in query.nodes
            if isinstance(node, promql.VectorSelector)
            for matcher in node.matchers.matchers
            if "$" in matcher.value
        }
        found = next(filter(None, (mismatch(node, recorded) for node in reversed(query.nodes))), None)
        if found is not None and found.label not in chosen:
            yield NEVER.at(
                file.at(f"{query.target.path}.expr"),
                " ".join(described(found).split()),
                effect="nothing is ever left out"
                if found.sign == "unless"
                else "the panel is empty, or a part of it",
                todo="sum both sides by the same labels, or name those that count: on(...), ignoring(...)",
                see=f"ask Prometheus: {' '.join(query.text.split())}",
            )


@each_panel(TOTAL)
def judge_totals(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Totals of a window in a panel whose unit is per second."""
    if panel.transformed or panel.overridden_units or not is_per_second(panel.unit):
        return
    for query in board_of(file, setup).queries(panel.path):
        if query.tree is not None and gives_total(query.tree):
            yield TOTAL.at(
                file.at(f"{query.target.path}.expr"),
                f"a total of its window, shown in {panel.unit}",
                effect="the number is too large by the seconds of the window",
                todo="use rate(), or a unit without time",
                see=f"compare with rate() in its place: {' '.join(query.text.split())}",
            )
