"""Faults that the target's own fault port holds at an exact share of the requests on some routes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from pydantic import Field

from promproof.contract.model import seconds
from promproof.contract.texts import Duration
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import FaultEnded
from promproof.faults.kind import Fault, Need, Words
from promproof.faults.ledgers import Agreement, Held, injections
from promproof.faults.site import Site


class Dosed(Fault):
    """An exact share of the requests on some routes. Each kind refuses the settings of the others."""

    routes: Words
    status: int = Field(default=503, ge=500, le=599)
    delay: Duration | None = None
    marks: dict[str, str] = Field(default_factory=dict)
    """Labels of the events that the fault makes, where the alert's metric counts a tally: `{status: failed}`."""
    shares: ClassVar[Literal["needed", "possible", "refused"]] = "needed"
    traffic: ClassVar[bool] = True
    needs: ClassVar[frozenset[Need]] = frozenset({Need.FAULT_PORT})
    alone: ClassVar[bool] = False

    def settings(self) -> dict[str, Any]:
        """What the fault port is asked for, beside the share."""
        return {"routes": list(self.routes)}

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Hold the dose; the one before ends by being replaced."""
        site.note_replaced(self.kind, lambda: site.own_port().apply(self.kind, rate=dose, **self.settings()))

    def heal(self, site: Site, drill: str) -> None:
        """End it and keep its counts."""
        site.end(self.kind)

    def decided(self, events: float | None, rate: float | None) -> float | None:
        """All requests of the traffic, unless the drill knows better."""
        return events or rate

    def lag(self, scrape: float, scrape_timeout: float) -> float:
        """A request is counted when it ends, so one that is held back is counted later."""
        return seconds(self.hold_back) if self.hold_back is not None else 0.0

    @property
    def hold_back(self) -> str | None:
        """The delay of each request that is hit."""
        return self.delay

    def ledger(self, evidence: Evidence, held: Held) -> Agreement:
        """Each dose was injected exactly, and what the clients and Prometheus saw of it is all of it."""
        doses = injections(evidence, held.drill, self.kind)
        troubles = [*_traffic(evidence, held.ended), *_doses(doses)]
        injected = sum(dose.injected for dose in doses)
        if not injected:
            return Agreement("nothing injected", (*troubles, "the fault injected nothing"))
        shown, differences = self.compare(evidence, held, injected)
        return Agreement(shown, (*troubles, *differences))

    @abstractmethod
    def compare(self, evidence: Evidence, held: Held, injected: int) -> tuple[str, list[str]]:
        """What clients saw and Prometheus stored of so many injected events, and what does not agree."""


def exactly(injected: int, seen: int, stored: float, held: Held, interval: float) -> tuple[str, list[str]]:
    """The three counts, which must be equal but for what a restart of the target takes from Prometheus."""
    shown = f"{injected} injected, {seen} seen by clients, {stored:g} stored"
    lost = _unscraped(held, interval)
    return shown, [] if injected == seen and injected - lost <= stored <= injected else [shown]


def _unscraped(held: Held, interval: float) -> float:
    """Events between the last scrape and a restart of the target are lost to Prometheus: a scrape interval's worth."""
    return (held.decided or 0.0) * held.below * 2 * interval + 1 if held.restarted else 0.0


def _traffic(evidence: Evidence, ended: float) -> list[str]:
    """Traffic must outlive the judgement: an alert may come on the tail of a traffic that stopped."""
    latest = evidence.history.from_monotonic(evidence.ledger.latest)
    if latest < ended - 1.0:
        return [f"the traffic ended at {latest:.2f} s, before the drill did at {ended:.2f} s"]
    return []


def _doses(doses: list[FaultEnded]) -> list[str]:
    """Each fault must have ended by the drill's own doing, with exactly its dose injected."""
    found = []
    for dose in doses:
        if dose.ended not in ("deleted", "replaced"):
            found.append(f"the fault ended by {dose.ended}, not by the drill")
        if abs(dose.injected - dose.seen * dose.rate) > 1:
            found.append(f"{dose.injected} of {dose.seen} were injected at a dose of {dose.rate:g}")
    return found
