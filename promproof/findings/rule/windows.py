"""Windows that hold too few samples for what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from promproof.config.durations import format_duration
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_rule, register
from promproof.findings.rules import asking
from promproof.findings.scrapes import interval_of
from promproof.findings.setup import Rule, Setup
from promproof.promql.tree import metric, name, ranged, text

WINDOW = register(
    Kind(
        id="rule/window-too-short",
        severity=Severity.ERROR,
        title="a window under two scrapes",
        why="rate() and its like need two samples. A window of one scrape interval holds one, and the alert can never "
        "fire; a window under two holds two now and then, and the alert comes and goes with the clock.",
        example="# prometheus.yml\nglobal: {scrape_interval: 1m}\nrule_files: [api.rules.yml]\n"
        "scrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:80']}]\n"
        "# api.rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: Errors\n"
        "    expr: rate(http_errors_total[1m]) > 1\n",
        instead="# prometheus.yml\nglobal: {scrape_interval: 1m}\nrule_files: [api.rules.yml]\n"
        "scrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:80']}]\n"
        "# api.rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: Errors\n"
        "    expr: rate(http_errors_total[4m]) > 1\n",
    )
)
_OF_TWO = ("rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear")
_CHANGES = ("changes", "resets")


@each_rule(WINDOW)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Compare each window with the interval of the samples in it."""
    seen = set()
    for call, window in ranged(rule.tree) if rule.tree is not None else ():
        asked = metric(window.vector_selector) if isinstance(window, promql.MatrixSelector) else ""
        if asked and name(call) and (asked, window.range) not in seen:
            found = _judged(rule, setup, call, window)
            if found is not None:
                seen.add((asked, window.range))
                yield found


def _judged(rule: Rule, setup: Setup, call: Any, window: Any) -> Finding | None:
    length, called = window.range.total_seconds(), name(call)
    interval = interval_of(window.vector_selector, rule, setup)
    if interval is None:
        return None
    source = "recorded" if ":" in metric(window.vector_selector) else "scraped"
    every = f"{metric(window.vector_selector)} is {source} every {format_duration(interval)}"
    if called in (*_OF_TWO, *_CHANGES) and length <= interval:
        message = f"{text(call)} needs two samples, and {every}: the window holds one"
        effect = "the result is always empty" if called in _OF_TWO else "the result is always 0"
        return _said(rule, window, message, effect, interval)
    if called in _OF_TWO and length < 2 * interval:
        message = f"{text(call)} needs two samples, and {every}: the window often holds one"
    elif called.endswith("_over_time") and length < interval:
        message = f"{text(call)} needs a sample, and {every}: the window often holds none"
    else:
        return None
    effect = "the result is there at some evaluations and not at others, and `for` begins again each time"
    return _said(rule, window, message, effect, interval, Severity.WARNING)


def _said(
    rule: Rule, window: Any, message: str, effect: str, interval: float, severity: Severity | None = None
) -> Finding:
    return WINDOW.at(
        rule.at("expr"),
        message,
        effect=effect,
        todo=f"write a window of {format_duration(4 * interval)} or more: one scrape may be missed",
        see=asking(f"count_over_time({text(window)})"),
        severity=severity,
    )
