"""Thresholds in another unit than the value that they are compared with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_alert, register
from promproof.findings.rules import asking
from promproof.findings.setup import Rule, Setup
from promproof.promql.prints import counts_events, rated, threshold
from promproof.promql.shares import PERCENT, RATIO, share
from promproof.promql.templates import plain
from promproof.promql.tree import is_call, metric, selectors
from promproof.promql.values import unit

_SHARE = "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))"
_TEXT = "annotations: {summary: over 5% of the requests fail}"

UNIT = register(
    Kind(
        id="rule/threshold-unit",
        severity=Severity.WARNING,
        title="a threshold in another unit than the value",
        why="0.05 on a percentage is a twentieth of a percent, 5 on a share is five times all, 500 on seconds eight "
        "minutes: the alert fires always or never.",
        example=f"- alert: Errors\n  expr: 100 * {_SHARE} > 0.05\n  {_TEXT}",
        instead=f"- alert: Errors\n  expr: 100 * {_SHARE} > 5\n  {_TEXT}",
    )
)
_PERCENT = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s?(?:%|percent\b)")
_MILLISECONDS = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s?(?:ms|milliseconds)\b")
_PER_LONGER = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?)(?:\s?[a-z]+)?\s?(?:/\s?|per\s)(?:hours?|h|minutes?|min|days?)\b",
    re.IGNORECASE,
)
_IN_LONGER = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?)(?:\s[a-z]+){0,2}\s[a-z]+s(?:\s[a-z]+)?\s(?:in|within|during)\s"
    r"(?:the\s)?(?:(?:last|past)\s)?(?:\d+\s?)?(?:hours?|h|minutes?|min|m|days?)\b",
    re.IGNORECASE,
)
"""`more than 5 failed orders in 5 minutes`."""
_PER_SECOND = re.compile(r"(?:/|\bper\s)\s?s(?:ec|econd)?\b", re.IGNORECASE)
_FAILED = re.compile(r"error|fail")
_OF_REQUESTS = re.compile(r"http|grpc|rpc|request")
LONG_REQUEST_SECONDS = 100.0
"""Over it, a threshold for the duration of a request is meant in milliseconds: servers and proxies give up before."""


@each_alert(UNIT)
def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """Compare the threshold with the unit, where the text of the alert or the unit itself says what is meant."""
    limit = threshold(rule.tree) if rule.tree is not None else None
    if limit is None:
        return
    said = _misunderstood(rule, abs(limit))
    if said:
        yield UNIT.at(
            rule.at("expr"),
            said,
            effect="the alert fires at another value than meant",
            todo="write the threshold in the unit of the value",
            see=asking(rule.expression),
        )
    elif share(rule.tree) == PERCENT and 0 < limit < 0.1:
        yield _hint(rule, f"the value is a percentage, and the threshold is {limit:g}")
    elif share(rule.tree) == RATIO and limit > 1 and any(map(_FAILED.search, _metrics(rule))):
        yield _hint(rule, f"the value is a share from 0 to 1, and the threshold is {limit:g}")
    elif unit(rule.tree) == "seconds" and _is_duration(rule, abs(limit)) and limit % 60:
        yield _hint(rule, f"the value is a duration in seconds, and the threshold is {limit:g}")
    elif unit(rule.tree) == RATIO and limit > 1:
        yield _hint(rule, f"the name of the metric says a share from 0 to 1, and the threshold is {limit:g}")


def _misunderstood(rule: Rule, limit: float) -> str:
    texts = " ".join(map(plain, rule.annotations.values()))
    percents = {float(number) for number in _PERCENT.findall(texts)}
    computed = share(rule.tree)
    if computed == PERCENT and limit < 1 and round(100 * limit, 9) in percents and limit not in percents:
        return f"the value is a percentage, the text says {100 * limit:g}%, and the threshold is {limit:g}"
    if computed == RATIO and limit > 1 and limit in percents and 100 * limit not in percents:
        return f"the value is a share from 0 to 1, the text says {limit:g}%, and the threshold is {limit:g}"
    of_counter = _of_counter(rule, limit, percents, texts)
    if of_counter:
        return f"the value is {of_counter}, and the threshold is {limit:g}"
    if unit(rule.tree) == "seconds":
        if limit >= 1 and limit in map(float, _MILLISECONDS.findall(texts)):
            return f"the value is in seconds, the text says {limit:g} ms, and the threshold is {limit:g}"
        if _is_duration(rule, limit) and all(map(_OF_REQUESTS.search, _metrics(rule))):
            return f"the value is the duration of a request in seconds, and the threshold is {limit:g}"
    return ""


def _is_duration(rule: Rule, limit: float) -> bool:
    """Whether a quantile or a mean of observed durations is compared with minutes."""
    metrics = _metrics(rule)
    is_mean = len(metrics) == 2 and {name.rpartition("_")[2] for name in metrics} == {"sum", "count"}
    is_quantile = any(is_call(node, "histogram_quantile") for node in rule.nodes)
    return limit >= LONG_REQUEST_SECONDS and (is_quantile or is_mean)


def _of_counter(rule: Rule, limit: float, percents: set[float], texts: str) -> str:
    """What a counter's level or rate is, and what the text takes it for."""
    function, counted = rated(rule.tree)
    is_share = limit < 1 and round(100 * limit, 9) in percents
    if function == "rate" and counts_events(counted) and is_share:
        return f"events per second, the text says {100 * limit:g}%"
    if not function and counted.endswith("_seconds_total") and is_share:
        return f"all seconds since the start, the text says {100 * limit:g}%"
    longer = [*_PER_LONGER.findall(texts), *([] if _PER_SECOND.search(texts) else _IN_LONGER.findall(texts))]
    if function == "rate" and limit in map(float, longer):
        return f"a rate per second, the text says {limit:g} in a longer time"
    return ""


def _metrics(rule: Rule) -> set[str]:
    return {metric(selector) for selector in selectors(rule.tree)}


def _hint(rule: Rule, message: str) -> Finding:
    return UNIT.at(
        rule.at("expr"),
        message,
        effect="the alert may fire at another value than meant",
        todo="look at the value, and write the threshold in its unit",
        see=asking(rule.expression),
        severity=Severity.HINT,
    )
