"""What a page says of an alert in the words of the alert's own texts: both say the same.

`used up within a day` in the section of an alert and in its summary; `burn rate` as the column of a table, and `a burn
rate of 6` in the description. Only the same words with another number contradict each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from promproof.contract.model import Alert
from promproof.promises.known import Known
from promproof.promises.promise import HEDGED, Promise
from promproof.promises.prose import alerts_in
from promproof.promises.quantities import QUANTITY, amount
from promproof.promises.sheet import Sheet
from promproof.promql.phrases import COUNT, counted
from promproof.promql.templates import error, plain

_WITHIN = re.compile(
    rf"\b(?P<before>[a-z]+) within (?:the next )?(?P<said>(?:(?:{COUNT})[\s-]?)?"
    r"(?:seconds?|minutes?|hours?|days?|weeks?))\b",
    re.IGNORECASE,
)
_ADVICE = re.compile("runbook|action|resol|remed|impact|todo|fix|hint", re.IGNORECASE)
_LEAST = 4
"""Letters of a column that is words, and not a sign or `for`."""


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each thing that the page and the texts of one alert both say."""
    said = {alert.name: texts for alert in known.contract.alerts if (texts := _texts(alert, known))}
    yield from _sentences(sheet, known, said)
    yield from _rows(sheet, known, said)


def _texts(alert: Alert, known: Known) -> str:
    """The texts of the only rule of an alert, those apart that tell what to do."""
    rules = known.rules.get(alert.name, [])
    given = rules[0].get("annotations") if len(rules) == 1 else None
    texts = given.items() if isinstance(given, dict) else ()
    return "\n".join(
        plain(str(text)) for name, text in texts if not _ADVICE.search(name) and not error(str(text))
    )


def _sentences(sheet: Sheet, known: Known, said: dict[str, str]) -> Iterator[Promise]:
    for passage in sheet.passages:
        found = list(_WITHIN.finditer(passage.flat)) if " within " in passage.lower else []
        above = alerts_in(passage.headings[-1], known) if found and passage.headings else []
        if len(above) != 1 or above[0].name not in said or passage.is_row:
            continue
        name = above[0].name
        for match in found:
            told = {
                counted(other["said"])
                for other in _WITHIN.finditer(said[name])
                if other["before"].lower() == match["before"].lower()
            }
            if told:
                promise = Promise(passage.line_at(match.start()), "alert", match[0], f"page/alert/{name}")
                judged = promise.judged(
                    counted(match["said"]) in told,
                    "as in its texts",
                    f"the texts of {name} have another time after {match['before']!r}, the page says {match['said']}",
                )
                yield judged.unless(passage.is_hedged, HEDGED)


def _rows(sheet: Sheet, known: Known, said: dict[str, str]) -> Iterator[Promise]:
    for table in sheet.page.tables:
        columns = [column for column in table.columns if len(column) >= _LEAST]
        for row in table.rows if columns and not sheet.is_past(table.line) else ():
            named = alerts_in(row.cells.get(table.columns[0], ""), known)
            if len(named) == 1 and named[0].name in said:
                for column in columns[1:] if columns[0] == table.columns[0] else columns:
                    yield from _cell(row.line, named[0].name, column, row.cells[column], said)


def _cell(line: int, name: str, column: str, cell: str, said: dict[str, str]) -> Iterator[Promise]:
    """`a burn rate of 6`, where the column is called burn rate."""
    wanted = amount(cell.strip().lstrip("<>=≤≥ "))
    if wanted is None:
        return
    for match in _of(column).finditer(said[name]):
        told = amount(match["said"])
        if told is not None and told.unit == wanted.unit:
            promise = Promise(line, "alert", f"{column}: {cell}", f"page/alert/{name}")
            yield promise.judged(
                told == wanted, "as in its texts", f"the texts of {name} say {match[0]!r}, the page {cell}"
            )


@lru_cache(maxsize=256)
def _of(column: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(column)}(?: of|:| is)? (?P<said>{QUANTITY})", re.IGNORECASE)
