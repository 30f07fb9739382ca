"""Reads a Prometheus configuration: jobs with what holds for each, rule patterns, where alerts go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from promproof.config.folder import matching_files
from promproof.findings.part import Part
from promproof.findings.setup import Job, Pattern, Prometheus

# Prometheus' own (config/config.go, DefaultGlobalConfig).
SCRAPE_INTERVAL = 60.0
SCRAPE_TIMEOUT = 10.0
EVALUATION_INTERVAL = 60.0


def prometheus_of(part: Part, root: Path) -> Prometheus:
    """The configuration in a document; files that it names are looked for from its own folder."""
    everywhere, alerting = part.part("global"), part.part("alerting")
    interval = everywhere.seconds("scrape_interval") or SCRAPE_INTERVAL
    return Prometheus(
        part,
        interval,
        everywhere.seconds("evaluation_interval") or EVALUATION_INTERVAL,
        everywhere.texts("external_labels"),
        tuple(_jobs(part, interval, everywhere.seconds("scrape_timeout"))),
        tuple(_patterns(part, root)),
        tuple(alerting.items("alertmanagers")),
        tuple(alerting.items("alert_relabel_configs")),
    )


def _jobs(part: Part, interval: float, timeout: float | None) -> Iterator[Job]:
    for entry in part.items("scrape_configs"):
        own = entry.seconds("scrape_interval") or interval
        yield Job(
            entry,
            entry.text("job_name"),
            own,
            # A time-out that nobody writes is cut to the interval (config/config.go, ScrapeConfig.Validate).
            entry.seconds("scrape_timeout") or min(timeout or SCRAPE_TIMEOUT, own),
            entry.text("scheme", "http"),
            entry.text("metrics_path", "/metrics"),
            tuple(target for group in entry.items("static_configs") for target in group.words("targets")),
            tuple(entry.items("relabel_configs")),
            tuple(entry.items("metric_relabel_configs")),
            entry.truth("honor_labels"),
        )


def _patterns(part: Part, root: Path) -> Iterator[Pattern]:
    folder = Path(part.document.folder or ".")
    for index, text in enumerate(part.words("rule_files")):
        files = matching_files(folder, text) if part.document.folder else ()
        yield Pattern(
            part.part("rule_files", index), text, tuple(os.path.relpath(file, root) for file in files)
        )
