"""memory: an exact share of the machine's memory is not available."""

from __future__ import annotations

from typing import Literal

from promproof.evidence.evidence import Evidence
from promproof.evidence.records import NodeReading
from promproof.faults.kind import register
from promproof.faults.ledgers import Phase
from promproof.faults.resource import Resource, stored_inside


@register
class Memory(Resource):
    """Its share is of MemTotal. It does not depend on when it is written."""

    kind: Literal["memory"]

    def bound(self, phase: Phase) -> float:
        """The folder says whole kilobytes of 16 GB."""
        return 1e-6

    def stored(self, evidence: Evidence, phase: Phase) -> list[float]:
        """One share for each scrape."""
        available, total = (
            [value for values in stored_inside(evidence, name, phase).values() for value in values]
            for name in ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes")
        )
        return [1 - free / every for free, every in zip(available, total, strict=False)]

    def exposed(self, readings: list[NodeReading]) -> list[float]:
        """One share for each reading."""
        return [1 - reading.available / reading.total for reading in readings]
