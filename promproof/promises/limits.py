"""Thresholds that a page tells otherwise: in a column of a table about alerts, and as a half or a third in words.

`share of requests` beside a burn rate is a column of thresholds, and says so by itself: each of its other rows, two at
least, is the threshold of that row's alert. The one row that is not is a mistake, where the column's words are of a
limit or a share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from promproof.config.rules import facts
from promproof.contract.documentation import Row, Table
from promproof.contract.model import Alert
from promproof.promises.known import Known
from promproof.promises.promise import HEDGED, Promise
from promproof.promises.prose import alerts_in
from promproof.promises.quantities import Amount, amount
from promproof.promises.rows import ALERTS
from promproof.promises.sheet import Passage, Sheet

_LIMIT = re.compile(r"threshold|limit|share|ratio|percent|fires|above|more than|exceed", re.IGNORECASE)
_OTHER = re.compile(
    r"resol|clear|recover|back|silent|old|new|before|was|previous|last|today|now|observed|measured|seen|peak|usual|"
    r"normal|typical|staging|test|warn|default|suggest|propos|plan|budget",
    re.IGNORECASE,
)
"""Words of columns with other numbers of the same alerts."""
_LEAST = 2
_SHARES = {
    "half": 1 / 2,
    "a third": 1 / 3,
    "two thirds": 2 / 3,
    "a quarter": 1 / 4,
    "three quarters": 3 / 4,
    "a fifth": 1 / 5,
    "a tenth": 1 / 10,
}
_WORDS = re.compile(
    rf"\b(?:more|less) than (?P<said>{'|'.join(_SHARES)})(?: of (?:it|them)(?: is| are)?)? "
    r"(?:full|used|in use|busy|empty|free|left)\b",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(?:was|were|not|used to|formerly|if|would|could|e\.g\.|for example|such as|another|other)\b",
    re.IGNORECASE,
)
"""Words before such a share that make it another one than the rule's."""
_PAST = re.compile(r"\b(?:was|were|before)\b", re.IGNORECASE)
_NEAR = 0.01
"""How far a threshold may be from a third, which has no end."""


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """Each cell of such a column and each share in words, in the section of an alert, that is not the alert's.

    What agrees is how the column is known, and no promise of its own.
    """
    yield from _in_words(sheet, known)
    for table in sheet.page.tables:
        if set(table.columns) >= ALERTS or sheet.is_of_others(table.line):
            continue
        subjects = [_subject(row, table, known) for row in table.rows]
        for column in table.columns[1:]:
            if _LIMIT.search(column) and not _OTHER.search(column):
                yield from _column(table, column, subjects)


def _subject(row: Row, table: Table, known: Known) -> Alert | None:
    """The alert that a row is about."""
    named = alerts_in(row.cells.get(table.columns[0], ""), known)
    return named[0] if len(named) == 1 else None


def _column(table: Table, column: str, subjects: list[Alert | None]) -> Iterator[Promise]:
    told = [
        (row, alert, said == limit)
        for row, alert in zip(table.rows, subjects, strict=True)
        if alert is not None
        and (limit := _threshold(alert)) is not None
        and (said := amount(row.cells[column].strip().lstrip("<>=≤≥ "))) is not None
        and said.unit == limit.unit
    ]
    names = {alert.name for _, alert, _ in told}
    right = sum(fits for *_, fits in told)
    if len(names) < len(told) or right < _LEAST or len(told) - right > 1:
        return
    for row, alert, fits in told:
        if not fits:
            text = f"{column} is the threshold in all other rows, that of {alert.name} is {alert.threshold:g}"
            yield Promise(
                row.line, "alert", f"{column}: {row.cells[column]}", f"page/alert/{alert.name}"
            ).fails(text)


def _threshold(alert: Alert) -> Amount | None:
    if alert.threshold is None or alert.unit not in ("ratio", "seconds"):
        return None
    return Amount(Decimal(str(alert.threshold)), alert.unit)


def _in_words(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """`more than half full`, where the rule compares with a share."""
    for passage in sheet.passages:
        found = _WORDS.search(passage.flat)
        above = alerts_in(passage.headings[-1], known) if found and passage.headings else []
        if found is None or len(above) != 1 or passage.is_row:
            continue
        name, share = above[0].name, _SHARES[found["said"].lower()]
        limits = _compared(known.expression(name))
        if limits and not any(abs(limit - side) < _NEAR for limit in limits for side in (share, 1 - share)):
            promise = Promise(passage.line_at(found.start()), "alert", found[0], f"page/alert/{name}")
            text = f"the rule of {name} compares with {', '.join(f'{limit:g}' for limit in limits)}"
            yield promise.fails(text).unless(_is_doubtful(passage, found.start()), HEDGED)


def _is_doubtful(passage: Passage, offset: int) -> bool:
    """Whether the share may be another one; a sentence that goes on with what would be the case tells no other."""
    before = passage.flat[:offset]
    return passage.is_past or _PAST.search(passage.flat) is not None or _HEDGED.search(before) is not None


def _compared(expression: str) -> list[float]:
    """The shares that an expression compares with."""
    try:
        return [value for _, value in facts(expression).thresholds if 0 < value < 1]
    except ValueError:
        return []
