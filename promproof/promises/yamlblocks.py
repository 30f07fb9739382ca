"""YAML of a page: excerpts of the files that ship, and configurations that the tools must take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from promproof.config.usertext import Mistake
from promproof.config.yamlfile import documents
from promproof.contract.documentation import Block
from promproof.promises.known import Known, close_to
from promproof.promises.promise import PAST, Promise
from promproof.promises.quantities import same
from promproof.promises.sheet import Sheet

PROMETHEUS_KEYS = frozenset({"global", "scrape_configs", "rule_files", "alerting"})
ALERTMANAGER_KEYS = frozenset(
    {"route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals"}
)
_NAMES = ("job_name", "name", "receiver", "alert")
"""Keys by which an entry of a list is known."""


def loaded(text: str) -> Any:
    """The first document of a YAML text; None where it is none."""
    try:
        return next((document.data for document in documents(text)), None)
    except Mistake:
        return None


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """Excerpts against the files, and what the tools said of each block."""
    for block in sheet.blocks_of("yaml", "yml"):
        data = loaded(block.text)
        if isinstance(data, dict):
            yield from _excerpt(block, data, sheet, known)
        yield from _printed(block, sheet, known)


def _excerpt(block: Block, data: dict[str, Any], sheet: Sheet, known: Known) -> Iterator[Promise]:
    if data.keys() <= PROMETHEUS_KEYS:
        whole, what = known.read.prometheus, "the Prometheus configuration"
    elif data.keys() <= ALERTMANAGER_KEYS:
        whole, what = known.read.alertmanager, "the Alertmanager configuration"
    else:
        return
    promise = Promise(block.line, "excerpt", block.name or block.text.split("\n", 1)[0], "page/excerpts")
    if sheet.is_example(block.line) or not whole:
        yield promise.is_open("nothing says that it is an excerpt of a file")
        return
    found = _Compared([], [], [], [])
    _compare(data, whole, "", found)
    wrong, lacking = found.wrong, found.lacking
    if wrong and (not found.named or len(found.alike) < len(wrong)):
        yield promise.is_open(f"{wrong[0]} in {what}: too much differs for an excerpt")
    elif wrong:
        yield promise.fails(f"{wrong[0]} in {what}")
    elif lacking:
        yield promise.is_open(f"{lacking[0]}: it may be an example of what to add")
    else:
        yield promise.holds(f"as in {what}")


@dataclass(frozen=True)
class _Compared:
    """What differs of the keys that both have, what only the page has, and the places that are alike."""

    wrong: list[str]
    lacking: list[str]
    alike: list[str]
    named: list[str]
    """Jobs, receivers and the like that both have."""


def _compare(said: Any, shipped: Any, place: str, found: _Compared) -> None:
    """What differs of the keys that both have, and what only the page has."""
    if isinstance(said, dict) and isinstance(shipped, dict):
        for key, value in said.items():
            inner = f"{place}.{key}" if place else str(key)
            if key not in shipped:
                meant = close_to(str(key), [other for other in shipped if other not in said])
                (found.wrong if meant else found.lacking).append(f"{inner} is {meant or 'not there'}")
            else:
                _compare(value, shipped[key], inner, found)
    elif isinstance(said, list) and isinstance(shipped, list):
        _lists(said, shipped, place, found)
    elif same(str(said), str(shipped)):
        found.alike.append(place)
    else:
        found.wrong.append(f"{place} is {shipped}, the page says {said}:")


def _lists(said: list[Any], shipped: list[Any], place: str, found: _Compared) -> None:
    for index, item in enumerate(said):
        key = next((key for key in _NAMES if isinstance(item, dict) and key in item), "")
        if key:
            alike = [other for other in shipped if isinstance(other, dict) and other.get(key) == item[key]]
            if alike:
                found.named.append(str(item[key]))
                _compare(item, alike[0], f"{place}[{item[key]}]", found)
                continue
            names = [str(other.get(key)) for other in shipped if isinstance(other, dict)]
            meant = close_to(str(item[key]), names)
            if meant:  # what else is as there tells whether it is that one, or another beside it
                found.named.append(str(meant))
                rest = {name: value for name, value in item.items() if name != key}
                _compare(rest, shipped[names.index(meant)], f"{place}[{meant}]", found)
            (found.wrong if meant else found.lacking).append(
                f"{place}: {key} {meant or item[key]} is {'' if meant else 'not '}there"
            )
        elif isinstance(item, dict):
            if index < len(shipped) and len(said) == len(shipped):
                _compare(item, shipped[index], f"{place}[{index}]", found)
            else:
                found.lacking.append(f"{place}[{index}] has no name")
        elif item in shipped:
            found.alike.append(place)
        else:
            (found.lacking if any(other in shipped for other in said) else found.wrong).append(
                f"{place} is {', '.join(map(str, shipped))}, the page says {item}:"
            )


def _printed(block: Block, sheet: Sheet, known: Known) -> Iterator[Promise]:
    """What promtool and amtool said of the block."""
    for said in known.read.printed.get(str(block.line), ()):
        is_rule = "rules" in said.command
        claim = "page/rules" if is_rule else "page/configurations"
        text = f"{said.command}: {block.name or block.text.split(chr(10), 1)[0]}"
        promise = Promise(block.line, "rule" if is_rule else "configuration", text, claim)
        if said.status is None:
            yield promise.is_open(said.output)
        elif sheet.is_past(block.line):
            yield promise.is_open(PAST)
        else:
            yield promise.judged(said.status == 0, "taken", said.output)
