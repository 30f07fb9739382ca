"""Sentences of a page: a number beside a name that leaves no doubt what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from promproof.config.rules import facts
from promproof.contract.model import Alert, seconds
from promproof.promises.known import Known
from promproof.promises.promise import HEDGED, NO_FILE, Promise, listed
from promproof.promises.quantities import QUANTITY, Amount, amount, same
from promproof.promises.sheet import Passage, Sheet

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
_RESTS = re.compile(r"\b(ends it|resolves it|keeps it silent|stays silent|is silent)\b", re.IGNORECASE)
SETTINGS: tuple[tuple[str, str], ...] = (
    (rf"\bscrap(?:es?|ed|ing)\b[^.\d]{{0,24}}?\bevery (?P<value>{QUANTITY})", "scrape interval"),
    (rf"\bevaluat(?:es?|ed|ions?|ing)\b[^.\d]{{0,24}}?\bevery (?P<value>{QUANTITY})", "evaluation interval"),
    *(
        (rf"\b{name}(?: is| of|:| =)?\s+`?(?P<value>{QUANTITY})", name)
        for name in (
            "scrape interval",
            "scrape timeout",
            "evaluation interval",
            "group wait",
            "group interval",
            "repeat interval",
            "retention time",
            "retention size",
        )
    ),
    (rf"\bretention(?: period)?(?: is| of|:) (?P<value>{QUANTITY})", "retention time"),
    *(
        (rf"\b{name}: (?P<value>{QUANTITY})", name.replace("_", " "))
        for name in (
            "scrape_interval",
            "scrape_timeout",
            "evaluation_interval",
            "group_wait",
            "group_interval",
            "repeat_interval",
        )
    ),
    (rf"storage\.tsdb\.retention\.time=(?P<value>{QUANTITY})", "retention time"),
    (rf"storage\.tsdb\.retention\.size=(?P<value>{QUANTITY})", "retention size"),
)
"""How a sentence gives a setting its value, and the setting."""
_PHRASES = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in SETTINGS)


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """The promises of sentences about alerts and settings, and of settings in blocks that are no configuration."""
    for passage in sheet.passages:
        yield from _settings(passage, known)
        yield from _alert(passage, known)
    for block in sheet.page.blocks:
        if block.language.lower() not in ("yaml", "yml") and not sheet.is_past(block.line):
            whole = Passage(block.text, block.line + 1, sheet.headings_at(block.line))
            yield from _settings(whole, known)


def _settings(passage: Passage, known: Known) -> Iterator[Promise]:
    if passage.is_row:
        return
    for pattern, name in _PHRASES:
        setting = known.settings.get(name)
        for match in pattern.finditer(passage.text):
            said = " ".join(match["value"].split())
            promise = Promise(
                passage.line_at(match.start("value")),
                "setting",
                " ".join(match[0].split()),
                "page/settings",
                thing=f"setting/{name}",
                value=said,
            )
            if setting is None or passage.is_hedged:
                yield promise.is_open(NO_FILE if setting is None else HEDGED)
                continue
            yield promise.judged(
                any(same(said, value) for value in setting.values),
                f"as in {setting.source}",
                f"{name} is {said}, {setting.source} says {listed(setting.values)}",
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
    for pattern, kinds in (
        (_COMPARED, ("threshold", "window", "for", "quantile", "edges" if named == [] else "")),
        (_FOR, ("for", "window")),
        (_EDGE, ("edges",)),
        (_PERCENTILE, ("percentile",)),
        (_STATUS_CLASS, ("class",)),
    ):
        if passage.is_row and pattern in (_COMPARED, _FOR):
            continue
        for match in pattern.finditer(passage.flat):
            yield from _judged(
                passage, alert, match, [value for kind in kinds for value in allowed.get(kind, ())]
            )


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
    if alert.window is not None:
        add("window", seconds(alert.window), "seconds")
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
