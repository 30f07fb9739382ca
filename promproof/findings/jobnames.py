"""Selectors of a job that a Prometheus does not have: `job` is the name of a scrape job unless something writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from promproof.findings.needs import writes_job
from promproof.findings.setup import Prometheus, Setup
from promproof.promql.tree import fits, matchers, metric, selectors

_RECEIVERS = ("web.enable-remote-write-receiver", "web.enable-otlp-receiver", "enable-feature")
"""Flags of a server into which others write series, with jobs of their own."""


def knows_jobs(server: Prometheus) -> bool:
    """Whether the label `job` of all its series is known: that of its static jobs, and nobody writes another."""
    names = [job.name for job in server.jobs]
    if not names or any("$" in name or "{" in name for name in names) or any(map(writes_job, server.jobs)):
        return False
    if server.part.words("scrape_config_files") or "remote_read" in server.part:
        return False
    container = server.container
    return container is None or all(container.flag(flag) is None for flag in _RECEIVERS)


def strange_jobs(tree: Any, server: Prometheus, setup: Setup) -> Iterator[tuple[str, str]]:
    """The selectors of jobs that the server does not have, as texts, each with the job that is asked for."""
    names = [job.name for job in server.jobs]
    for selector in selectors(tree):
        name = metric(selector)
        if name in setup.recorded or ":" in name or selector.matchers.or_matchers:
            continue  # a rule may give it any label
        for label, sign, value in matchers(selector):
            if label != "job" or sign not in ("=", "=~") or not value or "$" in value or "[[" in value:
                continue
            if all(fits(job, sign, value) is False for job in names):
                yield " ".join(str(selector.prettify()).split()), value


def meant_by(value: str, names: Sequence[str]) -> str:
    """What to write: the job that is nearest, or all that there are."""
    near = get_close_matches(value, names, 1, 0.6)
    return (
        f"job={near[0]!r}?" if near else f"its jobs are {', '.join(names[:5])}{', ...' if names[5:] else ''}"
    )
