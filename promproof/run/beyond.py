"""One id more than a limit allows, made while the target runs with that limit: it must share a series."""

from __future__ import annotations

from promproof.contract.model import Contract
from promproof.contract.truths import TallyTruth
from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.http import Session
from promproof.observe import recording
from promproof.observe.recording import attempt
from promproof.run.bench import Service

LABEL = "beyond"
_SECONDS = 5.0


def create(history: Recorder, contract: Contract, service: Service) -> None:
    """Make one more id of each metric that says how, and read what the target then exposes and has in its database."""
    truths = [metric.truth for metric in contract.metrics if isinstance(metric.truth, TallyTruth)]
    wanted = [
        truth.limit.create for truth in truths if truth.limit is not None and truth.limit.create is not None
    ]
    if not wanted or service.database is None:
        return
    for request in wanted:
        with attempt(history, f"one more by POST {request.path}"), Session(_SECONDS) as session:
            answer = session.post(service.url + request.path, json=request.body)
            if answer.status_code >= 400:
                raise EvidenceError("target", f"POST {request.path} is answered {answer.status_code}")
    recording.exposition(history, service.metrics_url, LABEL, service.headers)
    recording.rows(history, contract, service.database, LABEL)
