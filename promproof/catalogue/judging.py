"""What is red of a set-up without a target: findings, proofs, and the claims of verify that need no traffic."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from promproof.catalogue.boundaries import Boundaries
from promproof.catalogue.folder import SetUp
from promproof.catalogue.model import Sort
from promproof.errors import EvidenceError, InputError
from promproof.evidence.records import FilesJudged
from promproof.findings.checking import Subject, Wishes, check
from promproof.findings.settings import found
from promproof.proofs.outcome import CONTRADICTED, DEAD
from promproof.proofs.outcome import Outcome as Proof
from promproof.proofs.rulefiles import read
from promproof.proofs.run import Settings, proven
from promproof.run import static
from promproof.run.clock import SystemClock
from promproof.run.options import Options
from promproof.run.pageprinted import printed
from promproof.run.prepare import prepare
from promproof.stack.binaries import Binaries
from promproof.verdict import Outcome

Told = TypeVar("Told")
REFUSED = "input/refused"
PROOFS = {DEAD: "proof/dead", CONTRADICTED: "proof/contradicted"}


@dataclass(frozen=True)
class Red:
    """A claim or a finding: its id, and what it says."""

    what: str
    text: str
    is_claim: bool = True


class Judge:
    """Judges set-ups on their files; a program is asked about the same files once."""

    def __init__(self, binaries: Binaries) -> None:
        self._binaries = binaries
        self._told: dict[tuple[str, ...], Any] = {}
        self._boundaries = Boundaries()

    def __call__(self, setup: SetUp) -> list[Red]:
        """All that is red of it."""
        try:
            red = self._claims(setup)
        except InputError as error:
            red = [Red(REFUSED, str(error).splitlines()[0]), *_findings(setup)]
        return [*red, *self._proven(setup)]

    def _claims(self, setup: SetUp) -> list[Red]:
        """The claims of `verify` that fail without traffic, and what `check` says beside them."""
        prepared = prepare(Options.of(contract=setup.contract, monitoring=setup.monitoring, drill=False))
        asking = static.Asking(
            lambda command: self._once(static.ask, command, key=_key_of(command, setup)),
            lambda prepared, wanted: self._once(
                static.deployment,
                prepared,
                wanted,
                key=("deployment", *_texts(setup, "compose", "prometheus", "sources")),
            ),
            self._boundaries,
            lambda page, binaries, folder: self._once(
                lambda: tuple(printed(page, binaries, folder, self._shown)),
                key=("page", *_texts(setup, "page", "prometheus", "rules")),
            ),
        )
        with tempfile.TemporaryDirectory(prefix="promproof-") as folder:
            verdicts, history = static.judged(prepared, self._binaries, Path(folder), SystemClock(), asking)
        red = [Red(verdict.claim, verdict.reason) for verdict in verdicts if verdict.outcome is Outcome.FAIL]
        files = history.last(FilesJudged)
        found = files.data.findings if files is not None else ()
        return [
            *red,
            *(
                Red(finding.id, f"{_file(finding.place)}: {finding.message}", is_claim=False)
                for finding in found
            ),
        ]

    def _proven(self, setup: SetUp) -> list[Red]:
        paths = [*setup.files["prometheus"], *setup.files["rules"]]
        try:
            outcomes: list[Proof] = self._once(
                lambda: proven(read(paths), Settings(self._binaries.promtool)),
                key=("proofs", *_texts(setup, "prometheus", "rules")),
            )
        except EvidenceError:
            return []
        return [
            Red(PROOFS[outcome.verdict], f"{outcome.alert.name}: {outcome.reason}", is_claim=False)
            for outcome in outcomes
            if outcome.verdict in PROOFS
        ]

    def _shown(self, ask: Callable[..., Told], *about: Any) -> Told:
        return self._once(ask, *about, key=(ask.__name__, *map(str, about)))

    def _once(self, ask: Callable[..., Told], *about: Any, key: tuple[str, ...]) -> Told:
        if key not in self._told:
            self._told[key] = ask(*about)
        told: Told = self._told[key]
        return told


def _file(place: str) -> str:
    """The file of a place: a line moves with whatever stands above it."""
    return place.partition(":")[0].partition(", $")[0]


def _key_of(command: list[Any], setup: SetUp) -> tuple[str, ...]:
    """What a program's answer depends on: its words and the files of its sort."""
    words = tuple(map(str, command))
    mine: tuple[Sort, ...] = ("alertmanager",) if Path(words[0]).name == "amtool" else ("prometheus", "rules")
    named = [path for path in setup.files["rules"] if str(path) == words[-1]]
    return (*words, *((named[0].read_text(encoding="utf-8"),) if named else _texts(setup, *mine)))


def _texts(setup: SetUp, *sorts: Sort) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for sort in sorts for path in setup.files[sort])


def _findings(setup: SetUp) -> list[Red]:
    """What `check` says of files that a run refuses."""
    subject = Subject((setup.monitoring,), root=setup.root)
    try:
        checked = check(subject, Wishes(settings=found(subject.paths)))
    except InputError as error:
        return [Red(REFUSED, str(error).splitlines()[0])]
    return [
        Red(finding.rule, f"{finding.file}: {finding.message}", is_claim=False)
        for finding in checked.findings
    ]
