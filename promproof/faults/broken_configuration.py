"""broken_configuration: the file of Prometheus or Alertmanager is no YAML any more, and is to be read again."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from promproof.evidence.evidence import Evidence
from promproof.faults.kind import register
from promproof.faults.ledgers import Phase
from promproof.faults.monitoring_state import JOBS, EditedFile, restore, run_copy, samples_in
from promproof.faults.site import Site

KIND = "broken_configuration"
BROKEN = "\nbroken: [\n"


@register
class BrokenConfiguration(EditedFile):
    """It goes on with the configuration that it has, and says in a metric that the last reload failed."""

    kind: Literal["broken_configuration"]
    component: Literal["prometheus", "alertmanager"] = "prometheus"
    is_refused: ClassVar[bool] = True

    @property
    def metric(self) -> str:
        """What says whether the last reload succeeded."""
        return f"{self.component}_config_last_reload_successful"

    @property
    def watched(self) -> tuple[str, ...]:
        """Whether the last reload succeeded, and whether that could be read."""
        return (self.metric, "up")

    def edit(self, site: Site) -> tuple[str, Path, str]:
        """A list that nobody closes."""
        path = run_copy(site, self.component)
        return self.component, path, path.read_text(encoding="utf-8") + BROKEN

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Write the file as it was."""
        return restore(site, KIND)

    def seen(self, evidence: Evidence, phase: Phase) -> tuple[str, str]:
        """It must have said at each scrape that it failed."""
        values = list(samples_in(evidence, self.metric, phase, JOBS[self.component]))
        if not values:
            return "", f"{self.metric} was not scraped during the fault"
        trouble = f"{self.metric} was {max(values):g} during the fault" if any(values) else ""
        return f"{self.metric} was {max(values):g} at {len(values)} scrapes during the fault", trouble

    def describe(self, dose: float | None) -> str:
        """Whose file is broken."""
        return f"the configuration of {self.component} is broken, and read again"
