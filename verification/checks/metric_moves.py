"""metric/NAME/moves: the metric moved under its stimulus, as Prometheus stored it.

A metric that exists and stands still proves nothing; neither does one that is NaN.
"""

from __future__ import annotations

import math

from verification.checks.base import Check, Claim, findings, for_metrics
from verification.evidence import Evidence
from verification.truth import sample_name
from verification.verdict import Verdict


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """A counter must have risen, a gauge must have shown more than one value, nothing may be NaN."""
    metric = evidence.contract.metric(claim.subject)
    name = sample_name(metric)
    series = evidence.stored(name)
    values = [value for samples in series.values() for _, value in samples]
    found = []
    if not values:
        found.append(f"{name} was never stored")
    if any(math.isnan(value) for value in values):
        found.append(f"{name} was NaN")
    moved = [samples for samples in series.values() if len({value for _, value in samples}) > 1]
    # A series that is born with its first event has moved from nothing.
    born = [samples for samples in series.values() if samples and samples[0][1] > 0] if metric.labels else []
    if values and not moved and not born:
        found.append(f"{name} stood still at {values[0]:g} through {len(values)} samples")
    return findings(
        claim,
        found,
        good=f"{len(moved)} of {len(series)} series moved, {len(values)} samples",
        expected="movement under traffic",
        evidence=evidence.stored_records,
    )


CHECK = Check("moves", for_metrics("moves", lambda metric: True), judge)
