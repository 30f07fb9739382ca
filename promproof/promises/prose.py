"""Sentences of a page about alerts: a number beside a name that leaves no doubt what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from promproof.config.rules import facts
from promproof.contract.model import Alert, seconds
from promproof.promises.known import Known
from promproof.promises.promise import HEDGED, Promise, listed
from promproof.promises.quantities import QUANTITY, Amount, amount
from promproof.promises.sheet import Passage, Sheet
from promproof.verdict import Outcome

_COMPARED = re.compile(
    r"(?:\b(?:exceeds?|exceeding|above|over|more than|greater than|higher than|longer than|below|under|less than|"
    r"at least)"
    rf"|[<>≥≤]=?)\s+(?P<value>{QUANTITY})",
    re.IGNORECASE,
)
_FOR = re.compile(rf"\bfor (?:at least |more than )?(?P<value>{QUANTITY})", re.IGNORECASE)
_PERCENTILE = re.compile(
    r"\b(?P<value>\d+(?:\.\d+)?)(?:st|nd|rd|th) percentile|\bp(?P<short>\d{2,3})\b", re.IGNORECASE
)
_STATUS_CLASS = re.compile(
    r"\b(?:end|ends|ended|ending|answered?|fail\w*) with (?:an? )?(?P<class>[1-5])xx\b", re.IGNORECASE
)
_EDGE = re.compile(rf"(?P<value>{QUANTITY}) is a bucket edge", re.IGNORECASE)
_FIRES = re.compile(
    r"\b(it|the alert) (fires|triggers|is triggered)\b|^\W*(fires|triggered|triggers)\b", re.IGNORECASE
)
_VERB = r"(?:fires|triggers|triggered|is triggered|alerts|goes off|is raised)"
_FIRING = re.compile(rf"\b{_VERB}\b", re.IGNORECASE)
_WHILE = r"(?:if|when|whenever|once|after|while|until|as soon as|because|during|since|silences?|mutes?|acknowledge|ack)"
_RESTS = re.compile(r"\b(ends it|resolves it|keeps it silent|stays silent|is silent)\b", re.IGNORECASE)


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """The promises of sentences about alerts."""
    conditions = _conditions(sheet)
    for passage in sheet.passages:
        if not passage.is_row or passage.line in conditions:
            yield from _alert(passage, known)


def _conditions(sheet: Sheet) -> frozenset[int]:
    """Lines of the tables that say when alerts fire."""
    return frozenset(
        row.line
        for table in sheet.page.tables
        if {column.lower() for column in table.columns}
        & {"threshold", "fires when", "condition", "expression", "for", "severity"}
        for row in table.rows
    )


@lru_cache(maxsize=1024)
def spoken(name: str) -> str:
    """`HighCPUUsage` as people write it: `High CPU Usage`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)


def alerts_in(text: str, known: Known) -> list[Alert]:
    """The alerts that a text names, as they are or in words."""
    return [
        alert
        for alert in known.contract.alerts
        if (alert.name in text and _whole(alert.name, text))
        or (" " in (words := spoken(alert.name)) and words in text and _whole(words, text))
    ]


