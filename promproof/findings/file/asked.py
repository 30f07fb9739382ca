"""What promtool and amtool say of a file, when they are here.

A version of years ago is no judge of a file of today: what it refuses is told as not verified.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from threading import Thread

from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.foreign import is_foreign
from promproof.findings.judging import NotVerifiedError
from promproof.findings.kind import Kind, each_document, register
from promproof.findings.part import Document
from promproof.findings.programs import StrangeProgramError, refusals
from promproof.findings.setup import Program, Setup
from promproof.findings.sorts import sort_of
from promproof.findings.thing import argument

PROMTOOL = register(
    Kind(
        id="file/promtool",
        severity=Severity.ERROR,
        title="a file that promtool refuses",
        why="Prometheus refuses what promtool does: it does not start with the file, or goes on with the old one.",
        example="groups:\n- name: api\n  rules:\n  - {alert: Errors, expr: 'sum(errors_total'}",
        instead="groups:\n- name: api\n  rules:\n  - {alert: Errors, expr: 'sum(errors_total) > 0'}",
        needs="promtool",
    )
)
AMTOOL = register(
    Kind(
        id="file/amtool",
        severity=Severity.ERROR,
        title="a file that amtool refuses",
        why="Alertmanager refuses what amtool does: it does not start with the file, or goes on with the old one.",
        example="route: {receiver: pager}\nreceivers: [{name: mail}]",
        instead="route: {receiver: pager}\nreceivers: [{name: pager}]",
        needs="amtool",
    )
)
CURRENT = {"promtool": (3, 0), "amtool": (0, 28)}
"""Older ones refuse keys, functions and names of today: their word against a file is told, and is no finding."""
_ASKED = {
    "rules": (PROMTOOL, ("check", "rules", "--lint=none")),
    "prometheus": (PROMTOOL, ("check", "config", "--syntax-only", "--lint=none")),
    "alertmanager": (AMTOOL, ("check-config",)),
}
_PLACE = re.compile(r"line (\d+):|(?:^|[\s:])(\d+):\d+:")
_NEWER = re.compile(r'field (\S+) not found|unknown function with name "([^"]+)"')
_LONGEST = 120
"""Characters of a message in a reason."""


@each_document(PROMTOOL)
def judge_promtool(document: Document, setup: Setup) -> Iterator[Finding]:
    """What promtool says of a rule file or a configuration."""
    return _judged(PROMTOOL, document, setup)


@each_document(AMTOOL)
def judge_amtool(document: Document, setup: Setup) -> Iterator[Finding]:
    """What amtool says of a configuration."""
    return _judged(AMTOOL, document, setup)


def _judged(kind: Kind, document: Document, setup: Setup) -> Iterator[Finding]:
    sort = sort_of(document.data)
    if setup.programs is None or not _is_for(kind, document, sort):
        return
    program = setup.programs.get(kind.needs)
    refused = _refused(setup, sort) if program is not None else None
    if program is None or refused is None:
        raise NotVerifiedError(
            f"{kind.needs} is not here; have it on PATH, or name it: --binary {kind.needs}=PATH"
        )
    said = refused.get(document.address)
    if said is None or is_foreign(document, setup):
        return
    whole = " ".join(
        said.replace(f"{document.address}: ", "").replace(document.address, document.file).split()
    )
    if program.numbers < CURRENT[program.name]:
        raise NotVerifiedError(
            f"{document.file}: {_too_old(program, whole)}; --binary {program.name}=PATH names a newer one"
        )
    place = document.part().at()
    line = next((int(found[1] or found[2]) for found in _PLACE.finditer(whole)), place.line)
    words = " ".join(word for word in _ASKED[sort][1] if not word.startswith("-"))
    yield kind.at(
        Place(place.file, line, place.path),
        f"{program.name} {program.version}: {whole}",
        effect=f"{'Alertmanager' if kind is AMTOOL else 'Prometheus'} does not load the file",
        todo="correct it",
        see=f"{program.name} {words} {argument(document.file)}",
    )


def _is_for(kind: Kind, document: Document, sort: str) -> bool:
    return (
        sort in _ASKED
        and _ASKED[sort][0] is kind
        and document.number == 0
        and os.path.isfile(document.address)
    )


def _too_old(program: Program, said: str) -> str:
    newer = dict.fromkeys(found[1] or found[2] for found in _NEWER.finditer(said))
    if newer:
        keys = ", ".join(newer)
        return f"{program.name} {program.version} does not know {keys}: too old, or a key of another program"
    short = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
    return f"{program.name} {program.version} refuses it, and is too old to judge by ({short})"


class _Asking(Thread):
    """One process for all files of a sort, while the judges go on.

    refused: what it says of those that it refuses; None from a program that is not what its name says.
    """

    def __init__(self, program: Program, words: tuple[str, ...], files: list[str]) -> None:
        super().__init__(daemon=True)
        self.program, self.words, self.files = program, words, files
        self.refused: dict[str, str] | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """Ask; the version, another process, is asked for only where something is refused."""
        try:
            self.refused = refusals(self.program, self.words, self.files)
            if self.refused:
                _ = self.program.version  # and kept
        except StrangeProgramError:
            self.refused = None
        except Exception as error:  # told by the judge that waits for the answer
            self.error = error


def begin(setup: Setup, wanted: Callable[[str], bool]) -> None:
    """Start to ask the programs about the files that are for them."""
    for sort, (kind, _) in _ASKED.items():
        is_here = setup.programs is not None and kind.needs in setup.programs
        if is_here and wanted(kind.id) and _files(setup, sort):
            _begun(setup, sort)


@lru_cache(maxsize=8)
def _begun(setup: Setup, sort: str) -> _Asking:
    """A set-up is equal to itself alone."""
    kind, words = _ASKED[sort]
    asking = _Asking((setup.programs or {})[kind.needs], words, _files(setup, sort))
    asking.start()
    return asking


def _files(setup: Setup, sort: str) -> list[str]:
    kind, _ = _ASKED[sort]
    return [
        document.address
        for document in setup.documents
        if sort_of(document.data) == sort and _is_for(kind, document, sort)
    ]


def _refused(setup: Setup, sort: str) -> dict[str, str] | None:
    asking = _begun(setup, sort)
    asking.join()
    if asking.error is not None:
        raise asking.error
    return asking.refused
