"""traffic: an exact share of the requests goes to a route of the target that fails, or is slow, anyway.

It needs neither a fault port nor an undo: the requests end with the run. They are sent by the harness beside the
drill's scenario, at rate x dose / (1 - dose), so that their share of everything is the dose.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from promproof.contract.model import seconds
from promproof.contract.texts import Duration
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.senders import ledger_of
from promproof.evidence.view import LedgerView
from promproof.faults.kind import Fault, register
from promproof.faults.ledgers import Agreement, Held, Phase, injections
from promproof.faults.pump import Pump
from promproof.faults.site import Site

STEPS = 4
"""A window is looked at so many times while it moves on by its own length."""


@register
class Traffic(Fault):
    """One request that the service answers with `status`, and after `takes` where it is a slow one."""

    kind: Literal["traffic"]
    request: str = Field(pattern=r"^[A-Z]+ /\S*$")
    """Method and path."""
    endpoint: str | None = None
    """Its route as the scenario and the contract call it; the path by default."""
    status: int = Field(default=500, ge=100, le=599)
    takes: Duration | None = None
    """The service's own delay, at least; not scaled."""
    shares: ClassVar[Literal["needed", "possible", "refused"]] = "needed"
    traffic: ClassVar[bool] = True
    alone: ClassVar[bool] = False

    @model_validator(mode="after")
    def _fits(self) -> Traffic:
        if self.takes is None and self.status < 400:
            raise ValueError(
                "the request must fail (status) or be slow (takes): else no alert has a reason to fire"
            )
        return self

    @property
    def route(self) -> tuple[str, str]:
        """Method and route, as the ledger has them."""
        method, path = self.request.split(" ", 1)
        return method, self.endpoint or path

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Send so many that their share is the dose, beside the drill's own traffic."""
        self.heal(site, drill, "replaced")
        send, rate = site.send, site.rates.get(drill)
        if send is None or not rate:
            raise EvidenceError(
                "drill", "nobody sends for this run", (), "give the drill a scenario and its rate"
            )
        path = self.request.split(" ", 1)[1]

        def one() -> bool:
            begin = time.monotonic()
            status = send(*self.route, path)
            slow = self.takes is None or time.monotonic() - begin >= seconds(self.takes)
            return status == self.status and slow

        site.state[self.kind] = (Pump(one, rate * dose / (1 - dose)), dose)

    def heal(self, site: Site, drill: str, how: str = "deleted") -> None:
        """Send no more, and keep the counts."""
        found: tuple[Pump, float] | None = site.state.pop(self.kind, None)
        if found is not None:
            pump, dose = found
            pump.stop()
            counts = {
                "rate": dose,
                "routes": {" ".join(self.route): dose},
                "seen": pump.sent,
                "injected": pump.good,
            }
            site.counts.append({"kind": self.kind, **counts, "ended": how, "requests_a_second": pump.rate})

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Send no more after trouble."""
        found: tuple[Pump, float] | None = site.state.pop("traffic", None)
        if found is None:
            return ""
        found[0].stop()
        return "the drill's failing or slow requests have ended"

    def decided(self, events: float | None, rate: float | None) -> float | None:
        """The requests of the scenario; those that are added only make the share finer."""
        return events or rate

    @property
    def added(self) -> tuple[str, str] | None:
        """Each of them counts wherever an alert counts its route."""
        return self.route

    @property
    def accumulators(self) -> int:
        """Those of the scenario and those that are added are spread over time on their own."""
        return 2

    def lag(self, scrape: float, scrape_timeout: float) -> float:
        """A slow request is counted when it ends."""
        return seconds(self.takes) if self.takes is not None else 0.0

    @property
    def hold_back(self) -> str | None:
        """The delay that each has."""
        return self.takes

    def ledger(self, evidence: Evidence, held: Held) -> Agreement:
        """Every added request was answered as the drill says, and in every window their share was on its side."""
        counts = injections(evidence, held.drill, self.kind)
        sent, good = sum(dose.seen for dose in counts), sum(dose.injected for dose in counts)
        troubles = [] if sent else ["nothing was sent"]
        if good != sent:
            delay = f" after {self.takes}" if self.takes else ""
            troubles.append(f"{sent - good} of {sent} {self.request} were not answered {self.status}{delay}")
        alert = evidence.contract.alert(held.alert)
        counted = (metric for metric in evidence.contract.metrics if metric.name in alert.metrics)
        ledger = next((ledger_of(evidence, metric) for metric in counted), evidence.ledger)
        window = evidence.scale.seconds(seconds(alert.window or "0s"))
        offset = evidence.history.monotonic
        for phase in held.phases:
            for share in self._shares(ledger, phase, window, offset) if phase.dose else ():
                if (share > alert.edge) != (phase.dose > alert.edge):
                    troubles.append(f"the share was {share:.2%} for a while, {phase.dose:.2%} were wanted")
                    break
        return Agreement(
            f"{sent} sent and answered {self.status}, in every window on their side", tuple(troubles)
        )

    def _shares(self, ledger: LedgerView, phase: Phase, window: float, offset: float) -> Iterator[float]:
        """The share of the added requests in each window inside a phase; windows without requests have none."""
        mine = (*self.route, self.status)
        end = phase.begin + window
        while window and end <= phase.end:
            since, until = end - window + offset, end + offset
            counts = {
                key: ledger.completed_before(key, until) - ledger.completed_before(key, since)
                for key in ledger.counts
            }
            total = sum(counts.values())
            if total:
                yield counts.get(mine, 0) / total
            end += window / STEPS
