"""errors: an exact share of the requests on some routes is answered with a 5xx status."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from promproof.contract.labels import RequestsTruth
from promproof.contract.model import Contract, Metric
from promproof.evidence.evidence import Evidence, Gap
from promproof.faults.dosed import Dosed, exactly
from promproof.faults.kind import register
from promproof.faults.ledgers import Held, increase
from promproof.truth.metrics import sample_name
from promproof.truth.requests import label_from


@register
class Errors(Dosed):
    """Answers with `status`."""

    kind: Literal["errors"]

    @model_validator(mode="after")
    def _fits(self) -> Errors:
        if self.marks or self.delay is not None:
            raise ValueError("marks belong to the fault 'failed_executions', a delay belongs to 'slow'")
        return self

    def settings(self) -> dict[str, Any]:
        """Routes and status."""
        return {**super().settings(), "status": self.status}

    def compare(self, evidence: Evidence, held: Held, injected: int) -> tuple[str, list[str]]:
        """Answers with the status at the clients, and the counter of requests with it."""
        seen = _seen(evidence, self.status, held.begun, held.ended)
        metric = _request_metric(evidence.contract)
        label = label_from(metric, "status", "status_class")
        word = metric.labels[label].spelt(_said(metric, label, self.status))
        stored = increase(evidence.stored(sample_name(metric)), {label: word}, held.begun, held.ended)
        return exactly(injected, seen, stored, held, evidence.interval)


def _seen(evidence: Evidence, status: int, begun: float, ended: float) -> int:
    """Answers with a status between two instants at which none was under way."""
    view, offset = evidence.ledger, evidence.history.monotonic
    return sum(
        view.completed_before(key, ended + offset) - view.completed_before(key, begun + offset)
        for key in view.counts
        if key[2] == status
    )


def _said(metric: Metric, label: str, status: int) -> str:
    assert isinstance(metric.truth, RequestsTruth)
    source = metric.truth.source(label, metric.labels[label])
    return f"{status // 100}xx" if source == "status_class" else str(status)


def _request_metric(contract: Contract) -> Metric:
    for metric in contract.metrics:
        if isinstance(metric.truth, RequestsTruth) and label_from(metric, "status", "status_class"):
            return metric
    raise Gap("the contract has no metric of requests with a label for their status")
