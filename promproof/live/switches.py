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

from promproof.config.inputs import load_document
from promproof.errors import EvidenceError, InputError
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from promproof.load.notation import parse_duration
from promproof.places import DRILLS

KINDS = ("errors", "slow", "failed_executions")
"""Faults that have a dose and are the target's own."""
SIDES = ("above", "below")


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
    return [one for path in sorted(folder.glob("*.yaml")) for one in _of(path)]


def _of(path: Path) -> Iterable[Switch]:
    data = load_document(path, "a drill").data
    fault = data.get("fault", {}) if isinstance(data, dict) else {}
    if not isinstance(fault, dict) or fault.get("kind") not in KINDS:
        return
    kind = fault["kind"]
    settings: dict[str, Any] = {"routes": list(fault["routes"])}
    if "delay" in fault:
        settings["delay_seconds"] = parse_duration(fault["delay"])
    elif kind == "errors":
        settings["status"] = fault.get("status", 503)
    for side in SIDES:
        share = data[side]
        title = f"{data['alert']}: {kind.replace('_', ' ')} at {share:.1%}, {side} its threshold"
        yield Switch(f"{data['alert']}-{side}", title, data["alert"], kind, {**settings, "rate": share})


def _book(folder: Path) -> UndoBook:
    book = UndoBook(folder).__enter__()
    atexit.register(book.__exit__, None, None, None)
    return book


class Switchboard:
    """The switches of one running target; without a fault port there are none.

    undo: where what must be taken back is written down while this process lives.
    """

    def __init__(self, url: str | None, token: str, undo: Path) -> None:
        self.switches = switches() if url else []
        self._port = FaultPort(url, token, _book(undo)) if url else None
        self._on: dict[str, Switch] = {}

    def start(self, key: str) -> Switch:
        """Start a fault; another dose of the same kind replaces it.

        Raises:
            InputError: there is no such switch. EvidenceError: the target did not take it.
        """
        switch = next((one for one in self.switches if one.key == key), None)
        if switch is None or self._port is None:
            raise InputError(
                f"no such fault: {key}", "", ", ".join(one.key for one in self.switches) or "a fault port"
            )
        self._port.apply(switch.kind, **switch.settings)
        self._on[switch.kind] = switch
        return switch

    def stop(self, key: str) -> Switch:
        """End a fault. Raises as start."""
        switch = next((one for one in self._on.values() if one.key == key), None)
        if switch is None or self._port is None:
            raise InputError(f"{key} is not on")
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
        trouble = "; ".join(self._port.lost)
        try:
            active = {one["kind"] for one in self._port.states()["active"]}
        except EvidenceError as error:
            active, trouble = set(), error.state
        rows = [
            {
                "key": one.key,
                "title": one.title,
                "on": one.kind in active and self._on.get(one.kind) == one,
            }
            for one in self.switches
        ]
        return {"available": True, "switches": rows, "trouble": trouble}
