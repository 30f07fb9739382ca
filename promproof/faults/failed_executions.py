"""failed_executions: an exact share of what requests cause fails, while the requests themselves succeed."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from promproof.contract.model import Contract
from promproof.contract.truths import TallyTruth
from promproof.evidence.evidence import Evidence, Gap
from promproof.faults.dosed import Dosed, exactly
from promproof.faults.kind import register
from promproof.faults.ledgers import Held, increase


@register
class FailedExecutions(Dosed):
    """Makes events with the labels `marks`."""

    kind: Literal["failed_executions"]

    @model_validator(mode="after")
    def _fits(self) -> FailedExecutions:
        if not self.marks or self.delay is not None:
            raise ValueError("the fault 'failed_executions' needs marks, and a delay belongs to 'slow'")
        return self

    def compare(self, evidence: Evidence, held: Held, injected: int) -> tuple[str, list[str]]:
        """Events with the marks in the clients' tallies, and the alert's metric that counts them."""
        metric, tally = _tally_metric(evidence.contract, held.alert)
        seen = self._seen(evidence, tally, held.begun, held.ended)
        stored = increase(evidence.stored(metric), self.marks, held.begun, held.ended)
        return exactly(injected, seen, stored, held, evidence.interval)

    def _seen(self, evidence: Evidence, tally: str, begun: float, ended: float) -> int:
        view, offset = evidence.ledger, evidence.history.monotonic
        return sum(
            view.tally_completed_before(key, ended + offset)
            - view.tally_completed_before(key, begun + offset)
            for key in view.tallies
            if key[0] == tally and self.marks.items() <= dict(key[1]).items()
        )


def _tally_metric(contract: Contract, alert: str) -> tuple[str, str]:
    for metric in contract.metrics:
        if metric.name in contract.alert(alert).metrics and isinstance(metric.truth, TallyTruth):
            return metric.name, metric.truth.tally
    raise Gap(f"the contract has no metric of {alert} whose truth is a tally")
