"""Which scrape job reads the target, where the contract leaves it out and prometheus.yml leaves no doubt.

Jobs of the monitoring itself are no candidates: they are told by their names and by the ports that their programs
are known by. A doubt is never resolved by a guess: it is an error that names the candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from promproof.config.folder import Job
from promproof.errors import InputError

MONITORING = {
    "prometheus": 9090,
    "pushgateway": 9091,
    "alertmanager": 9093,
    "node": 9100,
    "node-exporter": 9100,
    "nodeexporter": 9100,
    "blackbox": 9115,
    "grafana": 3000,
    "loki": 3100,
    "cadvisor": 8080,
}
"""Names of jobs that read the monitoring, with the port of the program that each stands for."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PORTS = {port for name, port in MONITORING.items() if name not in ("grafana", "cadvisor")}
"""Ports that no service of one's own is likely to have."""


def job_of(jobs: Mapping[str, Job], service: str, url: str | None, where: str) -> str:
    """The name of the target's job. service: the contract's; url: that of a target that runs already.

    Raises:
        InputError: none, or more than one that may be it.
    """
    may_be = candidates(jobs)
    named = [name for name in jobs if name == service]  # whatever its port is known for
    address = url.rstrip("/").rpartition("//")[2] if url else None
    at = [name for name in may_be if address in jobs[name].targets]
    for found in (may_be, at, named):
        if len(found) == 1:
            return found[0]
    raise InputError(
        what=f"{len(may_be)} jobs may be that of the target: {', '.join(may_be)}"
        if may_be
        else f"no scrape job reads the target; there are {', '.join(jobs) or 'none'}",
        where=where,
        expected="one job that reads the target",
        todo="name it in the contract: `target: {job: NAME}`" if jobs else "add one under scrape_configs",
    )


@dataclass(frozen=True)
class Scraping:
    """How a Prometheus that runs already names the service. instance: empty where several or none are its address."""

    job: str
    instance: str = ""


def of_targets(targets: Sequence[Mapping[str, Any]], metrics_url: str, service: str) -> Scraping | None:
    """The job that reads these metrics, by address, or else the only one that may be it; None for a doubt.

    targets: as `/api/v1/targets` lists them.
    """
    known = [(dict(target["labels"]), _address(str(target["scrapeUrl"]))) for target in targets]
    here = [labels for labels, address in known if address == _address(metrics_url)]
    if len({labels["job"] for labels in here}) == 1:
        return Scraping(here[0]["job"], here[0]["instance"] if len(here) == 1 else "")
    jobs = {
        labels["job"]: Job(labels["job"], "http", "", (address,)) for labels, address in known if not here
    }
    with suppress(InputError):
        job = job_of(jobs, service, None, "")
        instances = [labels["instance"] for labels, _ in known if labels["job"] == job]
        return Scraping(job, instances[0] if len(instances) == 1 else "")
    return None


def _address(url: str) -> str:
    """Host and port of a URL, with one name for this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    return f"{'localhost' if host in LOOPBACK else host}:{port}"


def candidates(jobs: Mapping[str, Job]) -> list[str]:
    """The jobs that may read the target: those that are not of the monitoring itself."""
    return [name for name, job in jobs.items() if not _is_monitoring(job)]


def _is_monitoring(job: Job) -> bool:
    name = job.name.lower().replace("_", "-").removesuffix("-exporter")
    ports = {target.rpartition(":")[2] for target in job.targets}
    return name in MONITORING or (bool(ports) and ports <= {str(port) for port in _PORTS})
