"""failing_rule: a rule that can't be evaluated is planted into a rule file of the run copy."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from promproof.config.yamlfile import dump, load
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Timing
from promproof.faults.kind import register
from promproof.faults.ledgers import Phase
from promproof.faults.monitoring_state import EditedFile, grown, restore
from promproof.faults.occurring import Occurring
from promproof.faults.site import Site
from promproof.stack.protocol import PROMETHEUS

KIND = "failing_rule"
NAME = "verification-failing-rule"
FAILURES = "prometheus_rule_evaluation_failures_total"
_TWO = '(label_replace(vector(1), "side", "a", "", "") or label_replace(vector(1), "side", "b", "", ""))'
GROUP = {
    "name": NAME,
    "rules": [{"record": "verification_failing_rule", "expr": f"{_TWO} * on () {_TWO}"}],
}
"""Two series on each side of a match on no label: Prometheus loads it, and refuses it at each evaluation."""


@register
class FailingRule(EditedFile):
    """In a group of its own, whose evaluation interval is the global one; the rules of the folder go on."""

    kind: Literal["failing_rule"]

    @property
    def watched(self) -> tuple[str, ...]:
        """The failed evaluations, and whether they could be read."""
        return (FAILURES, "up")

    def edit(self, site: Site) -> tuple[str, Path, str]:
        """One more group in the first rule file."""
        rendered = site.stack.rendered
        if rendered is None or not rendered.rule_files:
            raise EvidenceError(PROMETHEUS, "it has no rule file of this run", (), "leave the drill out")
        path = rendered.rule_files[0]
        data = load(path, "the run copy").data
        data["groups"] = [*(data.get("groups") or ()), GROUP]
        return PROMETHEUS, path, dump(data)

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Write the file as it was."""
        return restore(site, KIND)

    def occurring(self, timing: Timing) -> Occurring | None:
        """Each evaluation fails; the first that two scrapes show is the second, for its counter is new."""
        return Occurring(2 * timing.evaluation + timing.scrape, timing.evaluation)

    def seen(self, evidence: Evidence, phase: Phase) -> tuple[str, str]:
        """Evaluations must have failed."""
        failed = grown(evidence, FAILURES, phase)
        return f"{failed:.0f} evaluations failed during the fault", "" if failed else "no evaluation failed"

    def describe(self, dose: float | None) -> str:
        """What is planted."""
        return "a rule that can't be evaluated is in the run copy"
