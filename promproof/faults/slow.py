"""slow: an exact share of the requests on some routes is held back for a time that no scale shortens."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from promproof.contract.model import seconds
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import LedgerMark, StoredBuckets
from promproof.faults.dosed import Dosed
from promproof.faults.kind import register
from promproof.faults.ledgers import Held, increase, series_of


@register
class Slow(Dosed):
    """Holds a request back for `delay`."""

    kind: Literal["slow"]

    @model_validator(mode="after")
    def _fits(self) -> Slow:
        if self.marks:
            raise ValueError("marks belong to the fault 'failed_executions'")
        if self.delay is None:
            raise ValueError("the fault 'slow' needs a delay")
        return self

    def settings(self) -> dict[str, Any]:
        """Routes and delay."""
        return {**super().settings(), "delay_seconds": seconds(self.delay or "0s")}

    def compare(self, evidence: Evidence, held: Held, injected: int) -> tuple[str, list[str]]:
        """A request can be slow by itself, so both others may count more; how many more leaves the dose in doubt."""
        alert = evidence.contract.alert(held.alert)
        stored = 0.0
        for name in alert.metrics:
            every = increase(evidence.stored(f"{name}_count"), {}, held.begun, held.ended)
            fast = increase(series_of(evidence, StoredBuckets, f"{name}_bucket"), {}, held.begun, held.ended)
            stored += every - fast
        marks = [evidence.need(LedgerMark, drill=held.drill, edge=edge).data for edge in ("begin", "end")]
        seen = marks[1].slow - marks[0].slow
        distance = min(abs(dose - alert.edge) for dose in (held.below, held.above))
        window = evidence.scale.seconds(seconds(alert.window or "0s"))
        bound = max(0.0, (held.decided or 0) * window * distance - self.accumulators - 2)
        shown = f"{injected} injected, {seen} seen by clients, {stored:g} stored"
        if 0 <= stored - injected <= bound and 0 <= seen - injected <= bound:
            return shown, []
        return shown, [f"{shown}; up to {bound:.0f} may be slow by themselves"]
