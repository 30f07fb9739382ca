"""What the description of a documented panel says, against the panel: percentiles, alerts, limits in per cent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isclose

from promproof.config.durations import parse_duration
from promproof.config.promql import parse
from promproof.contract.model import Contract
from promproof.contract.panels import PanelClaim
from promproof.grafana.dashboard import Panel
from promproof.grafana.queries import metric_of
from promproof.promql.prints import percentiles
from promproof.promql.tree import fits, matchers, selectors
from promproof.truth.quantiles import QuantileTruth

ALERTS = "ALERTS"
"""The series that Prometheus itself writes of each alert."""
_OBJECTIVE = re.compile(
    r"\b(?:objective|goal|target|threshold|limit|line)\b(?: is| of| at|:)? ?[<>]?\s?(\d+(?:\.\d+)?)\s?%",
    re.IGNORECASE,
)
_MISSED = re.compile(
    r"\b(below|under|above|over) (-?\d+(?:\.\d+)?)(?![\w.%]| ?%)(?: \w+)? "
    r"(?:the|its) (?:objective|budget|goal|target)\b",
    re.IGNORECASE,
)
_LINE_OF = re.compile(r"\bthreshold of (\w+)")
_CLASS = re.compile(r"\b([1-5])xx\b", re.IGNORECASE)
_WITHOUT = re.compile(r"\b(?:without|except|but not) (\w+)")

_IN_RANGE = re.compile(
    r"\b(?:in|over|of|during|within) the (?:selected|chosen|whole|visible) (?:time )?range\b", re.IGNORECASE
)
_WINDOW = re.compile(r"\[([^\]:]+)")
_TIME = re.compile(
    r"\b(?:of|over|in|during|within|last|past) (?:the )?(?:last |past )?(\d+) (minute|hour|day|week)s?\b",
    re.IGNORECASE,
)
_BY = re.compile(r"\bby (\w+)(?: and (\w+))?")
_STEP = re.compile(r"\$\{?__(?:rate_)?interval\b")


def misdescribed(panel: Panel, wanted: PanelClaim, contract: Contract) -> Iterator[str]:
    """What the description says that the panel does not show."""
    said = panel.description
    alerts = {alert.name for alert in contract.alerts}
    texts = [
        *_of_another_quantile(said, wanted),
        *_of_another_alert(said, wanted, alerts),
        *_of_another_limit(said, panel),
        *_of_another_colour(said, panel),
        *_of_other_statuses(said, wanted),
        *_not_left_out(said, panel, alerts),
        *_of_another_range(said, panel),
        *_of_another_time(said, panel),
        *_of_another_label(said, panel, contract),
    ]
    yield from (f"{panel.path}.description: {text}" for text in texts)


def told(expression: str, name: str) -> bool:
    """Whether an expression reads the series of an alert that fires among those of others."""
    try:
        found = [selector for selector in selectors(parse(expression)) if metric_of(selector) == ALERTS]
    except ValueError:
        return False
    firing = {"alertname": name, "alertstate": "firing"}
    return any(
        all(
            fits(firing[label], sign, value) is not False
            for label, sign, value in matchers(selector)
            if label in firing
        )
        for selector in found
    )


def _of_another_quantile(said: str, wanted: PanelClaim) -> Iterator[str]:
    """Percentiles that the panel is not promised to show."""
    if not isinstance(wanted.truth, QuantileTruth):
        return
    known = [100 * quantile for quantile in wanted.truth.quantiles]
    for percentile in percentiles(said):
        if not any(isclose(percentile, quantile) for quantile in known):
            shown = ", ".join(f"{quantile:g}" for quantile in known)
            yield f"says percentile {percentile:g}, documented is {shown}"


def _of_another_alert(said: str, wanted: PanelClaim, alerts: set[str]) -> Iterator[str]:
    """`The line is the threshold of HighCPUUsage`, on the panel of another alert."""
    for name in _LINE_OF.findall(said):
        if wanted.alert is not None and name in alerts - {wanted.alert}:
            yield f"says the threshold of {name}, documented is {wanted.alert}"


def _of_another_limit(said: str, panel: Panel) -> Iterator[str]:
    """`The objective is 99.9 %`, where the colours change at another share."""
    factor = {"percentunit": 100, "percent": 1}.get(panel.unit)
    for text in _OBJECTIVE.findall(said) if factor and panel.thresholds_mode == "absolute" else ():
        limits = [(factor or 1) * limit for limit in panel.thresholds]
        if limits and not any(isclose(float(text), limit) for limit in limits):
            yield f"says {text} %, the colours change at {', '.join(f'{limit:g} %' for limit in limits)}"


def _of_another_colour(said: str, panel: Panel) -> Iterator[str]:
    """`Below 0 the objective is missed`, where no colour changes there."""
    limits = panel.thresholds if panel.thresholds_mode == "absolute" else ()
    for word, text in _MISSED.findall(said) if limits else ():
        if not any(isclose(float(text), limit, abs_tol=1e-12) for limit in limits):
            yield f"says {word} {text}, the colours change at {', '.join(f'{limit:g}' for limit in limits)}"


def _of_other_statuses(said: str, wanted: PanelClaim) -> Iterator[str]:
    """`5xx responses per second`, where the panel is promised to show 4xx as well; later sentences may tell more."""
    patterns = [
        pattern
        for part in ("where", "part")
        for label, pattern in (getattr(wanted.truth, part, None) or {}).items()
        if label == "status"
    ]
    classes = set(_CLASS.findall(said.partition(". ")[0]))
    if len(patterns) != 1 or not classes:
        return
    shown = {
        digit for digit in "12345" if any(fits(f"{digit}{end:02}", "=~", patterns[0]) for end in range(100))
    }
    if classes != shown:
        documented = " and ".join(f"{digit}xx" for digit in sorted(shown))
        yield f"says {' and '.join(f'{digit}xx' for digit in sorted(classes))}, documented is {documented}"


def _not_left_out(said: str, panel: Panel, alerts: set[str]) -> Iterator[str]:
    """`without Watchdog`, where the query reads its series as well."""
    for name in _WITHOUT.findall(said):
        for target in panel.sent if name in alerts else ():
            if told(target.expression, name):
                yield f"says without {name}, and {target.ref} asks for it as well"


def _of_another_range(said: str, panel: Panel) -> Iterator[str]:
    """`in the selected range`, where the panel asks once for what came in the last step."""
    found = _IN_RANGE.search(said)
    for target in panel.sent if found else ():
        windows = _WINDOW.findall(target.expression)
        if found and target.instant and windows and all(map(_STEP.search, windows)):
            yield f"says {found[0]!r}, and {target.ref} asks once for [{windows[0]}]"


def _of_another_time(said: str, panel: Panel) -> Iterator[str]:
    """`the requests of 30 days`, where all queries look back another time, which is no choice of the reader."""
    told = {f"{number}{unit[0].lower()}" for number, unit in _TIME.findall(said)}
    asked = {window for target in panel.sent for window in _WINDOW.findall(target.expression)}
    sizes = {_milliseconds(window) for window in asked}
    if told and len(sizes) == 1 and 0 not in sizes and not sizes & {_milliseconds(text) for text in told}:
        yield f"says {', '.join(sorted(told))}, and the queries look back {', '.join(sorted(asked))}"


def _milliseconds(window: str) -> float:
    try:
        return parse_duration(window)
    except ValueError:
        return 0.0  # a variable, or letters of a pattern


def _of_another_label(said: str, panel: Panel, contract: Contract) -> Iterator[str]:
    """`by prompt`, where no query has the documented label of prompts, and each sums by another one."""
    known = {label for documented in contract.metrics for label in documented.labels}
    texts = " ".join(f"{target.expression} {target.legend}" for target in panel.sent)
    for word in (word.lower() for pair in _BY.findall(said) for word in pair if word):
        label = next((name for name in (word, f"{word}_id", f"{word}_name") if name in known), None)
        if label is not None and " by " in texts and not re.search(rf"\b{label}\b", texts):
            yield f"says by {word}, and no query has the label {label}"
