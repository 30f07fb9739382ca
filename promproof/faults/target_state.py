"""Faults without a share: something is done to the target as a whole, or to what Prometheus knows of it."""

from __future__ import annotations

from typing import ClassVar, Literal

from promproof.evidence.evidence import Evidence, Scrape
from promproof.faults.kind import Fault
from promproof.faults.ledgers import Agreement, Held
from promproof.faults.site import Site


class TargetState(Fault):
    """While it lasts, every scrape of the target fails or does not take place."""

    shares: ClassVar[Literal["needed", "possible", "refused"]] = "refused"
    fails_scrapes: ClassVar[bool] = True

    def heal(self, site: Site, drill: str) -> None:
        """End also what made its scrapes slow or fail on the harmless side."""
        self.mend(site, drill)
        site.end("slow")
        site.end("errors")

    def mend(self, site: Site, drill: str) -> None:
        """Take back what the kind itself did; nothing when it did nothing."""

    def ledger(self, evidence: Evidence, held: Held) -> Agreement:
        """Every scrape wholly inside the fault must have failed, or not have taken place."""
        broken = [phase for phase in held.phases if phase.dose == 1.0]
        inside = [
            scrape
            for scrape in evidence.scrapes
            if any(phase.begin < scrape.begin and scrape.end <= phase.end for phase in broken)
        ]
        answered = self.answered(inside)
        troubles = self.missing(inside)
        if answered:
            troubles.append(
                f"{len(answered)} scrapes were answered during the fault, at {answered[0].begin:.2f} s first"
            )
        return Agreement(
            f"{len(inside)} scrapes during the fault, {len(answered)} of them answered", tuple(troubles)
        )

    def answered(self, scrapes: list[Scrape]) -> list[Scrape]:
        """Those of the scrapes during the fault that should not be there."""
        return [scrape for scrape in scrapes if scrape.up == 1]

    def missing(self, scrapes: list[Scrape]) -> list[str]:
        """Nothing is shown by a fault that no scrape fell into."""
        return [] if scrapes else ["no scrape fell into the fault"]
