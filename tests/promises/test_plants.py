"""Small changes of the monitoring page: each turns its claim red where it stands; harmless ones turn nothing red.

Changes that lie apart are read together, since a page takes a while to read; each is judged by its own lines. One at a
time they are read by night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from promproof.promises.promise import Promise
from promproof.verdict import Outcome
from tests.promises.conftest import PAGE, Read

pytestmark = pytest.mark.unit
HERE = Path(__file__).parent
TEXT = PAGE.read_text(encoding="utf-8")
APART = 3
"""Lines between two changes that are read together."""


@dataclass(frozen=True)
class Change:
    """`old` becomes `new`; `claim` turns red."""

    old: str
    new: str
    claim: str = ""

    @property
    def at(self) -> int:
        return TEXT.index(self.old)

    @property
    def lines(self) -> tuple[int, int]:
        """The first and the last line of it in the shipped page."""
        begin = TEXT.count("\n", 0, self.at) + 1
        return begin, begin + self.old.count("\n")

    def __str__(self) -> str:
        return " ".join(f"{self.claim or 'harmless'} {self.old[:40]} {self.new[:40]}".split())


def changes(name: str) -> list[Change]:
    return [Change(**entry) for entry in yaml.safe_load((HERE / name).read_text(encoding="utf-8"))]


PLANTS, HARMLESS = changes("plants.yml"), changes("harmless.yml")


def groups(planted: Sequence[Change]) -> list[list[Change]]:
    """Changes that lie apart, as many as fit together; a change of the number of lines is a group of its own."""
    found: list[list[Change]] = []
    for change in planted:
        alone = change.old.count("\n") != change.new.count("\n") or change.claim in (
            "page/links",
            "page/rules",
        )
        free = [] if alone else [group for group in found if group[-1:] and _fits(change, group)]
        if free:
            free[0].append(change)
        else:
            found.append([change])
    return found


def _fits(change: Change, group: Sequence[Change]) -> bool:
    first, last = change.lines
    return all(
        other.old.count("\n") == other.new.count("\n")
        and other.claim not in ("page/links", "page/rules")
        and (last + APART < other.lines[0] or other.lines[1] + APART < first)
        for other in group
    )


def planted(group: Sequence[Change]) -> str:
    text = TEXT
    for change in sorted(group, key=lambda change: -change.at):
        text = text[: change.at] + change.new + text[change.at + len(change.old) :]
    return text


GROUPS = {str(change): number for number, group in enumerate(groups(PLANTS)) for change in group}


@pytest.fixture(scope="module")
def together(read: Read) -> dict[int, list[Promise]]:
    return {number: read(planted(group)) for number, group in enumerate(groups(PLANTS))}


def wrong(found: Sequence[Promise]) -> list[Promise]:
    return [promise for promise in found if promise.outcome is Outcome.FAIL]


def test_each_change_stands_once_in_the_page() -> None:
    assert [str(change) for change in [*PLANTS, *HARMLESS] if TEXT.count(change.old) != 1] == []


def test_the_shipped_page_keeps_what_it_promises(read: Read) -> None:
    found = read(TEXT)
    assert wrong(found) == []
    assert sum(promise.outcome is Outcome.PASS for promise in found) > 150


@pytest.mark.parametrize("change", PLANTS, ids=str)
def test_a_planted_mistake_turns_its_claim_red(change: Change, together: dict[int, list[Promise]]) -> None:
    first, last = change.lines
    red = wrong(together[GROUPS[str(change)]])
    # a link to a section that was renamed is red where the link is
    mine = [
        promise for promise in red if first - 1 <= promise.line <= last + 1 or change.claim == "page/links"
    ]
    mine += [
        promise
        for promise in red
        if promise.kind in ("expression", "excerpt", "example") and promise.claim == change.claim
    ]
    assert change.claim in {promise.claim for promise in mine}


@lru_cache(maxsize=1)
def _harmless() -> list[list[Change]]:
    return groups(HARMLESS)


@pytest.mark.parametrize("group", _harmless(), ids=lambda group: f"{len(group)} with {group[0]}")
def test_a_harmless_change_turns_nothing_red(group: list[Change], read: Read) -> None:
    assert wrong(read(planted(group))) == []


@pytest.mark.nightly
@pytest.mark.parametrize("change", PLANTS, ids=str)
def test_a_mistake_alone_turns_its_claim_red(change: Change, read: Read) -> None:
    assert change.claim in {promise.claim for promise in wrong(read(planted([change])))}


def test_sixty_mistakes_and_twenty_harmless_changes_are_planted() -> None:
    assert len(PLANTS) >= 60
    assert len(HARMLESS) >= 20
    assert len({change.claim for change in PLANTS}) >= 30
