"""Where an alert goes: the receivers that its labels reach, and why nobody may be told all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promproof.config.inputs import Document
from promproof.config.routing import reached
from promproof.config.shapes import AlertmanagerFile, shaped
from promproof.errors import EvidenceError


@dataclass(frozen=True)
class Destination:
    """The receivers in the order of the routes, each once, and notes for the reader."""

    receivers: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "; ".join(filter(None, (", ".join(self.receivers), *self.notes)))


def reaches(labels: Mapping[str, str], alertmanager: Document) -> Destination:
    """Where Alertmanager sends an alert with these labels.

    Raises:
        InputError: the document is no Alertmanager configuration; with file, line and key.
    """
    shape = shaped(alertmanager, AlertmanagerFile, "an Alertmanager configuration")
    if shape.route is None:
        return Destination((), ("no route",))
    try:
        receivers = tuple(dict.fromkeys(route.receiver for route in reached(alertmanager.data, labels)))
    except EvidenceError as error:
        return Destination((), (f"not known: {error.state}",))
    notes = []
    integrations = {
        receiver.name: bool(receiver.webhook_configs or any((receiver.__pydantic_extra__ or {}).values()))
        for receiver in shape.receivers or ()
    }
    for receiver in receivers:
        if receiver not in integrations:
            notes.append(f"no receiver is called {receiver or 'so'!r}")
        elif not integrations[receiver]:
            notes.append(f"{receiver} tells nobody: it has no integration")
    return Destination(receivers, tuple(notes))
