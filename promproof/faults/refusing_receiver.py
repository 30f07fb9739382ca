"""refusing_receiver: receivers of notifications refuse them, so that Alertmanager can't deliver."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from promproof.contract.model import Alert, Contract
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Delivery, Timing
from promproof.faults.kind import register
from promproof.faults.ledgers import Phase
from promproof.faults.monitoring_state import MonitoringState, grown
from promproof.faults.occurring import Occurring
from promproof.faults.site import Site
from promproof.observe.webhook import REFUSED

KIND = "refusing_receiver"
FAILED = "alertmanager_notifications_failed_total"


@register
class RefusingReceiver(MonitoringState):
    """One that an alert which always fires is sent to is told something for certain."""

    kind: Literal["refusing_receiver"]
    receivers: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]

    @property
    def watched(self) -> tuple[str, ...]:
        """The notifications that failed, and whether that could be read."""
        return (FAILED, "up")

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Answer them with a refusal."""
        if site.receiver is None:
            raise EvidenceError("webhook receiver", "notifications do not come to this run")
        site.state[KIND] = True
        site.receiver.refusing = frozenset(self.receivers)

    def heal(self, site: Site, drill: str) -> None:
        """Take them again."""
        self.rescue(site)

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Take them again."""
        if site.state.pop(KIND, None) is None or site.receiver is None:
            return ""
        site.receiver.refusing = frozenset()
        return "the receivers take notifications again"

    def occurring(self, timing: Timing) -> Occurring | None:
        """The next word of an alert that always fires fails, and then one at each group interval."""
        return Occurring(timing.beat, timing.again) if timing.beat else None

    def unmet(self, contract: Contract, alert: Alert) -> str:
        """Who is told nothing refuses nothing."""
        known = {name for other in contract.alerts for name in other.receivers}
        told = {name for other in contract.alerts if other.always for name in other.receivers}
        if unknown := sorted(set(self.receivers) - known):
            return f"no alert of the contract is for the receiver {unknown[0]!r}"
        if told.isdisjoint(self.receivers):
            return f"no alert that always fires is sent to {', '.join(self.receivers)}, so nothing need be refused"
        return ""

    def seen(self, evidence: Evidence, phase: Phase) -> tuple[str, str]:
        """Notifications must have been refused, and counted as failed."""
        refused = sum(
            record.data.receiver in self.receivers and record.data.status == REFUSED
            for record in evidence.history.of(Delivery)
            if phase.begin < record.t <= phase.end
        )
        if not refused:
            return "", f"no notification for {', '.join(self.receivers)} came during the fault"
        failed = grown(evidence, FAILED, phase)
        trouble = "" if failed else f"{refused} notifications were refused, and {FAILED} did not grow"
        return (
            f"{refused} notifications were refused during the fault, {FAILED} grew by {failed:.0f}",
            trouble,
        )

    def describe(self, dose: float | None) -> str:
        """Who refuses."""
        return f"{', '.join(self.receivers)} refuses notifications"
