"""What a conductor can do to the target, the stack and the receivers, each with its undo.

What a fault does stands in its kind (`promproof/faults/`); here are a drill's steps and the disturbances of the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from promproof.drills.drill import Drill
from promproof.drills.plan import Step
from promproof.errors import EvidenceError, InputError
from promproof.faults.kind import FAULTS, Fault
from promproof.faults.port import FaultPort
from promproof.faults.site import METRICS_ROUTE, Site
from promproof.observe.webhook import Receiver
from promproof.stack.protocol import ALERTMANAGER, PROMETHEUS


@dataclass
class World:
    """Everything that drills act on."""

    site: Site
    receiver: Receiver

    @property
    def port(self) -> FaultPort | None:
        """The target's fault port, if it has one."""
        return self.site.port

    def perform(self, drill: Drill, step: Step) -> None:
        """Do what a step says; it has taken effect when this returns.

        Raises:
            EvidenceError: it could not be done.
        """
        match step.do:
            case "watch":
                return
            case "dose":
                self.site.rates[drill.name] = drill.decided or 0.0
                drill.fault.hold(self.site, drill.name, step.value)
            case "break":
                self.receiver.excused = drill.fault.silences and not drill.page_routing
                drill.fault.hold(self.site, drill.name, 1.0)
            case "slow_scrapes":
                self.site.own_port().apply("slow", rate=1.0, routes=[METRICS_ROUTE], delay_seconds=step.value)
            case "fail_scrapes":
                self.site.end("slow")
                self.site.fail_scrapes(int(step.value))
            case "disturb":
                self._disturb(drill, int(step.value))
            case "heal":
                self.heal(drill)

    def heal(self, drill: Drill) -> None:
        """Take the drill's fault back.

        Raises:
            EvidenceError: it could not be taken back; the book keeps it.
        """
        self.receiver.refuse(0)
        drill.fault.heal(self.site, drill.name)
        self.receiver.excused = False

    def heal_all(self) -> list[str]:
        """Take everything back, whatever state things are in; tells what was done."""
        self.receiver.refuse(0)
        self.receiver.excused = False
        told = [line for kind in FAULTS if (line := self._rescued(kind))]
        if self.site.port is not None:
            self.site.port.heal()
        return [*told, *self.site.book.heal()]

    def _rescued(self, kind: type[Fault]) -> str:
        """What was taken back of a kind; what could not be costs none of the others."""
        try:
            return kind.rescue(self.site)
        except (EvidenceError, InputError, OSError) as error:
            return f"not taken back: {str(error).splitlines()[0]}"

    def is_clean(self) -> bool:
        """Whether no fault is active: asked of the target itself where it can tell."""
        if self.site.state or self.site.book.open:
            return False
        return self.site.port is None or bool(self.site.port.states()["clean"])

    def taken_counts(self) -> list[dict[str, Any]]:
        """Final counts of faults that have ended since the last call."""
        counts, self.site.counts = self.site.counts, []
        return counts

    # the path

    def _disturb(self, drill: Drill, times: int) -> None:
        assert drill.disturb is not None
        match drill.disturb.what:
            case "webhook_fails":
                self.receiver.refuse(times)
            case "alertmanager_restarts":
                self.site.stack.stop(ALERTMANAGER)
                self.site.stack.start(ALERTMANAGER)
            case "prometheus_restarts":
                self.site.stack.stop(PROMETHEUS)
                self.site.stack.start(PROMETHEUS)
            case "scrapes_fail":
                self.site.fail_scrapes(times)
            case "target_restarts":
                self._restart_target(drill)

    def _restart_target(self, drill: Drill) -> None:
        """Restart the target. Its fault lives in its process: end it before, to keep its counts, and begin it anew."""
        if not drill.fault.traffic or not isinstance(drill.below, float):
            raise EvidenceError("drill", "target_restarts needs a dosed fault", (), "correct the drill")
        drill.fault.heal(self.site, drill.name)
        self.site.own_target().restart()
        drill.fault.hold(self.site, drill.name, drill.below)
