"""Faults of the machine: an exact share of CPU time or memory, told to a real Node Exporter by a proc folder."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from pydantic import Field

from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import NodeReading, ProcFolder, StoredNode
from promproof.exposition import Labels
from promproof.faults.kind import Fault
from promproof.faults.ledgers import Agreement, Held, Phase, series_of
from promproof.faults.procfs import IDLE_SHARES
from promproof.faults.site import Site
from promproof.stack.choice import Can

WRITER_GAP_SECONDS = 0.2
"""The proc folder may be so old; a longer gap makes the verdict unknown."""


class Resource(Fault):
    """A share of what the machine has."""

    cpus: int = Field(default=4, ge=2)
    """At least two, unequally loaded, so that a wrong aggregation shows."""
    shares: ClassVar[Literal["needed", "possible", "refused"]] = "needed"
    stack_needs: ClassVar[frozenset[Can]] = frozenset({Can.PROCFS})
    alone: ClassVar[bool] = False

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Have the proc folder say so; it is on disk when this returns."""
        if site.folder is None:
            raise EvidenceError("proc folder", "this run has none", (), "use a stack that the harness starts")
        site.folder.hold(self.kind, dose)

    def heal(self, site: Site, drill: str) -> None:
        """Back to what the folder said before any dose."""
        if site.folder is not None:
            site.folder.release(self.kind)

    @property
    def accumulators(self) -> int:
        """Of each CPU, its idle ticks and the sum of the others."""
        return 2 * self.cpus

    def lag(self, scrape: float, scrape_timeout: float) -> float:
        """The age of the folder."""
        return WRITER_GAP_SECONDS

    @property
    def at_rest(self) -> float | None:
        """What the folder says while no dose is held."""
        return IDLE_SHARES[self.kind]

    def ledger(self, evidence: Evidence, held: Held) -> Agreement:
        """The proc folder, the exporter's own exposition, and Prometheus."""
        readings = [
            record.data for record in evidence.history.of(NodeReading) if record.data.drill == held.drill
        ]
        troubles, shown = self.late(evidence.need(ProcFolder).data, held), []
        for phase in held.phases:
            inside = [
                reading
                for reading in readings
                if phase.begin < reading.begin and reading.end <= phase.end + 0.001
            ]
            for name, values in (
                ("Prometheus stored", self.stored(evidence, phase)),
                ("the exporter showed", self.exposed(inside)),
            ):
                if not values:
                    troubles.append(f"{name} nothing at {phase.dose:.1%}")
                troubles += [
                    f"{name} {value:.3%} at a dose of {phase.dose:.1%}"
                    for value in values
                    if abs(value - phase.dose) > self.bound(phase)
                ]
                if values:
                    shown.append(f"{name} {values[-1]:.2%}")
        return Agreement("; ".join(shown), tuple(troubles))

    def late(self, writer: ProcFolder, held: Held) -> list[str]:
        """Pauses of the proc folder's writer that left a dose in doubt."""
        return []

    @abstractmethod
    def bound(self, phase: Phase) -> float:
        """How far a share that is seen may be from the dose."""

    @abstractmethod
    def stored(self, evidence: Evidence, phase: Phase) -> list[float]:
        """Shares that Prometheus stored inside a phase."""

    @abstractmethod
    def exposed(self, readings: list[NodeReading]) -> list[float]:
        """Shares from readings of the exporter itself inside a phase."""


def stored_inside(evidence: Evidence, name: str, phase: Phase) -> dict[Labels, list[float]]:
    """Values that Prometheus stored of a node metric, of the scrapes that lie wholly inside a phase.

    A sample carries the time at which its scrape began: the exporter may have read its source after a change that came
    while the scrape was under way, so that such a scrape may show either dose.
    """
    ups, durations = (
        {t: value for samples in series_of(evidence, StoredNode, of).values() for t, value in samples}
        for of in ("up", "scrape_duration_seconds")
    )
    wanted = {
        t
        for t, scrape in evidence.scrapes_of(ups, durations).items()
        if phase.begin < scrape.begin and scrape.end <= phase.end
    }
    return {
        labels: [value for t, value in samples if t in wanted]
        for labels, samples in series_of(evidence, StoredNode, name).items()
    }
