"""Windows against the scrape interval and the step: empty windows, time that no point stands for, sums of overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from promproof.config.promql import TooLarge, walk
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_panel, register
from promproof.findings.panels import NARROW, Board, board_of, tree
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel, Target
from promproof.grafana.durations import go_form
from promproof.grafana.queries import OF_GAUGES, RATES
from promproof.grafana.steps import Request

SHORT = register(
    Kind(
        id="grafana/window-too-short",
        severity=Severity.ERROR,
        title="a window that can't hold two samples",
        why="A rate needs two samples in its window. Where the window is shorter than two scrapes it holds "
        "one or none at times, and the panel has gaps or is empty.",
        example="rate(http_requests_total[30s]) at a scrape interval of 30s",
        instead="rate(http_requests_total[$__rate_interval])",
    )
)
BELOW_STEP = register(
    Kind(
        id="grafana/step-over-window",
        severity=Severity.WARNING,
        title="a smallest step that is longer than the window",
        why="A point stands for its step, and shows its window. With `Min step` over the window, a part of "
        "the time is shown nowhere, at every zoom: a short peak there is never seen.",
        example='rate(http_requests_total[1m]) with "interval": "5m"',
        instead="rate(http_requests_total[$__rate_interval])",
    )
)
LEFT_OUT = register(
    Kind(
        id="grafana/time-left-out",
        severity=Severity.INFO,
        title="a window shorter than the step when the dashboard opens",
        why="At the range that the dashboard opens with, the step is longer than the window: a part of the "
        "time is shown nowhere.",
        example='rate(http_requests_total[1m]) in a dashboard that opens with 7 days ("time": {"from": "now-7d"})',
        instead="rate(http_requests_total[$__rate_interval])",
    )
)
OVERLAP = register(
    Kind(
        id="grafana/sum-of-overlaps",
        severity=Severity.WARNING,
        title="a sum over windows that overlap",
        why="The panel adds up all points of increase(). Where the window is longer than the step every event"
        " is in several windows, and counted as often.",
        example='a stat with "calcs": ["sum"] of increase(http_requests_total[$__rate_interval])',
        instead="sum(increase(http_requests_total[$__range])) as an instant query",
    )
)
_FIXED = re.compile(r"\[(?!\s*\$\{?__(?:rate_interval|range))")
_ONE_NUMBER = ("stat", "gauge", "bargauge", "piechart", "table", "singlestat")


@each_panel(SHORT)
def judge_short(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Windows of rates at the smallest step, against the scrape interval of the jobs that are known."""
    if not setup.jobs:
        return
    board = board_of(file, setup)
    for target in board.panel(panel.path).sent:
        root = _read(board, panel, target, NARROW) if target.source.type == "prometheus" else None
        if root is None or board.is_readers_window(target):
            continue
        if board.interval_of(target) is None and "$__" in target.expression.replace("{", ""):
            continue  # how long the window is depends on a data source that is not known
        for node, function in windows_of(root):
            scrape = scrape_of(node.vector_selector, setup)
            window = round(node.range.total_seconds() * 1000)
            if scrape and window < 2 * scrape:
                yield SHORT.at(
                    file.at(f"{target.path}.expr"),
                    f"{function}() over {go_form(window)} at a scrape interval of {go_form(scrape)}: "
                    + (
                        "it holds one sample, or none" if window <= scrape else "it holds one sample at times"
                    ),
                    effect="the panel is empty" if window <= scrape else "the line has gaps",
                    todo="use $__rate_interval, with the scrape interval in the data source; or a window of 4 scrapes",
                    see=f"ask Prometheus: count_over_time({node.prettify()})",
                )


