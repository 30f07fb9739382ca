"""missing_metric: a target answers as ever, and one of its metrics is not stored any more."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from promproof.config.yamlfile import dump, load
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.faults.kind import register
from promproof.faults.ledgers import Phase
from promproof.faults.monitoring_state import EditedFile, restore, run_copy, samples_in
from promproof.faults.site import Site
from promproof.stack.protocol import PROMETHEUS

KIND = "missing_metric"


@register
class MissingMetric(EditedFile):
    """A relabelling of the job drops it in the run copy: as if it had been renamed, or its collector had failed."""

    kind: Literal["missing_metric"]
    metric: str = Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")
    job: str | None = None
    """The target's own unless given."""

    @property
    def watched(self) -> tuple[str, ...]:
        """The metric, and whether its targets answered."""
        return (self.metric, "up")

    def edit(self, site: Site) -> tuple[str, Path, str]:
        """One more relabelling of the job."""
        path, wanted = run_copy(site, PROMETHEUS), self.job or site.job
        data = load(path, "the run copy").data
        jobs = [job for job in data.get("scrape_configs") or () if job.get("job_name") == wanted]
        if not jobs:
            raise EvidenceError(PROMETHEUS, f"the run scrapes no job {wanted}", (), "correct fault.job")
        drop = {"source_labels": ["__name__"], "regex": self.metric, "action": "drop"}
        for job in jobs:
            job["metric_relabel_configs"] = [*(job.get("metric_relabel_configs") or ()), drop]
        return PROMETHEUS, path, dump(data)

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Write the file as it was."""
        return restore(site, KIND)

    def lag(self, scrape: float, scrape_timeout: float) -> float:
        """Prometheus marks a series as gone some scrapes after the target was configured anew (`scrape/scrape.go`)."""
        return 4 * scrape + scrape_timeout

    def seen(self, evidence: Evidence, phase: Phase) -> tuple[str, str]:
        """No sample of it may be there, though its targets answered."""
        jobs = (self.job,) if self.job else (evidence.contract.target.job,)
        left = list(samples_in(evidence, self.metric, phase, jobs))
        answered = sum(samples_in(evidence, "up", phase, jobs))
        if left:
            return "", f"{len(left)} samples of {self.metric} were stored during the fault"
        trouble = "" if answered else f"no target of {jobs[0]} answered during the fault"
        return f"no sample of {self.metric} during the fault, {answered:.0f} scrapes were answered", trouble

    def describe(self, dose: float | None) -> str:
        """Which one is missing."""
        return f"{self.metric} is not stored"
