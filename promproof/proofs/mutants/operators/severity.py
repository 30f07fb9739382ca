"""Another severity."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, register


@register("severity")
def make(subject: Subject) -> Iterator[Change]:
    """`critical` for a lower one, `warning` for `critical`."""
    labels = subject.data.get("labels")
    severity = labels.get("severity") if isinstance(labels, dict) else None
    if isinstance(labels, dict) and isinstance(severity, str) and severity:
        other = "warning" if severity == "critical" else "critical"
        yield Change(
            f"severity {severity} -> {other}",
            {**subject.data, "labels": {**labels, "severity": other}},
            "a firing case with exp_labels",
        )
