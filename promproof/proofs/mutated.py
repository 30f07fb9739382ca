"""How many small changes of each alert its tests notice, as a cell of the table of `prove`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promproof.errors import InputError
from promproof.proofs.copies import copy_of
from promproof.proofs.coverage import TestFile, test_files
from promproof.proofs.generated import Written
from promproof.proofs.mutants.score import Score, rule_documents, score
from promproof.proofs.outcome import Outcome
from promproof.proofs.rulefiles import Rules

NONE = "-"


def of_tests(rules: Rules, files: Sequence[TestFile], promtool: Path) -> list[str]:
    """A cell for each alert, in their order; `-` for one that has no mutants or whose file can't be changed.

    Raises:
        EvidenceError: promtool did not answer.
    """
    documents = []
    for path in rules.files:
        try:
            documents += rule_documents([path])
        except InputError:  # a resource, or several documents: promtool does not load it either
            continue
    found = score(promtool, documents, files)
    by_place: dict[str, list[bool]] = {}
    by_path = {str(document.path): document for document in documents}
    for number, mutant in enumerate(found.mutants):
        where = by_path[mutant.subject.file].where(mutant.subject.key)
        by_place.setdefault(where, []).append(number in found.killed)
    return [_cell(by_place.get(alert.where, [])) for alert in rules.alerts]


def of_written(outcomes: Sequence[Outcome], written: Written, promtool: Path) -> list[str]:
    """The same for the files that `--write-tests` wrote: one for each proven alert, in their order.

    Raises:
        EvidenceError: promtool did not answer.
    """
    by_name: dict[tuple[str, str], list[list[bool]]] = {}
    copies = [copy_of(file) for file in written.files]
    if not copies:
        return [NONE] * len(outcomes)
    documents = rule_documents(copies)  # what does not pass was not written
    found = score(promtool, documents, test_files(list(map(str, written.files))), is_passing=True)
    for file in copies:
        rows = _of_file(found, file)
        for name, cells in rows.items():
            by_name.setdefault(name, []).append(cells)
    made = []
    for outcome in outcomes:
        waiting = by_name.get((outcome.alert.name, outcome.alert.expression), [])
        made.append(_cell(waiting.pop(0)) if waiting else NONE)
    return made


def _of_file(found: Score, file: Path) -> dict[tuple[str, str], list[bool]]:
    rows: dict[tuple[str, str], list[bool]] = {}
    for number, mutant in enumerate(found.mutants):
        if mutant.subject.is_alert and Path(mutant.subject.file) == file:
            row = rows.setdefault((mutant.subject.name, mutant.subject.expression), [])
            row.append(number in found.killed)
    return rows


def _cell(killed: Sequence[bool]) -> str:
    return f"{sum(killed)}/{len(killed)}" if killed else NONE
