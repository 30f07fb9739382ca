"""How often the samples of a metric come: the scrape interval of its job, or the evaluation interval of its rule.

Only what the configuration says for sure: a job whose interval its targets choose, jobs in other files, and labels
that relabelling writes make an interval unknown. Of several that are possible the shortest is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from promproof.findings.part import Part
from promproof.findings.setup import Job, Prometheus, Rule, Setup
from promproof.promql.tree import fits, matchers, metric

_CHOSEN = "__scrape_interval__"


def interval_of(selector: Any, rule: Rule, setup: Setup) -> float | None:
    """Seconds between two samples of what a selector of a rule asks for, at the shortest; None when not known."""
    name = metric(selector)
    if not name or name in ("ALERTS", "ALERTS_FOR_STATE"):
        return None
    recorders = setup.recorded.get(name, ())
    if ":" in name or recorders:
        intervals = [recorder.group.evaluation_interval for recorder in recorders]
        return _least(intervals) if recorders and ":" in name else None
    found = [_scraped(selector, server) for server in rule.group.prometheuses]
    return _least(found) if found else None


def _least(intervals: Iterable[float | None]) -> float | None:
    known = list(intervals)
    return min(interval for interval in known if interval) if all(known) else None


def _scraped(selector: Any, server: Prometheus) -> float | None:
    # An operator has other monitors than those in the tree, and names its jobs after services.
    if not server.jobs or "kind" in server.part or any(_chooses(job) for job in server.jobs):
        return None
    named = [job for job in server.jobs if _may_be(selector, job.name)]
    if named and len(named) < len(server.jobs) and not any(_writes_job(job) for job in server.jobs):
        return min(job.scrape_interval for job in named)
    if "scrape_config_files" in server.part or "remote_read" in server.part:
        return None
    return min(job.scrape_interval for job in server.jobs)


def _may_be(selector: Any, job: str) -> bool:
    return all(
        fits(job, sign, value) is not False for label, sign, value in matchers(selector) if label == "job"
    )


def _chooses(job: Job) -> bool:
    """Whether targets choose their own interval, by a Kubernetes annotation say."""
    return any(_CHOSEN in _targets_of(part) for part in _relabelling(job))


def _writes_job(job: Job) -> bool:
    return job.honor_labels or any("job" in _targets_of(part) for part in _relabelling(job))


def _relabelling(job: Job) -> Iterator[Part]:
    yield from job.relabel_configs
    yield from job.metric_relabel_configs


def _targets_of(part: Part) -> tuple[str, str]:
    """What a relabel rule writes to; a labelmap may write anything."""
    is_map = part.text("action").lower() == "labelmap"
    return (part.text("target_label"), "job" if is_map else "")
