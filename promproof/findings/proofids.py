"""The kinds of findings that are no judge's: what the proof of an alert says."""

from __future__ import annotations

from promproof.findings.finding import Severity
from promproof.findings.kind import Kind

DEAD = "proof/dead"
CONTRADICTED = "proof/contradicted"
_NEEDS = "promtool and `--prove`, or a proof of an earlier run"
KINDS = (
    Kind(
        id=CONTRADICTED,
        severity=Severity.ERROR,
        title="an alert that does otherwise than written",
        why="Series were made on both sides of each comparison, and promtool was asked what fires: the alert does not "
        "change where its expression says so. It fires at any value, at another one, or fails as soon as there are "
        "several series. What the finding says to see shows the series.",
        example='- alert: Failing\n  expr: rate(prompts_total{status="failed"}[5m]) / rate(prompts_total[5m]) > 0.1',
        instead='- alert: Failing\n  expr: sum(rate(prompts_total{status="failed"}[5m])) '
        "/ sum(rate(prompts_total[5m])) > 0.1",
        needs=_NEEDS,
    ),
    Kind(
        id=DEAD,
        severity=Severity.ERROR,
        title="an alert that can't fire",
        why="Whatever series there are, promtool says nothing fires: one side of an operator has a label that the "
        "other lacks, a value is never reached, or a window is too short for the scrapes. Nobody is told when it "
        "happens.",
        example="- alert: DiskFull\n  expr: sum by (instance) (node_filesystem_avail_bytes) "
        "/ node_filesystem_size_bytes < 0.1",
        instead="- alert: DiskFull\n  expr: sum by (instance) (node_filesystem_avail_bytes) "
        "/ sum by (instance) (node_filesystem_size_bytes) < 0.1",
        needs=_NEEDS,
    ),
)
"""Kinds that `promproof check --prove` adds; they have pages as all others, and no judge."""
TITLES = {kind.id: kind.title for kind in KINDS}
