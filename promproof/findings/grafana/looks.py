"""What a panel shows beside its query: legends, limits, other times, hidden series, words in place of data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_dashboard, each_panel, register
from promproof.findings.panels import Board, Query, board_of
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel
from promproof.grafana.queries import may_be_empty
from promproof.grafana.units import dimension, is_per_second
from promproof.promql.values import bounds

LEGEND = register(
    Kind(
        id="grafana/legend-quantile",
        severity=Severity.ERROR,
        title="a legend or a title that names another quantile",
        why="The reader takes one quantile for another: a 50th percentile called p99 hides every slow "
        "request.",
        example='histogram_quantile(0.5, ...) with "legendFormat": "p99"',
        instead='histogram_quantile(0.99, ...) with "legendFormat": "p99"',
    )
)
HIDDEN_QUERY = register(
    Kind(
        id="grafana/hidden-query",
        severity=Severity.INFO,
        title="a query that is switched off",
        why="Nobody sees what it would show, and nobody notices when it breaks.",
        example='"targets": [{"refId": "A", "hide": true, "expr": "up"}]',
        instead='"targets": [{"refId": "A", "expr": "up"}]',
    )
)
HIDDEN_SERIES = register(
    Kind(
        id="grafana/hidden-series",
        severity=Severity.WARNING,
        title="series that a click on the legend has hidden for everybody",
        why="A click on the legend hides all other series. Saved with the dashboard, they stay hidden, also "
        "those that come later.",
        example='"overrides": [{"__systemRef": "hideSeriesFrom", ...}]',
        instead='"overrides": []',
    )
)
LINE_OUT = register(
    Kind(
        id="grafana/threshold-out-of-axis",
        severity=Severity.WARNING,
        title="a threshold that lies outside of the axis",
        why="The axis ends before the threshold: neither the line nor any value beyond it can be seen.",
        example='"max": 0.5 with a threshold at 0.8',
        instead='"max": 1 with a threshold at 0.8',
    )
)
AXIS = register(
    Kind(
        id="grafana/axis-cuts",
        severity=Severity.INFO,
        title="an axis with a fixed end",
        why="What lies beyond the end of the axis is not drawn: the line leaves the panel when it matters.",
        example='a rate with "max": 100',
        instead='"custom": {"axisSoftMax": 100}',
    )
)
NO_VALUE = register(
    Kind(
        id="grafana/no-value-hides",
        severity=Severity.INFO,
        title="a healthy word in place of no data",
        why="`noValue` is shown when there are no data: also when the target is gone or a metric was renamed.",
        example='"noValue": "0"',
        instead='"noValue": "no data"',
    )
)
OTHER_TIME = register(
    Kind(
        id="grafana/other-time",
        severity=Severity.WARNING,
        title="a panel of another time that does not say so",
        why="`timeShift` and `timeFrom` overrule the time that the reader has chosen; `hideTimeOverride` "
        "takes away the words that say it.",
        example='"timeShift": "1d", "hideTimeOverride": true',
        instead='"timeShift": "1d"',
    )
)
ONE_NUMBER = register(
    Kind(
        id="grafana/old-number",
        severity=Severity.INFO,
        title="a range query of which the last number is shown",
        why="`lastNotNull` shows the last point of the whole range: a target that died 5 hours ago still has "
        "its number.",
        example='a stat with "calcs": ["lastNotNull"] of a range query',
        instead='"instant": true',
    )
)
_QUANTILE = re.compile(
    r"(?<![\w.$])p(?P<p>\d{2,4}(?:\.\d+)?)(?![\w.])|(?<![\w.$])(?P<n>\d{1,2}(?:\.\d+)?)(?:th|st|nd|rd)?\s*(?:percentile|%ile)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d\s*(?:m|h|d|w|min|mins|hours?|days?|weeks?)\b|\b(?:last|past|today|yesterday|day|week|month)\b",
    re.IGNORECASE,
)
_OPEN = ("seconds", "bytes")
_HEALTHY = re.compile(
    r"\s*(?:0(?:\.0+)?\s*%?|100\s*%|ok|up|healthy|all healthy|all good|no errors?|running)\s*", re.IGNORECASE
)


@each_panel(LEGEND)
def judge_legends(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """The quantile in a legend against that of the query, and in the title against those of all queries."""
    every: set[float] = set()
    board = board_of(file, setup)
    for query in board.queries(panel.path):
        if board.variables_outside(query.target.expression):
            return  # the quantile may be a reader's choice
        asked, named = _asked(query), _named(query.target.legend)
        every |= asked
        if len(asked) == 1 and len(named) == 1 and not any(abs(a - n) < 1e-9 for a in asked for n in named):
            yield LEGEND.at(
                file.at(f"{query.target.path}.legendFormat"),
                f"the legend says {query.target.legend!r}, the query asks for the quantile {min(asked):g}",
                effect=f"the reader takes the quantile {min(asked):g} for {min(named):g}",
                todo="correct the one that is wrong",
                see=f"the number in: {' '.join(query.text.split())}",
            )
    named = _named(panel.title)
    # One quantile in the title, one in the queries: of several the title may name any.
    if len(every) == len(named) == 1 and not math.isclose(*every, *named):
        yield LEGEND.at(
            file.at(f"{panel.path}.title"),
            f"the title says {panel.title!r}, the query asks for the quantile {min(every):g}",
            effect=f"the reader takes the quantile {min(every):g} for {min(named):g}",
            todo="correct the one that is wrong",
            see="the number in the panel's query",
        )


def _asked(query: Query) -> set[float]:
    found = set()
    for node in query.nodes:
        first: Any = None
        if isinstance(node, promql.Call) and str(node.func.name) in (
            "histogram_quantile",
            "quantile_over_time",
        ):
            first = node.args[0]
        elif isinstance(node, promql.AggregateExpr) and str(node.op) == "quantile":
            first = node.param
        elif isinstance(node, promql.VectorSelector):
            found |= {
                float(matcher.value)
                for matcher in node.matchers.matchers
                if matcher.name == "quantile" and re.fullmatch(r"0?\.\d+|1|0", matcher.value)
            }
        if isinstance(first, promql.NumberLiteral):
            found.add(float(first.val))
        elif first is not None:
            return set()
    return found


def _named(legend: str) -> set[float]:
    bare = re.sub(r"\{\{.*?\}\}", " ", legend)
    found = set()
    for match in _QUANTILE.finditer(bare):
        text = match["p"] or match["n"]
        digits = text.replace(".", "")
        if digits == "100":
            return set()
        found.add(float(f"0.{digits}") if len(text.partition(".")[0]) > 1 else float(text) / 100)
    return found


@each_panel(HIDDEN_QUERY, HIDDEN_SERIES)
def judge_hidden(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Queries that are switched off, unless an expression reads them, and series that a click has hidden."""
    board = board_of(file, setup)
    for target in board.panel(panel.path).unseen:
        yield HIDDEN_QUERY.at(
            file.at(f"{target.path}.hide"),
            f"the query {target.ref} is switched off",
            effect="it is not shown",
            todo="remove it, or show it",
            see="the eye beside the query in the panel's editor",
        )
    overrides = _field(board.raw(panel.path)).get("overrides")
    for index, override in enumerate(overrides if isinstance(overrides, list) else ()):
        if isinstance(override, dict) and override.get("__systemRef") == "hideSeriesFrom":
            if _keeps_all(_kept(override), panel, board):
                continue
            yield HIDDEN_SERIES.at(
                file.at(board.path(panel.path, f"fieldConfig.overrides[{index}]")),
                f"only {_readable(override)} is shown",
                effect="every other series is hidden, also one that comes later",
                todo="remove the override",
                see="click on the legend: the others come back",
            )


