"""Switches for the page: the dose of each drill above and below its alert's threshold, through the target's fault port.

A drill is more than its fault; here a person is the conductor, and sees on the page what the alert does. A fault
carries a lease that this process renews: when it dies, the fault ends by itself.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promproof.drills.drill import Drill, load
from promproof.errors import EvidenceError, InputError
from promproof.faults.dosed import Dosed
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from promproof.places import DRILLS


@dataclass(frozen=True)
class Switch:
    """One button: what it starts, and with which dose."""

    key: str
    title: str
    alert: str
    kind: str
    settings: dict[str, Any]


def switches(folder: Path = DRILLS) -> list[Switch]:
    """Two for each drill whose fault is a dose at the target; other drills need a stack of their own.

    Raises:
        InputError: a drill file cannot be read.
    """
    drills = [load(path) for path in sorted(folder.glob("*.yaml"))]
    return [switch for drill in drills for switch in _of(drill)]


def _of(drill: Drill) -> Iterable[Switch]:
    fault = drill.fault
    if not isinstance(fault, Dosed) or not isinstance(drill.below, float) or drill.above is None:
        return
    for side, share in (("above", drill.above), ("below", drill.below)):
        title = f"{drill.alert}: {fault.kind.replace('_', ' ')} at {share:.1%}, {side} its threshold"
        settings = {**fault.settings(), "rate": share}
        yield Switch(f"{drill.alert}-{side}", title, drill.alert, fault.kind, settings)


def _book(folder: Path) -> UndoBook:
    book = UndoBook(folder).__enter__()
    atexit.register(book.__exit__, None, None, None)
    return book


class Switchboard:
    """The switches of one running target; without a fault port there are none.

    undo: where what must be taken back is written down while this process lives; folder: of the drills.
    """

    def __init__(self, url: str | None, token: str, undo: Path, folder: Path = DRILLS) -> None:
        self.switches = switches(folder) if url else []
        self._port = FaultPort(url, token, _book(undo)) if url else None
        self._on: dict[str, Switch] = {}

    def start(self, key: str) -> Switch:
        """Start a fault; another dose of the same kind replaces it.

        Raises:
            InputError: there is no such switch. EvidenceError: the target did not take it.
        """
        switch = next((known for known in self.switches if known.key == key), None)
        if switch is None or self._port is None:
            raise InputError(
                what=f"no such fault: {key}",
                expected=", ".join(known.key for known in self.switches) or "a fault port",
            )
        self._port.apply(switch.kind, **switch.settings)
        self._on[switch.kind] = switch
        return switch

    def stop(self, key: str) -> Switch:
        """End a fault. Raises as start."""
        switch = next((known for known in self._on.values() if known.key == key), None)
        if switch is None or self._port is None:
            raise InputError(what=f"{key} is not on")
        del self._on[switch.kind]
        self._port.end(switch.kind)
        return switch

    def heal(self) -> None:
        """End all faults; never raises."""
        self._on.clear()
        if self._port is not None:
            self._port.heal()

    @property
    def is_on(self) -> bool:
        """Whether one of the switches is on at the target."""
        return any(row["on"] for row in self.state()["switches"])

    def state(self) -> dict[str, Any]:
        """For the page; what the target says counts, since a lease may have ended."""
        if self._port is None:
            return {
                "available": False,
                "switches": [],
                "trouble": "no fault port: --fault-url and --fault-token",
            }
        trouble = "; ".join(f"{kind}: {why}" for kind, why in self._port.lost.items())
        try:
            active = {state["kind"] for state in self._port.states()["active"]}
        except EvidenceError as error:
            active, trouble = set(), error.state
        rows = [
            {
                "key": switch.key,
                "title": switch.title,
                "on": switch.kind in active and self._on.get(switch.kind) == switch,
            }
            for switch in self.switches
        ]
        return {"available": True, "switches": rows, "trouble": trouble}
