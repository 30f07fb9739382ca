"""The labels that series can have as deployed: those of the contract, and those that the scrape job gives.

Known only where nothing can add others: a static job without relabelling. What a recording rule writes is open here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import FilesJudged, RuleFiles
from promproof.promql.labels import Labels, Recorded, nothing_recorded
from promproof.promql.tree import matchers, metric, selectors

OF_ALL_JOBS = ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added")
"""What Prometheus itself writes for each target."""

MACHINE = {
    "node_cpu_seconds_total": ("cpu", "mode"),
    "node_filesystem_avail_bytes": ("device", "device_error", "fstype", "mountpoint"),
    "node_filesystem_free_bytes": ("device", "device_error", "fstype", "mountpoint"),
    "node_filesystem_size_bytes": ("device", "device_error", "fstype", "mountpoint"),
    "node_memory_MemAvailable_bytes": (),
    "node_memory_MemTotal_bytes": (),
}
"""The labels that Node Exporter gives to what alerts about machines read."""


def documented_labels(evidence: Evidence, root: Any) -> Recorded:
    """What is known of the labels of the metrics of an expression; None for one of which others may be there."""
    files, rules = evidence.history.last(FilesJudged), evidence.history.last(RuleFiles)
    if files is None or rules is None:
        return nothing_recorded
    jobs: Mapping[str, Mapping[str, Any]] = files.data.facts.get("jobs", {})
    given = {name: _given(job) for name, job in jobs.items()}
    metrics = {sample: metric for metric in evidence.contract.metrics for sample in _samples(metric)}
    target, machine = given.get(evidence.contract.target.job), given.get(_of_machines(evidence))

    def labels(name: str) -> Labels | None:
        if name in rules.data.recorded:
            return None
        if name in OF_ALL_JOBS:
            asked = [given.get(job) for job in _jobs(root, name, list(given))]
            known = [each for each in asked if each is not None]
            return Labels(may=frozenset().union(*known)) if known and len(known) == len(asked) else None
        if name in MACHINE and machine is not None:
            return Labels(may=frozenset(MACHINE[name]) | machine)
        metric = metrics.get(name)
        if metric is None or metric.any_labels or target is None:
            return None
        own = {*metric.labels, *(("le",) if name.endswith("_bucket") else ())}
        return Labels(may=frozenset(own) | target)

    return labels


def _of_machines(evidence: Evidence) -> str:
    """The job that reads Node Exporter, as it is documented; empty for none."""
    deployment = evidence.contract.deployment
    services = deployment.services.values() if deployment is not None else ()
    return next((service.job or "" for service in services if service.component == "node_exporter"), "")


def _jobs(root: Any, name: str, every: Sequence[str]) -> Sequence[str]:
    """The jobs whose series of a metric an expression selects: one by name, or it may be any."""
    asked = []
    for selector in selectors(root):
        if metric(selector) == name:
            one = [value for label, sign, value in matchers(selector) if (label, sign) == ("job", "=")]
            if not one:
                return every
            asked += one
    return asked


def _given(job: Mapping[str, Any]) -> frozenset[str] | None:
    """The labels that a job gives to its series; None where they are not known."""
    if not job.get("static") or job.get("relabelled") or "labels" not in job:
        return None
    return frozenset({"job", "instance", *job["labels"]})


def _samples(metric: Metric) -> tuple[str, ...]:
    """The names of its samples; a summary's and an info's may have a label of their own."""
    if metric.type == "histogram":
        return (f"{metric.name}_bucket", f"{metric.name}_count", f"{metric.name}_sum")
    return (metric.name,) if metric.type in ("counter", "gauge") else ()