def _keeps_all(names: list[str], panel: Panel, board: Board) -> bool:
    """Whether every series there is has one of these names: a legend without labels, or a single series for each."""
    sent = [target for target in board.panel(panel.path).targets if target.is_sent]
    display = _object(_field(board.raw(panel.path)).get("defaults")).get("displayName")
    if display in names or (sent and all(target.legend in names for target in sent)):
        return True
    queries = board.queries(panel.path)
    singles = [query for query in queries if _is_single(query.tree)]
    return bool(sent) and len(singles) == len(sent) <= len(names)


def _is_single(root: Any) -> bool:
    """Whether a query gives one series: a sum of everything, a number, a share of two sums."""
    root = bare(root)
    if isinstance(root, promql.BinaryExpr):
        return _is_single(root.lhs) and _is_single(root.rhs)
    if isinstance(root, promql.Call) and str(root.func.name) in (
        "scalar",
        "vector",
        "histogram_quantile",
        "round",
    ):
        last = root.args[-1] if str(root.func.name) == "histogram_quantile" else root.args[0]
        by = last.modifier if isinstance(last, promql.AggregateExpr) else None
        of_buckets = by is not None and [str(label) for label in by.labels] == ["le"]
        return of_buckets or str(root.func.name) in ("scalar", "vector") or _is_single(last)
    is_summed = isinstance(root, promql.AggregateExpr) and str(root.op) in (
        "sum",
        "avg",
        "min",
        "max",
        "count",
    )
    return isinstance(root, promql.NumberLiteral) or (is_summed and root.modifier is None)


