"""Reads a Prometheus configuration: jobs with what holds for each, where alerts go. Files that it names are given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promproof.findings.part import Part
from promproof.findings.setup import Job, Pattern, Prometheus

# Prometheus' own (config/config.go, DefaultGlobalConfig).
SCRAPE_INTERVAL = 60.0
SCRAPE_TIMEOUT = 10.0
EVALUATION_INTERVAL = 60.0


def prometheus_of(
    part: Part,
    patterns: Sequence[Pattern] = (),
    others: Sequence[Part] = (),
    *,
    retention: float | None = None,
) -> Prometheus:
    """The configuration in a document; others: its scrape_config_files."""
    everywhere, alerting = part.part("global"), part.part("alerting")
    interval = everywhere.seconds("scrape_interval") or SCRAPE_INTERVAL
    timeout = everywhere.seconds("scrape_timeout")
    return Prometheus(
        part,
        interval,
        everywhere.seconds("evaluation_interval") or EVALUATION_INTERVAL,
        everywhere.texts("external_labels"),
        tuple(job for source in (part, *others) for job in _jobs(source, interval, timeout)),
        tuple(patterns),
        tuple(alerting.items("alertmanagers")),
        tuple(alerting.items("alert_relabel_configs")),
        retention,
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