def _whole(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _alert(passage: Passage, known: Known) -> Iterator[Promise]:
    """A sentence that names one alert, or that stands in the section of one and says when it fires."""
    named = alerts_in(passage.flat, known)
    above = alerts_in(passage.headings[-1], known) if passage.headings else []
    if passage.is_row and not alerts_in(passage.flat.partition(" | ")[0], known):
        return
    if len(named) == 1:
        alert = named[0]
    elif (
        not named
        and len(above) == 1
        and (_FIRES.search(passage.flat) or _RESTS.search(passage.flat) or _EDGE.search(passage.flat))
    ):
        alert = above[0]
    else:
        return
    allowed = _allowed(alert, known)
    doubt = passage.is_doubtful or not (passage.is_row or _says_when(passage.flat, alert, known))
    for pattern, kinds in (
        (_COMPARED, ("threshold", "window", "for", "quantile", "edges" if named == [] else "")),
        (_FOR, ("for", "window")),
        (_EDGE, ("edges",)),
        (_PERCENTILE, ("percentile",)),
        (_STATUS_CLASS, ("class",)),
    ):
        if passage.is_row and pattern in (_COMPARED, _FOR):
            continue
        values = [value for kind in kinds for value in allowed.get(kind, ())]
        found = [
            promise
            for match in pattern.finditer(passage.flat)
            for promise in _judged(passage, alert, match, values)
        ]
        unsure = (doubt and pattern is not _EDGE) or (
            pattern is _FOR and not (passage.is_row or _FIRING.search(passage.flat))
        )
        holds = any(
            promise.outcome is Outcome.PASS for promise in found if pattern in (_PERCENTILE, _STATUS_CLASS)
        )
        yield from (promise.unless(unsure or holds) for promise in found)


def _says_when(text: str, alert: Alert, known: Known) -> bool:
    """Whether a sentence says when an alert fires or rests, and not what to do when it has fired."""
    name = rf"(?:{re.escape(alert.name)}|{re.escape(spoken(alert.name))}|\bit|\bthe alert)"
    if re.search(rf"\b{_WHILE}\b[^,.]{{0,30}}{name}\b", text, re.IGNORECASE):
        return False
    said = rf"{name}`?(?:\s*[:(\u2013\u2014]|[^.]{{0,30}}\b{_VERB}\b)"
    is_said = re.search(said, text, re.IGNORECASE) or re.search(rf"^\W*{_VERB}\b", text, re.IGNORECASE)
    return bool(is_said or _RESTS.search(text) or _EDGE.search(text))


def _judged(passage: Passage, alert: Alert, match: re.Match[str], allowed: list[Amount]) -> Iterator[Promise]:
    given = {key: value for key, value in match.groupdict().items() if value is not None}
    key, text = next(iter(given.items()))
    said = amount(text)
    if said is None:
        return
    alike = [value for value in allowed if value.unit == said.unit]
    promise = Promise(
        passage.line_at(match.start(key)), "alert", " ".join(match[0].split()), f"page/alert/{alert.name}"
    )
    if passage.is_hedged:
        yield promise.is_open(HEDGED)
    elif alike:
        yield promise.judged(
            said in alike,
            "as in the rule",
            f"{alert.name} has {listed([shown(value) for value in alike])}, the page says {' '.join(text.split())}",
        )


def shown(value: Amount) -> str:
    """An amount as a person would write it."""
    if value.unit == "ratio":
        return f"{value.value * 100:g} %"
    return f"{value.value:g} s" if value.unit == "seconds" else f"{value.value:g} {value.unit}".strip()


def _allowed(alert: Alert, known: Known) -> dict[str, list[Amount]]:
    """The numbers that an alert has, by what they are."""
    found: dict[str, list[Amount]] = {}

    def add(kind: str, value: float, unit: str) -> None:
        found.setdefault(kind, []).append(Amount(Decimal(f"{value:.10g}"), unit))

    units = {"ratio": "ratio", "seconds": "seconds"}
    if alert.threshold is not None and alert.unit in units:
        add("threshold", alert.threshold, units[alert.unit])
    for window in alert.windows:
        add("window", window, "seconds")
    if alert.hold is not None:
        add("for", seconds(alert.hold), "seconds")
    expression = known.expression(alert.name)
    for text in re.findall(r"histogram_quantile\(\s*([\d.]+)", expression):
        share = float(text)
        add("percentile", 100 * share, "")
        add("quantile", share, "ratio")
        add("quantile", 1 - share, "ratio")
    for pattern in re.findall(r'(?:status|code|status_code)=~?"([^"]+)"', expression):
        for digit in "12345":
            if pattern.startswith((digit, f"[{digit}")):
                add("class", float(digit), "")
    try:
        metrics = set(facts(expression).metrics)
    except ValueError:
        metrics = set()
    for metric in known.contract.metrics:
        if metric.buckets is not None and any(name.startswith(metric.name) for name in metrics):
            for edge in metric.buckets:
                add("edges", edge, "seconds" if metric.unit == "seconds" else "")
    return found
