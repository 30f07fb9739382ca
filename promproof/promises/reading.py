"""All promises of a page: every reader's, what no claim is about, and whether a thing that stands twice agrees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from promproof.contract.model import Contract
from promproof.evidence.records import PageRead
from promproof.promises import (
    addresses,
    alerttexts,
    commands,
    expressions,
    figures,
    limits,
    links,
    naming,
    places,
    prose,
    rows,
    samples,
    sentences,
    settings,
    tables,
    yamlblocks,
)
from promproof.promises.known import Known
from promproof.promises.promise import NO_DEFAULT, NO_FILE, UNCLAIMED, Promise
from promproof.promises.quantities import amount, amounts, same
from promproof.promises.sheet import Passage, Sheet, sheet_of
from promproof.verdict import Outcome

READERS = (
    rows,
    tables,
    expressions,
    yamlblocks,
    samples,
    addresses,
    commands,
    settings,
    prose,
    alerttexts,
    limits,
    figures,
    sentences,
    naming,
    places,
    links,
)
AGREES = "page/agrees"
NOBODY = (UNCLAIMED, NO_FILE, NO_DEFAULT)
"""Why a promise is open that can still be compared with itself."""
_LISTED = re.compile(r"^\s*\d+\.\s")


def promises(read: PageRead, contract: Contract) -> list[Promise]:
    """Everything that a page promises, by line."""
    sheet, known = sheet_of(read.text, Path(read.path)), Known(contract, read)
    found = [promise for reader in READERS for promise in reader.read(sheet, known)]
    found += _twice(found)
    found += _unclaimed(sheet, found)
    return sorted(dict.fromkeys(found), key=lambda promise: promise.line)


def _twice(found: Sequence[Promise]) -> Iterator[Promise]:
    """A thing that the page tells in several places: it says the same everywhere."""
    things: dict[str, list[Promise]] = {}
    for promise in found:
        if (
            promise.thing
            and promise.value
            and (promise.outcome is not Outcome.NOT_VERIFIED or promise.reason in NOBODY)
        ):
            things.setdefault(promise.thing, []).append(promise)
    for thing, told in things.items():
        first, *others = told
        for other in others:
            if first.outcome is other.outcome is Outcome.PASS or not _comparable(first.value, other.value):
                continue
            promise = Promise(other.line, "repeated", f"{thing}: {other.value}", AGREES)
            yield promise.judged(
                same(first.value, other.value),
                f"as in line {first.line}",
                f"{thing.partition('/')[2]} is {first.value} in line {first.line} and {other.value} here",
            )


def _comparable(one: str, other: str) -> bool:
    """Whether both are numbers, or none is."""
    return (amount(one) is None) is (amount(other) is None)


def _unclaimed(sheet: Sheet, found: Sequence[Promise]) -> Iterator[Promise]:
    """Numbers in sentences that nobody has judged, so that a reader sees what is open."""
    spoken: dict[int, list[str]] = {}
    for promise in found:
        spoken.setdefault(promise.line, []).append(promise.text)
    for passage in sheet.passages:
        for offset, text in amounts(passage.text):
            line = passage.line_at(offset)
            flat = " ".join(text.split())
            if not _LISTED.match(passage.text) and not any(flat in other for other in _near(spoken, line)):
                yield Promise(line, "number", _around(passage, offset, text))


def _near(spoken: dict[int, list[str]], line: int) -> Iterator[str]:
    for number in (line - 1, line, line + 1):
        yield from spoken.get(number, ())


def _around(passage: Passage, offset: int, text: str) -> str:
    """A number with a word on either side."""
    before = passage.flat[:offset].split(" ")[-3:]
    after = passage.flat[offset + len(text) :].split(" ")[:3]
    return " ".join([" ".join(before) + " ".join(text.split()) + " ".join(after)]).strip()


def of_claim(found: Sequence[Promise], claim: str) -> list[Promise]:
    """The promises of one claim."""
    return [promise for promise in found if promise.claim == claim]


def worst(found: Sequence[Promise]) -> Outcome:
    """The outcome of a claim by its promises: one that fails is enough, and so is one that holds where none fails."""
    outcomes = {promise.outcome for promise in found}
    for outcome in (Outcome.FAIL, Outcome.PASS):
        if outcome in outcomes:
            return outcome
    return Outcome.NOT_VERIFIED
