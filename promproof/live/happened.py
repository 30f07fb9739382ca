"""What happened while somebody looked: faults, alerts and notifications, at their times, to be marked on the charts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from promproof.evidence.records import Delivery

AT_MOST = 200
"""events that are kept"""


@dataclass(frozen=True)
class Event:
    """One thing that happened. t: CLOCK_MONOTONIC seconds; kind: fault, healed, pending, firing, inactive, told
    or resolved."""

    t: float
    kind: str
    text: str


class Happened:
    """Gathers events from one look to the next; each is as late as the looks are apart.

    history: the file of a run that is up and writes down its notifications; None where there is none.
    """

    def __init__(self, history: Path | None = None) -> None:
        self._events: list[Event] = []
        self._faults: dict[str, str] = {}
        self._alerts: dict[str, str] = {}
        self._history = history
        self._read = 0

    def faults(self, switches: Iterable[Mapping[str, Any]], now: float) -> None:
        """The switches of the page as they stand."""
        on = {str(switch["key"]): str(switch["title"]) for switch in switches if switch["on"]}
        for key, title in on.items():
            if key not in self._faults:
                self._add(now, "fault", title)
        for key, title in self._faults.items():
            if key not in on:
                self._add(now, "healed", f"ended: {title}")
        self._faults = on

    def alerts(self, rows: Iterable[Mapping[str, Any]], now: float) -> None:
        """The alerts as they stand; what was active before the first look is not told."""
        states = {str(row["name"]): str(row["state"]) for row in rows}
        for name, state in states.items():
            if self._alerts.get(name, state) != state:
                self._add(now, state, f"{name} {state}")
        self._alerts = states

    def notifications(self, now: float) -> None:
        """What has been written since the last look; a line that is not whole yet is read with the next one."""
        if self._history is None or not self._history.is_file():
            return
        with self._history.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                if DELIVERY in line:
                    self._told(json.loads(line), now)

    def _told(self, record: Mapping[str, Any], now: float) -> None:
        if record.get("kind") != Delivery.kind:
            return
        data = record["data"]
        alerts = data["body"].get("alerts", ())
        for name, status in sorted({(str(a["labels"].get("alertname")), str(a["status"])) for a in alerts}):
            answered = "" if 200 <= data["status"] < 300 else f", answered {data['status']}"
            kind = "told" if status == "firing" else "resolved"
            self._add(now, kind, f"{data['receiver']} was told: {name} {status}{answered}")

    def _add(self, now: float, kind: str, text: str) -> None:
        self._events = [*self._events, Event(now, kind, text)][-AT_MOST:]

    def as_rows(self, began: float) -> list[dict[str, Any]]:
        """For the page, with seconds since `began` (CLOCK_MONOTONIC): negative ones are from before the run."""
        return [{**asdict(event), "t": round(event.t - began, 1)} for event in self._events]


DELIVERY = f'"{Delivery.kind}"'.encode()
