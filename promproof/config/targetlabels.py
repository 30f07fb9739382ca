"""The labels that a scrape job gives to all of its series, where its file leaves no doubt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEPT = ("drop", "keep", "dropequal", "keepequal")
"""What relabelling may do without changing a label."""


def target_labels(configuration: Mapping[str, Any], job: str) -> dict[str, frozenset[str]] | None:
    """Label to values; None where a discovery or relabelling may give others, or no one job has the name."""
    jobs = configuration.get("scrape_configs")
    found = [entry for entry in _mappings(jobs) if entry.get("job_name") == job]
    if len(found) != 1:
        return None
    entry = found[0]
    groups = _mappings(entry.get("static_configs"))
    is_discovered = any(str(key).endswith("_sd_configs") for key in entry)
    rewriting = [
        rule
        for key in ("relabel_configs", "metric_relabel_configs")
        for rule in _mappings(entry.get(key))
        if rule.get("action") not in _KEPT
    ]
    if not groups or is_discovered or rewriting or configuration.get("scrape_config_files"):
        return None
    targets = [str(target) for group in groups for target in group.get("targets") or ()]
    labels: dict[str, set[str]] = {"job": {job}, "instance": set(targets)}
    for group in groups:
        given = group.get("labels")
        for name, value in given.items() if isinstance(given, Mapping) else ():
            if name in ("job", "instance") or str(name).startswith("__"):
                return None
            labels.setdefault(str(name), set()).add(str(value))
    return {name: frozenset(values) for name, values in labels.items()}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
