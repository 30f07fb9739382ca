"""cpu: the machine's CPUs are used to an exact share, unequally."""

from __future__ import annotations

from typing import Literal

from promproof.evidence.evidence import Evidence
from promproof.evidence.records import NodeReading, ProcFolder
from promproof.faults.kind import register
from promproof.faults.ledgers import Held, Phase
from promproof.faults.procfs import TICKS_PER_SECOND
from promproof.faults.resource import Resource, stored_inside


@register
class Cpu(Resource):
    """Its share is of the time of all CPUs."""

    kind: Literal["cpu"]

    def decided(self, events: float | None, rate: float | None) -> float | None:
        """The ticks of all CPUs."""
        return TICKS_PER_SECOND * self.cpus

    def late(self, writer: ProcFolder, held: Held) -> list[str]:
        """A share of time is in doubt where the time was not written."""
        return [
            f"the proc folder was not written for {gap.end - gap.begin:.2f} s"
            for gap in writer.gaps
            if gap.end - gap.begin > writer.most
            and any(phase.begin <= gap.end and gap.begin <= phase.end for phase in held.phases)
        ]

    def bound(self, phase: Phase) -> float:
        """Four modes of each CPU are rounded down, at both ends, on all ticks of the phase but its cut ends."""
        ticks = 100 * self.cpus * max(phase.end - phase.begin - 1.0, 0.1)
        return 8 * self.cpus / ticks

    def stored(self, evidence: Evidence, phase: Phase) -> list[float]:
        """Used time between the first and the last scrape inside the phase, as a share of all of it."""
        idle = every = 0.0
        for labels, values in stored_inside(evidence, "node_cpu_seconds_total", phase).items():
            if len(values) < 2:
                return []
            every += values[-1] - values[0]
            idle += values[-1] - values[0] if dict(labels)["mode"] == "idle" else 0.0
        return [1 - idle / every] if every else []

    def exposed(self, readings: list[NodeReading]) -> list[float]:
        """It needs two readings."""
        if len(readings) < 2:
            return []
        every = readings[-1].cpu - readings[0].cpu
        return [1 - (readings[-1].idle - readings[0].idle) / every] if every else []
