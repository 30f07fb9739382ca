"""What people see of a run of drills while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from promproof.evidence.history import Recorder
from promproof.evidence.records import AlertsPoll, Delivery


class Timeline:
    """Prints changes of alert states and notifications as they happen."""

    def __init__(self, history: Recorder, say: Callable[[str], None]) -> None:
        self._history = history
        self._say = say
        self._next = 0
        self._states: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    def update(self) -> None:
        """Tell what was recorded since the last call."""
        records = self._history.records
        while self._next < len(records):
            record = records[self._next]
            self._next += 1
            if isinstance(record.data, AlertsPoll) and record.data.error is None:
                self._alerts(record.data.alerts)
            elif isinstance(record.data, Delivery):
                self._delivery(record.data)

    def _alerts(self, alerts: Sequence[dict[str, Any]]) -> None:
        now = {alert["labels"]["alertname"]: str(alert["state"]) for alert in alerts}
        for name in sorted(now.keys() | self._states.keys()):
            before, after = self._states.get(name, "inactive"), now.get(name, "inactive")
            if before != after:
                self._say(f"  {name}: {before} -> {after}")
        self._states = now

    def _delivery(self, data: Delivery) -> None:
        alerts = data.body.get("alerts", ())
        told = ", ".join(sorted({f"{a['labels'].get('alertname')} {a['status']}" for a in alerts}))
        if all(self._is_repeat(data.receiver, alert) for alert in alerts) and data.status < 300:
            return
        answered = "" if data.status < 300 else f", answered {data.status}"
        self._say(f"  {data.receiver} <- {told}{answered}")

    def _is_repeat(self, receiver: str, alert: dict[str, Any]) -> bool:
        """Whether this receiver was told the same of this alert last: a watchdog repeats itself for ever."""
        name = f"{alert['labels'].get('alertname')}{sorted(alert['labels'].items())}"
        said, other = (
            name + alert["status"],
            name + ("resolved" if alert["status"] == "firing" else "firing"),
        )
        is_repeat = (receiver, said) in self._told
        self._told.add((receiver, said))
        self._told.discard((receiver, other))
        return is_repeat