@each_panel(LINE_OUT, AXIS)
def judge_axes(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Fixed ends of the axis of a time series against thresholds, and against quantities without an end."""
    if panel.type not in ("timeseries", "graph"):
        return
    board = board_of(file, setup)
    raw = board.raw(panel.path)
    is_old = panel.type == "graph"
    axes = raw.get("yaxes")
    old = _object(axes[0]) if is_old and isinstance(axes, list) and axes else {}
    defaults = old if is_old else _object(_field(raw).get("defaults"))
    low, high = _number(defaults.get("min")), _number(defaults.get("max"))
    where = f"{panel.path}.yaxes[0]" if is_old else board.path(panel.path, "fieldConfig.defaults")
    if not is_old and panel.thresholds_drawn and panel.thresholds_mode == "absolute":
        for value in panel.thresholds:
            if (high is not None and value > high) or (low is not None and value < low):
                yield LINE_OUT.at(
                    file.at(f"{where}.thresholds"),
                    f"the threshold {value:g} lies outside of the axis"
                    f" from {'auto' if low is None else f'{low:g}'} to {'auto' if high is None else f'{high:g}'}",
                    effect="the line can't be seen, nor a value beyond it",
                    todo="remove the end of the axis",
                    see="open the panel",
                )
    is_share = (panel.unit == "percentunit" and high == 1) or (panel.unit == "percent" and high == 100)
    # A state goes to 1 and a percentage to 100, whatever the unit says.
    is_natural = high in (1, 100) and dimension(panel.unit) not in _OPEN and not is_per_second(panel.unit)
    queries = board.queries(panel.path)
    is_reached = any(query.tree is None or bounds(query.tree)[1] > (high or 0) for query in queries)
    if high is not None and not is_share and not is_natural and is_reached:
        yield AXIS.at(
            file.at(f"{where}.max"),
            f"the axis ends at {high:g}",
            effect="a larger value is not drawn",
            todo="leave the end open, or set a soft one (axisSoftMax)",
            see="open the panel while the value is larger",
        )


@each_panel(NO_VALUE)
def judge_no_value(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Words for no data that look like health, unless no series is a right answer of every query."""
    board = board_of(file, setup)
    text = _object(_field(board.raw(panel.path)).get("defaults")).get("noValue")
    queries = board.queries(panel.path)
    if not isinstance(text, str) or not _HEALTHY.fullmatch(text) or not queries:
        return
    if any(query.tree is not None and not may_be_empty(query.tree) for query in queries):
        yield NO_VALUE.at(
            file.at(board.path(panel.path, "fieldConfig.defaults.noValue")),
            f"shows {text!r} where there are no data",
            effect="nobody sees that the target is gone, or that the metric has another name",
            todo="use a word that says so, `no data` say",
            see="misspell the metric in the panel's editor",
        )


@each_panel(OTHER_TIME)
def judge_times(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Panels whose time is not the reader's, without a word."""
    board = board_of(file, setup)
    raw = board.raw(panel.path)
    if _TIME.search(panel.title):
        return
    for key in ("timeShift", "timeFrom"):
        if isinstance(raw.get(key), str) and raw[key] and raw.get("hideTimeOverride") is True:
            yield OTHER_TIME.at(
                file.at(board.path(panel.path, key)),
                f"{key} is {raw[key]}, and hideTimeOverride hides it",
                effect="the panel shows another time than the dashboard, and does not say so",
                todo="remove hideTimeOverride, or say it in the title",
                see="change the time of the dashboard: the panel stays as it is",
                severity=None if key == "timeShift" else Severity.INFO,
            )


@each_dashboard(ONE_NUMBER)
def judge_numbers(file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Single numbers that are taken from range queries: once for a dashboard, for it is Grafana's default."""
    board = board_of(file, setup)
    found = [(panel.title, path) for panel in file.dashboard.panels if (path := _old_number(panel, board))]
    if found:
        titles = ", ".join(repr(title) for title, _ in found[:3])
        more = f" and {len(found) - 3} more" if found[3:] else ""
        yield ONE_NUMBER.at(
            file.at(f"{found[0][1]}.instant"),
            f"{titles}{more}: the last number of a range query",
            effect="a series that has ended keeps its number until the range has passed",
            todo='set "instant": true',
            see="stop the target and look at the panel",
        )


def _old_number(panel: Panel, board: Board) -> str:
    """The path of the first query of a panel that shows the last number of a range; empty when there is none."""
    if panel.type not in ("stat", "gauge", "bargauge") or panel.calcs not in ((), ("lastNotNull",)):
        return ""
    if panel.type == "stat" and _object(board.raw(panel.path).get("options")).get("graphMode") != "none":
        return ""  # the range is drawn behind the number
    if board.shows_all_values(panel.path) or panel.transformed:
        return ""
    paths = (
        query.target.path
        for query in board.queries(panel.path)
        if query.tree is not None and not query.target.instant and "__range" not in query.target.expression
    )
    return next(paths, "")


def _readable(override: dict[str, Any]) -> str:
    return ", ".join(_kept(override)) or "a part of the series"


def _kept(override: dict[str, Any]) -> list[str]:
    names = _object(_object(override.get("matcher")).get("options")).get("names")
    return [str(name) for name in names] if isinstance(names, list) else []


def _field(raw: Any) -> dict[str, Any]:
    return _object(raw.get("fieldConfig"))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    if isinstance(value, str):  # as old panels have it
        return float(value) if re.fullmatch(r"-?\d+(?:\.\d+)?", value) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
