"""Where an alert goes: the receivers that its labels reach, and why nobody may be told all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.config.inputs import Document
from promproof.config.labelsets import ABSENT, ANY, PRESENT, Partial, Values, exactly, known
from promproof.config.promql import parse
from promproof.config.routes import reaches as ends
from promproof.config.routes import read_routes
from promproof.config.shapes import AlertmanagerFile, shaped
from promproof.promql.labels import Labels, labels_of


@dataclass(frozen=True)
class Group:
    """A notification that an alert is in. wait, interval, repeat: seconds; beside: other alerts that surely join it.

    mute, active: the time intervals in which it tells nobody, and those in which alone it tells.
    """

    receiver: str
    by: tuple[str, ...]
    wait: float
    interval: float
    repeat: float
    beside: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()


@dataclass(frozen=True)
class Destination:
    """The receivers in the order of the routes, each once, and notes for the reader.

    perhaps: those that it depends on a label that the rule leaves open, the one without it first.
    groups, muted_by, perhaps_muted_by: see `among`.
    agreed: whether a real Alertmanager says the same; None: it was not asked.
    """

    receivers: tuple[str, ...]
    notes: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    muted_by: tuple[str, ...] = ()
    perhaps_muted_by: tuple[str, ...] = ()
    agreed: bool | None = None

    @property
    def cell(self) -> str:
        """The receivers in a few words."""
        return ", ".join([*self.receivers, *(f"{name}?" for name in self.perhaps)]) or "nobody"

    def __str__(self) -> str:
        return "; ".join(filter(None, (self.cell if self.receivers or self.perhaps else "", *self.notes)))


def of_rule(
    data: Mapping[str, Any],
    recordings: Sequence[Mapping[str, Any]],
    external: Mapping[str, str] | None = None,
) -> Partial:
    """The labels of an alert's rule, as far as its expression and its own labels fix them.

    external: the labels that Prometheus adds; None when they are not known.
    """
    own = {str(name): str(value) for name, value in (data.get("labels") or {}).items()}
    made: Labels
    try:
        made = labels_of(parse(str(data["expr"])), _recorded(recordings, 0))
    except ValueError:
        made = Labels()
    made = made.given(own)
    values: dict[str, Values] = dict.fromkeys(made.has, PRESENT)
    values |= {name: known(value) for name, value in made.fixed.items()}
    values |= dict.fromkeys(made.gone, ABSENT)
    values |= {name: ANY for name, value in own.items() if "{{" in value}
    rest = ANY
    if made.may is not None:
        values |= {name: ANY for name in made.may if name not in values}
        rest = ABSENT if external is not None else ANY
    for name, value in (external or {}).items():  # they are added where the alert has none
        if values.get(name, rest) == ABSENT:
            values[name] = known(value)
        elif name not in made.has:
            values[name] = ANY
    if external is None:
        values = {name: ANY if value == ABSENT else value for name, value in values.items()}
    values["alertname"] = known(str(data["alert"]))
    return Partial(values, rest)


def _recorded(recordings: Sequence[Mapping[str, Any]], depth: int) -> Any:
    def labels(name: str) -> Labels | None:
        found: Labels | None = None
        for data in recordings if depth < 8 else ():
            if data["record"] == name:
                try:
                    made = labels_of(parse(str(data["expr"])), _recorded(recordings, depth + 1))
                except ValueError:
                    return Labels()
                made = made.given({str(k): str(v) for k, v in (data.get("labels") or {}).items()})
                found = made if found is None else found.either(made)
        return found

    return labels


def reaches(labels: Mapping[str, str] | Partial, alertmanager: Document) -> Destination:
    """Where Alertmanager sends an alert with these labels.

    Raises:
        InputError: the document is no Alertmanager configuration; with file, line and key.
    """
    shape = shaped(alertmanager, AlertmanagerFile, "an Alertmanager configuration")
    root = read_routes(alertmanager.data)
    if root is None:
        return Destination((), ("no route",))
    partial = labels if isinstance(labels, Partial) else exactly(labels)
    found = ends(root, partial)
    certain = tuple(dict.fromkeys(reach.route.receiver for reach in found if reach.certain))
    perhaps = tuple(dict.fromkeys(reach.route.receiver for reach in found if not reach.certain))
    usual = {reach.route.receiver for reach in ends(root, exactly(_known(partial)))}
    perhaps = tuple(
        sorted((name for name in perhaps if name not in certain), key=lambda name: name not in usual)
    )
    unread = [reach.route.receiver for reach in found if reach.route.unread]
    notes = [f"a matcher of the route to {receiver} can't be read" for receiver in unread]
    integrations = {
        receiver.name: bool(receiver.webhook_configs or any((receiver.__pydantic_extra__ or {}).values()))
        for receiver in shape.receivers or ()
    }
    for receiver in (*certain, *perhaps):
        if receiver not in integrations:
            notes.append(f"no receiver is called {receiver or 'so'!r}")
        elif not integrations[receiver] and receiver in certain:
            notes.append(f"{receiver} tells nobody: it has no integration")
    return Destination(certain, tuple(notes), perhaps)


def _known(labels: Partial) -> dict[str, str]:
    """The labels whose value is known."""
    return {
        name: next(iter(values.finite))
        for name, values in labels.labels.items()
        if values.finite is not None and len(values.finite) == 1
    }
