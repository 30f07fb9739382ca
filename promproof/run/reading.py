"""Reading all instances of a target that take part in a run, and writing down what was sent to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from promproof.evidence import records
from promproof.evidence.history import Recorder
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.exposition import Exposition
from promproof.observe import recording
from promproof.run.bench import Service


def expositions(history: Recorder, service: Service, label: str) -> list[Exposition | None]:
    """The expositions of all instances, one after the other."""
    return [
        recording.exposition(history, each.metrics_url, label, each.headers, each.instance if number else "")
        for number, each in enumerate(service.every)
    ]


def sent_by_harness(service: Service) -> tuple[LedgerView, ...]:
    """What the harness itself has sent so far, by instance."""
    return tuple(each.sender.view() for each in service.every)


def harness_ledger(history: Recorder, service: Service, sent: tuple[LedgerView, ...]) -> None:
    """Write down what the harness has sent: to all, and to each of several instances."""
    history.add(records.Ledger("harness", complete=True, view=merge(sent).to_json()))
    if service.others and not service.balanced:
        for each, view in zip(service.every, sent, strict=True):
            ledger = records.Ledger("harness", complete=True, view=view.to_json())
            history.add(records.OfInstance.of(each.instance, ledger))


def ledgers(
    history: Recorder, service: Service, ledger: records.Ledger, sent: Mapping[str, LedgerView]
) -> None:
    """Write down the ledger of one sender, and of several instances what it sent to each.

    sent: by URL. How late arrivals were is a fact about the machine, and so one of every instance.
    """
    history.add(ledger)
    if not service.others or service.balanced:
        return
    whole = LedgerView.from_json(ledger.view)
    for each in service.every:
        view = sent.get(each.url, LedgerView(whole.bin_seconds))
        view = replace(view, lags=whole.lags, complete=ledger.complete)
        part = records.Ledger(ledger.source, ledger.complete, view.to_json(), ledger.file, ledger.status)
        history.add(records.OfInstance.of(each.instance, part))
