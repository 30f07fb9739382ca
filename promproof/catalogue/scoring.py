"""What becomes of each fault: caught, caught by luck, missed, or without a place; and what harmless changes set off."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from promproof.catalogue.folder import SetUp, copy
from promproof.catalogue.judging import Red
from promproof.catalogue.model import HARMLESS, Catalogue, Fault
from promproof.catalogue.planting import Planted, planted
from promproof.crash import describe

Judging = Callable[[SetUp], list[Red]]


class Fate(StrEnum):
    """What became of a fault; the last three are those of a harmless change and of what nobody could judge."""

    CAUGHT = "caught"
    LUCK = "by luck"
    MISSED = "missed"
    NO_PLACE = "no place"
    UNKNOWN = "unknown"
    QUIET = "quiet"
    ALARM = "false alarm"


@dataclass(frozen=True)
class Scored:
    """A fault and its fate. red: what turned red by it, what names it first; diff: what was changed."""

    fault: Fault
    fate: Fate
    number: int = 0
    file: str = ""
    diff: str = ""
    red: tuple[Red, ...] = ()
    why: str = ""


def score(
    faults: Iterable[Fault],
    setup: SetUp,
    judge: Judging,
    places: int = 1,
    say: Callable[[Scored], None] = lambda scored: None,
) -> list[Scored]:
    """Plant each fault into a copy of the set-up and judge that; what is red without a fault says nothing."""
    results = []
    with tempfile.TemporaryDirectory(prefix="promproof-") as folder:
        mine = copy(setup, Path(folder) / "set-up")
        baseline = judge(mine)
        for fault in faults:
            found = planted(fault, mine, places)
            for result in [_judged(place, mine, judge, baseline) for place in found] or [
                Scored(fault, Fate.NO_PLACE)
            ]:
                say(result)
                results.append(result)
    return results


def _judged(fault: Planted, setup: SetUp, judge: Judging, baseline: Sequence[Red]) -> Scored:
    before = fault.file.read_bytes()
    fault.file.write_text(fault.text, encoding="utf-8")
    try:
        red = judge(setup)
    except Exception as error:  # one fault costs no other
        return _scored(fault, setup, Fate.UNKNOWN, (), describe(error))
    finally:
        fault.file.write_bytes(before)
    new = fresh(red, baseline)
    return _scored(fault, setup, fate(fault.fault, new), ordered(fault.fault, new), "")


def _scored(fault: Planted, setup: SetUp, fate: Fate, red: tuple[Red, ...], why: str) -> Scored:
    return Scored(fault.fault, fate, fault.number, setup.shown(fault.file), fault.diff, red, why)


def unplaced(fault: Fault) -> Scored:
    """A fault that nothing fits."""
    return Scored(fault, Fate.NO_PLACE)


def exposed(
    fault: Fault, number: int, metric: str, judge: Callable[[], list[Red]], baseline: Sequence[Red]
) -> Scored:
    """The fate of a fault of the exposition; what is about its metric names it."""
    name = str(fault.change.by.get("name", metric))
    named = fault.model_copy(update={"says": fault.says or rf"{re.escape(metric)}|{re.escape(name)}|target/"})
    try:
        red = fresh(judge(), baseline)
    except Exception as error:  # one fault costs no other
        return Scored(named, Fate.UNKNOWN, number, metric, why=describe(error))
    told = f"~{fault.change.rewrite} {metric} {fault.change.by or ''}".strip()
    return Scored(named, fate(named, red), number, metric, told, ordered(named, red))


def fresh(red: Sequence[Red], baseline: Sequence[Red]) -> list[Red]:
    """What was not red before: a claim that was red already, and a finding with the same words, say nothing."""
    known = {(entry.what, entry.text) for entry in baseline}
    claims = {entry.what for entry in baseline if entry.is_claim}
    return [
        entry
        for entry in red
        if (entry.what, entry.text) not in known and not (entry.is_claim and entry.what in claims)
    ]


def fate(fault: Fault, red: Sequence[Red]) -> Fate:
    """Whether what turned red names the fault."""
    if fault.family == HARMLESS:
        return Fate.ALARM if red else Fate.QUIET
    if any(fault.is_named_by(entry.what, entry.text) for entry in red):
        return Fate.CAUGHT
    return Fate.LUCK if red else Fate.MISSED


def ordered(fault: Fault, red: Sequence[Red]) -> tuple[Red, ...]:
    """What names the fault first."""
    return tuple(sorted(red, key=lambda entry: not fault.is_named_by(entry.what, entry.text)))


def percent(results: Sequence[Scored]) -> float | None:
    """Caught of 100 planted faults; None when none was."""
    judged = [result for result in results if result.fate in (Fate.CAUGHT, Fate.LUCK, Fate.MISSED)]
    return 100 * sum(result.fate is Fate.CAUGHT for result in judged) / len(judged) if judged else None


def by_family(results: Sequence[Scored], catalogue: Catalogue) -> dict[str, list[Scored]]:
    """The results of each class that has some, in the catalogue's order."""
    found = {
        name: [result for result in results if result.fault.family == name] for name in catalogue.families
    }
    return {name: mine for name, mine in found.items() if mine}
