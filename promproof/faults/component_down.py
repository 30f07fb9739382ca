"""component_down: Node Exporter or Alertmanager is ended; its end is a new process at the same address."""

from __future__ import annotations

from typing import Literal

from promproof.contract.model import Alert, Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Timing
from promproof.faults.kind import register
from promproof.faults.ledgers import Phase
from promproof.faults.monitoring_state import JOBS, RESEND_SECONDS, MonitoringState, samples_in
from promproof.faults.occurring import Occurring
from promproof.faults.site import Site
from promproof.stack.protocol import ALERTMANAGER

KIND = "component_down"


@register
class ComponentDown(MonitoringState):
    """Prometheus is not among them: it is what judges."""

    kind: Literal["component_down"]
    component: Literal["node_exporter", "alertmanager"]

    @property
    def cuts(self) -> bool:
        """While Alertmanager is down nobody is told of anything."""
        return self.component == ALERTMANAGER

    @property
    def downs(self) -> tuple[str, ...]:
        """Its own."""
        return JOBS[self.component]

    @property
    def watched(self) -> tuple[str, ...]:
        """Whether Prometheus could scrape it."""
        return ("up",)

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Kill it."""
        site.state[KIND] = self.component
        site.stack.kill(self.component)

    def heal(self, site: Site, drill: str) -> None:
        """Start it anew."""
        self.rescue(site)

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Start it anew."""
        if KIND not in site.state:
            return ""
        component = site.state[KIND]
        site.stack.start(component)
        del site.state[KIND]
        return f"{component} is up again"

    def occurring(self, timing: Timing) -> Occurring | None:
        """Without Alertmanager each word of an alert that fires fails: after the resend delay at the latest."""
        if self.component != ALERTMANAGER or not timing.beat:
            return None
        pause = RESEND_SECONDS / timing.scale + timing.evaluation
        return Occurring(pause, pause)

    def unmet(self, contract: Contract, alert: Alert) -> str:
        """Where nothing is ever sent, nothing fails."""
        counts = alert.window is not None and alert.threshold == 0
        if self.component != ALERTMANAGER or not counts or any(other.always for other in contract.alerts):
            return ""
        return "no alert of the contract always fires, so nothing is sent while Alertmanager is down, and nothing fails"

    def seen(self, evidence: Evidence, phase: Phase) -> tuple[str, str]:
        """Each scrape of it must have failed."""
        ups = list(samples_in(evidence, "up", phase, JOBS[self.component]))
        if not ups:
            return "", f"no scrape of {self.component} fell into the fault"
        answered = sum(ups)
        trouble = (
            f"{answered:.0f} scrapes of {self.component} were answered during the fault" if answered else ""
        )
        return f"{len(ups)} scrapes of {self.component} during the fault, {answered:.0f} answered", trouble

    def describe(self, dose: float | None) -> str:
        """Which one is down."""
        return f"{self.component} is down"
