"""Settings of a page: what a sentence or a cell says of an interval or of what is kept, against the files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.promises.known import Known, Setting
from promproof.promises.promise import HEDGED, NO_FILE, Promise, listed
from promproof.promises.quantities import QUANTITY, amount, amounts, same
from promproof.promises.sheet import Passage, Sheet

_ABOUT = r"(?:rules?|alerts?|expressions?|prometheus)"
SETTINGS: tuple[tuple[str, str], ...] = (
    (rf"\bscrap(?:es?|ed|ing)\b[^.\d]{{0,24}}?\bevery (?P<value>{QUANTITY})", "scrape interval"),
    (
        rf"\b{_ABOUT}\b[^.\d]{{0,24}}?\bevaluat(?:es?|ed|ions?|ing)\b[^.\d]{{0,24}}?\bevery (?P<value>{QUANTITY})",
        "evaluation interval",
    ),
    (
        rf"\bevaluat(?:es|ed|ions? of|ing) (?:the |all )?{_ABOUT}\b[^.\d]{{0,24}}?\bevery (?P<value>{QUANTITY})",
        "evaluation interval",
    ),
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
    (
        rf"(?:^|(?<=[.;:]\s)|\bthe |\bPrometheus(?:'s?)? |\bmetrics? |\bdata )"
        rf"retention(?: period)?(?: is| of|:) (?P<value>{QUANTITY})",
        "retention time",
    ),
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
_GOES_ON = re.compile(
    r"[\w%]|\s*(?:[\u2013\u2014/+\u2192-]|->)\s*\S|\s+(?:to|or|and|plus|less|more|longer|shorter)\s+(?:\d|than)",
    re.IGNORECASE,
)
"""What stands behind a number that is a part of a range, of a sum, or of a word."""
_SUPPOSED = re.compile(r"(?:^|\n|[.:!?]\s)\W*(?:An?|With|At)\s(?:an?\s)?$")
"""`A scrape interval of 5 s doubles the load`."""
_LONGEST_SECONDS = 3600
"""An interval of Prometheus is shorter: what is done every week is done by people."""
_SUBJECTS = ("prometheus", "target", "metric", "exporter", "jobs", "rule", "alert", "expression")


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """The promises of sentences about settings, and of settings in blocks that are no configuration."""
    for passage in sheet.passages:
        if not passage.is_row:
            yield from _said(passage, known)
    for block in sheet.page.blocks:
        if block.language.lower() not in ("yaml", "yml") and not sheet.is_past(block.line):
            yield from _said(Passage(block.text, block.line + 1, sheet.headings_at(block.line)), known)


def _said(passage: Passage, known: Known) -> Iterator[Promise]:
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
                yield promise.is_open(NO_FILE if setting is None and not passage.is_doubtful else HEDGED)
            elif _GOES_ON.match(passage.text, match.end("value")):
                yield promise.is_open("the number is a part of something longer")
            else:
                yield compared(promise, said, name, setting).unless(
                    passage.is_doubtful or not _is_meant(passage, match, said, name, known)
                )


def compared(promise: Promise, said: str, name: str, setting: Setting) -> Promise:
    """What a page says of a setting, which has another unit nowhere, against the files."""
    good = f"as in {setting.source}"
    if any(same(said, value) for value in setting.values):
        return promise.holds(good)
    value, units = (
        amount(said),
        {found.unit for text in setting.values if (found := amount(text)) is not None},
    )
    if value is None and any(same(part, known) for _, part in amounts(said) for known in setting.values):
        return promise.holds(good)
    if value is None or value.unit not in units:
        return promise.is_open("it is no single number with a unit of this setting")
    return promise.fails(f"{name} is {said}, {setting.source} says {listed(setting.values)}")


def _is_meant(passage: Passage, match: re.Match[str], said: str, name: str, known: Known) -> bool:
    """Whether a sentence that gives an interval is about Prometheus' own."""
    value = amount(said)
    if not name.startswith(("scrape", "evaluation")) or value is None:
        return True
    if value.value > _LONGEST_SECONDS:
        return False
    if not re.search(r"\bevery\b", passage.lower):
        return not _SUPPOSED.search(passage.text[: match.start()])
    subjects = (*_SUBJECTS, *known.components, *known.jobs, "api", "service")
    return any(re.search(rf"\b{re.escape(subject)}s?\b", passage.lower) for subject in subjects)
