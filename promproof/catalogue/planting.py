"""Faults that a set-up has a place for: which file, the text that it becomes, and what differs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import yaml

from promproof.catalogue.changing import changed
from promproof.catalogue.folder import SetUp
from promproof.catalogue.model import HARMLESS, Fault
from promproof.config.masking import Masker

JOB = "$job"
"""Stands in a path for the job that reads the target."""


@dataclass(frozen=True)
class Planted:
    """A fault at one place. number: which of its places, from 0."""

    fault: Fault
    number: int
    file: Path
    text: str
    diff: str


def planted(fault: Fault, setup: SetUp, places: int = 1) -> list[Planted]:
    """The fault at its first places; none where nothing fits."""
    return list(islice(_everywhere(fault, setup), places))


def _everywhere(fault: Fault, setup: SetUp) -> Iterator[Planted]:
    number = 0
    change = fault.change.model_copy(update={"at": fault.change.at.replace(JOB, setup.job)})
    for file in setup.files.get(fault.where, ()):
        text = file.read_text(encoding="utf-8")
        try:
            for new in changed(text, change, is_harmless=fault.family == HARMLESS):
                yield Planted(fault, number, file, new, difference(text, new, setup.shown(file)))
                number += 1
        except yaml.YAMLError:
            continue


def difference(before: str, after: str, name: str) -> str:
    """What a reader sees of a change, without passwords: it goes into the log of a CI."""
    lines: Iterable[str] = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, name, n=0, lineterm=""
    )
    shown = "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
    return Masker().text(shown)
