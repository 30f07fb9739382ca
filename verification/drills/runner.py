"""Runs one drill: dose below, dose above, heal, settle; each step written to the history as it happens.

The traffic is already flowing and goes on until the runner has ended: slow requests complete after fast ones, and an
alert may fire on the tail of a traffic that stopped. Nothing is judged here; the runner waits for what it hopes to
see only as long as the deployed durations allow, and goes on either way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from verification.contract import Alert, seconds
from verification.drills.faults import FaultPort
from verification.drills.plan import Drill, Timing, windows
from verification.errors import EvidenceError
from verification.history import Recorder
from verification.observe.webhook import Receiver
from verification.run.recording import AlertPoller

STEP_SECONDS = 0.05
# Longer than any window by this much, so that what comes late is seen as late and not as missing.
LATE_SECONDS = 3.0


@dataclass
class Runner:
    """What a drill needs, and the times of its turns (run time, seconds)."""

    drill: Drill
    alert: Alert
    timing: Timing
    faults: FaultPort
    history: Recorder
    receiver: Receiver
    poller: AlertPoller
    watch: Callable[[], None]
    """Raises EvidenceError when something that the drill depends on has died."""
    say: Callable[[str], None]
    turns: dict[str, float] = field(default_factory=dict)
    _slowest: float = 0.0

    def run(self) -> None:
        """The whole drill; whatever happens, the fault is ended and a record is written."""
        error = None
        try:
            self._below()
            self._above()
            self._heal()
            self._settle()
        except EvidenceError as died:
            error = str(died)
            raise
        finally:
            self.faults.heal()
            self.history.add(
                "drill",
                {
                    "alert": self.alert.name,
                    "plan": self.drill.model_dump(mode="json"),
                    "timing": asdict(self.timing),
                    "slack": self.poller.longest + self._slowest,
                    "error": error or self._incomplete(),
                    **self.turns,
                },
            )

    def _below(self) -> None:
        self._dose("below", self.drill.below)
        timing = self.timing
        # A whole window at this dose, and then as long as a pending alert would need to fire.
        self._wait(timing.window + timing.hold + timing.scrape + 2 * timing.evaluation)

    def _above(self) -> None:
        self._dose("raised", self.drill.above)
        limit = windows(self.drill, self.timing, 0.0, 0.0, self.poller.longest).notified.latest + LATE_SECONDS
        self._wait(limit, until=lambda: self._delivered("firing"))

    def _heal(self) -> None:
        self._stamp("healed")
        self._note(self.faults.end(self.drill.fault.kind))
        limit = windows(self.drill, self.timing, 0.0, 0.0, self.poller.longest).resolved.latest + LATE_SECONDS
        self._wait(limit, until=lambda: self._delivered("resolved"))

    def _settle(self) -> None:
        self.say(f"{self.drill.name}: quiet window")
        timing = self.timing
        self._wait(timing.group_interval + timing.window + 2 * timing.evaluation)
        self._stamp("ended")

    def _dose(self, turn: str, share: float) -> None:
        settings: dict[str, Any] = {"rate": share, "routes": list(self.drill.fault.routes)}
        if self.drill.fault.delay is not None:
            settings["delay_seconds"] = seconds(self.drill.fault.delay)
        else:
            settings["status"] = self.drill.fault.status
        self.say(f"{self.drill.name}: {self.drill.fault.kind} at {share:.1%}")
        self._stamp(turn)
        self.faults.apply(self.drill.fault.kind, **settings)
        self._slowest = max(self._slowest, self.history.now() - self.turns[turn])
        if turn == "raised":  # the dose below has ended by being replaced
            self._note(
                [one for one in self.faults.states()["ended"] if one["kind"] == self.drill.fault.kind][-1]
            )

    def _note(self, state: dict[str, Any]) -> None:
        self.history.add("fault", state)

    def _stamp(self, turn: str) -> None:
        self.turns[turn] = self.history.now()
        self.history.add("turn", {"drill": self.drill.name, "turn": turn}, t=self.turns[turn])

    def _delivered(self, status: str) -> bool:
        return all(
            any(
                alert["labels"].get("alertname") == self.alert.name and alert["status"] == status
                for one in self.receiver.deliveries(name)
                for alert in one.body.get("alerts", ())
            )
            for name in self.alert.receivers
        )

    def _wait(self, limit: float, until: Callable[[], bool] = lambda: False) -> None:
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and not until():
            self.watch()
            if self.faults.lost:
                raise EvidenceError("fault port", f"a lease was lost: {self.faults.lost[0]}")
            time.sleep(STEP_SECONDS)

    def _incomplete(self) -> str | None:
        missing = {"below", "raised", "healed", "ended"} - self.turns.keys()
        return f"the drill was interrupted before: {', '.join(sorted(missing))}" if missing else None
