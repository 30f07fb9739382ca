"""One id more than a limit allows, made while the target runs with that limit: it must share a series.

It is used, which must be counted for those that share one. Then one of the first ids is deleted and another one made,
which gets the place.
"""

from __future__ import annotations

from promproof.contract.labels import Create
from promproof.contract.model import Contract
from promproof.contract.truths import TallyTruth
from promproof.errors import EvidenceError
from promproof.evidence.history import History, Recorder
from promproof.evidence.records import Rows
from promproof.http import Session
from promproof.observe import recording
from promproof.observe.recording import attempt
from promproof.run.bench import Service

LABEL = "beyond"
FREED = "freed"
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
            _create(session, service, request)
    recording.rows(history, contract, service.database, LABEL)
    _use_all(history, truths, service)
    recording.exposition(history, service.metrics_url, LABEL, service.headers)
    replaced = [
        (truth.subject, truth.limit)
        for truth in truths
        if truth.limit is not None and truth.limit.create is not None and truth.limit.delete
    ]
    for subject, limit in replaced:
        assert limit.create is not None
        with attempt(history, f"another one for DELETE {limit.delete}"), Session(_SECONDS) as session:
            if limit.use is not None:  # what the others have counted stays
                _delete(session, service, limit.delete, _made(history, subject))
            if _delete(session, service, limit.delete, first_ids(history, subject, limit.of)):
                _create(session, service, limit.create)
    if replaced:
        recording.exposition(history, service.metrics_url, FREED, service.headers)
        recording.rows(history, contract, service.database, FREED)


def _use_all(history: Recorder, truths: list[TallyTruth], service: Service) -> None:
    for truth in truths:
        use = truth.limit.use if truth.limit is not None else None
        if use is None:
            continue
        for text in sorted(
            set(_ids(history, truth.subject, LABEL)) - set(_ids(history, truth.subject, "restart"))
        ):
            request = use.model_copy(update={"path": use.path.replace("{id}", text)})
            with attempt(history, f"one more by POST {request.path}"), Session(_SECONDS) as session:
                _create(session, service, request)


def _create(session: Session, service: Service, request: Create) -> None:
    answer = session.post(service.url + request.path, json=request.body)
    if answer.status_code >= 400:
        raise EvidenceError("target", f"POST {request.path} is answered {answer.status_code}")


def _delete(session: Session, service: Service, path: str, ids: list[str]) -> bool:
    """Delete the first id that may be; whether there was one: something else may need each of them."""
    return any(session.delete(service.url + path.replace("{id}", text)).status_code < 400 for text in ids)


def first_ids(history: History, subject: str, most: int) -> list[str]:
    """The ids of the restarted target that have a place; none of ids without an order."""
    texts = _ids(history, subject, "restart")
    return sorted(texts, key=int)[:most] if all(text.isdecimal() for text in texts) else []


def _made(history: History, subject: str) -> list[str]:
    """The ids that were made beyond the limit."""
    return sorted(set(_ids(history, subject, LABEL)) - set(_ids(history, subject, "restart")))


def _ids(history: History, subject: str, label: str) -> list[str]:
    """The ids that the database had at a reading."""
    records = [record.data for record in history.of(Rows) if record.data.label == label]
    found = next((data.values for data in reversed(records) if data.what == f"ids of {subject}"), ())
    return [str(value) for value in found]
