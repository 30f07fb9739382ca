"""Takes the target's database away for a few scrapes, by its fault port, and writes down what was seen meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests

from promproof.contract.model import Contract
from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.evidence.records import ExpositionRead, StimulusOutage
from promproof.exposition import parse
from promproof.load.models import Scenario
from promproof.load.play import SetupError
from promproof.observe import recording
from promproof.run import meeting
from promproof.run.bench import Service

PATIENCE = 3
"""Times that a target is asked again which has not come back yet."""
FAILED = 500


def scenario_of(contract: Contract, folder: Path) -> Path | None:
    """The scenario that meets the outage, in the contract's folder; None without one."""
    wanted = contract.target.outage
    return None if wanted is None or wanted.requests is None else folder / wanted.requests


def take_out(
    service: Service,
    contract: Contract,
    history: Recorder,
    wait: Callable[[], None],
    scenario: Scenario | None = None,
) -> None:
    """The record `stimulus_outage` and two readings of the metrics; nothing for a contract without an outage.

    wait: lets scrapes pass. One request to the health path is sent meanwhile and one afterwards: more of them would be
    an error share that lasts, unless the scenario has enough good ones that follow. A target may need a moment to have
    its database again: then it is asked some more times.
    """
    wanted = contract.target.outage
    if wanted is None:
        return
    if service.faults is None:
        history.add(
            StimulusOutage(unavailable="the target has no fault port to take its database away for us")
        )
        return

    def read(label: str) -> None:
        recording.exposition(history, service.metrics_url, label, service.headers)

    met = None
    if scenario is not None:
        met = meeting.Meeting(scenario, meeting.PlainWire(service.url), service.sender.bin_seconds)
    asked = history.now()
    try:
        if met is not None:
            met.begin()
        service.faults.apply(wanted.fault)
        begin = history.now()
        during = _health(service, contract)
        if met is not None:
            met.meet()
        read("outage")
        wait()
        if met is not None:
            met.end()
        end = history.now()
        service.faults.end(wanted.fault)
    except (EvidenceError, SetupError) as error:
        service.faults.forget(wanted.fault)  # its lease ends it
        if met is not None:
            met.end()
            service.sender.take(met.sent())
        why = error.state if isinstance(error, EvidenceError) else error
        history.add(StimulusOutage(unavailable=f"the target's database was not out for us: {why}"))
        return
    after = _health(service, contract)
    read("recovered")
    for _ in range(PATIENCE):
        if (after is None or after < FAILED) and _is_back(history, contract):
            break
        wait()
        after = _health(service, contract)
        read("recovered")
    surprises: tuple[str, ...] = ()
    if met is not None:
        met.follow()
        service.sender.take(met.sent())
        surprises = met.surprises
    what = f"fault {wanted.fault} for {end - begin:.1f} s"
    history.add(StimulusOutage(asked, begin, end, end - begin, what, None, during, after, surprises))


def _is_back(history: Recorder, contract: Contract) -> bool:
    """Whether the newest reading has the metrics that are asked of the database; true for one that nobody can read."""
    text = next(
        record.data.text for record in reversed(history.records) if isinstance(record.data, ExpositionRead)
    )
    try:
        shown = parse(text)
    except ValueError:
        return True
    return all(shown.series(metric.sample) for metric in contract.metrics if metric.truth.kind == "rows")


def _health(service: Service, contract: Contract) -> int | None:
    if contract.target.health is None:
        return None
    try:
        return service.sender.request("GET", contract.target.health).status_code
    except requests.RequestException:
        return None
