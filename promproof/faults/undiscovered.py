"""undiscovered: the target leaves the configuration of Prometheus, so that nobody asks it."""

from __future__ import annotations

from typing import ClassVar, Literal

from promproof.config.yamlfile import dump, load
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Scrape
from promproof.faults.kind import register
from promproof.faults.site import DISCOVERY_SECONDS, Site
from promproof.faults.target_state import TargetState
from promproof.stack.choice import Can
from promproof.stack.protocol import PROMETHEUS

KIND = "undiscovered"


@register
class Undiscovered(TargetState):
    """The run copy loses the job's targets, and Prometheus is told to reload; so it gets them back."""

    kind: Literal["undiscovered"]
    stack_needs: ClassVar[frozenset[Can]] = frozenset({Can.CONTROL})

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Take the job's static targets out."""
        if site.rendered is None:
            raise EvidenceError(
                "prometheus", "its configuration is not this run's", (), "leave --stack external out"
            )
        site.state[KIND] = site.rendered.read_text(encoding="utf-8")
        data = load(site.rendered, "the run copy").data
        for job in data.get("scrape_configs") or ():
            if job.get("job_name") == site.job:
                job["static_configs"] = []
        site.rendered.write_text(dump(data), encoding="utf-8")
        site.stack.reload(PROMETHEUS)

    def mend(self, site: Site, drill: str) -> None:
        """Put them back."""
        if self.rescue(site):
            site.stack.reload(PROMETHEUS)
            del site.state[KIND]

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Write the file as it was."""
        if KIND not in site.state or site.rendered is None:
            return ""
        site.rendered.write_text(site.state[KIND], encoding="utf-8")
        return "the target is in the configuration again"

    def lag(self, scrape: float, scrape_timeout: float) -> float:
        """Discovery takes the change over at its next tick."""
        return DISCOVERY_SECONDS + scrape

    def answered(self, scrapes: list[Scrape]) -> list[Scrape]:
        """There should be none at all."""
        return scrapes

    def missing(self, scrapes: list[Scrape]) -> list[str]:
        """None is right."""
        return []