@each_panel(BELOW_STEP, LEFT_OUT)
def judge_steps(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Windows against the step, at the smallest one and at the one that the dashboard opens with."""
    board = board_of(file, setup)
    if panel.type in _ONE_NUMBER:
        return
    for target in board.panel(panel.path).sent:
        if target.instant or target.source.type != "prometheus" or not _may_fall_behind(panel, target):
            continue
        if board.is_readers_window(target):
            continue
        requests = [(NARROW, BELOW_STEP)]
        if not board.raw(panel.path).get("timeFrom"):
            requests.append((board.opening, LEFT_OUT))
        for request, kind in requests:
            root = _read(board, panel, target, request)
            if root is None:
                break
            step = board.steps(panel, target, request).step
            windows = [round(node.range.total_seconds() * 1000) for node, _ in windows_of(root)]
            if windows and min(windows) < step and _is_at_any_interval(board, panel, target, request):
                share = 1 - min(windows) / step
                yield kind.at(
                    file.at(f"{target.path}.expr"),
                    f"the window is {go_form(min(windows))} and the step {go_form(step)}"
                    + (
                        " or longer"
                        if kind is BELOW_STEP
                        else f" at {go_form(request.length)} in 1,000 pixels"
                    ),
                    effect=f"{share:.0%} of the time is shown nowhere",
                    todo="use $__rate_interval, or a smaller step",
                    see="the panel's query inspector shows the step",
                )
                break


def _may_fall_behind(panel: Panel, target: Target) -> bool:
    """Whether a window may be shorter than its step: $__rate_interval is not, unless something widens the step."""
    return bool(_FIXED.search(target.expression)) or target.interval_factor > 1 or bool(target.interval)


def _is_at_any_interval(board: Board, panel: Panel, target: Target, request: Request) -> bool:
    """Whether the window is shorter than the step also where the data source's interval is 1 s, if it is not known."""
    if board.interval_of(target) is not None:
        return True
    root = _read(board, panel, target, request, "1s")
    step = board.steps(panel, target, request, "1s").step
    return (
        min((round(node.range.total_seconds() * 1000) for node, _ in windows_of(root)), default=step) < step
    )


@each_panel(OVERLAP)
def judge_sums(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Sums of all points of increase() whose windows overlap."""
    if panel.type not in _ONE_NUMBER or panel.calcs != ("sum",) or panel.transformed:
        return
    board = board_of(file, setup)
    if board.shows_all_values(panel.path) or board.raw(panel.path).get("timeFrom"):
        return
    for target in board.panel(panel.path).sent:
        if target.instant or target.source.type != "prometheus" or board.is_readers_window(target):
            continue
        root = _read(board, panel, target, board.opening)
        step = board.steps(panel, target, board.opening).step if root is not None else 0
        windows = [
            round(node.range.total_seconds() * 1000) for node, name in windows_of(root) if name == "increase"
        ]
        if windows and min(windows) > step:
            yield OVERLAP.at(
                file.at(f"{target.path}.expr"),
                f"adds up windows of {go_form(min(windows))}, one every {go_form(step)}",
                effect=f"the number is about {min(windows) / step:.3g} times too large",
                todo="ask once, by an instant query, over [$__range]",
                see="compare with sum(increase(...[$__range])) as an instant query",
            )


def _read(board: Board, panel: Panel, target: Target, request: Request, interval: str = "") -> Any:
    try:
        return tree(board.text(panel, target, request, interval))
    except (TooLarge, ValueError):
        return None


def windows_of(root: Any) -> list[tuple[Any, str]]:
    """The windows of rates and differences, each with its function; not those of subqueries, whose step is another."""
    if root is None:
        return []
    return [
        (argument, str(node.func.name))
        for node in walk(root)
        if isinstance(node, promql.Call) and str(node.func.name) in (*RATES, *OF_GAUGES)
        for argument in node.args
        if isinstance(argument, promql.MatrixSelector)
    ]


def scrape_of(selector: Any, setup: Setup) -> int:
    """The scrape interval (ms) of the job that a selector names, or the shortest of all; 0 when none is known."""
    jobs = {job.name: round(job.scrape_interval * 1000) for job in setup.jobs}
    for matcher in selector.matchers.matchers:
        if matcher.name == "job" and matcher.op == promql.MatchOp.Equal and matcher.value in jobs:
            return jobs[matcher.value]
    return min(jobs.values(), default=0)
