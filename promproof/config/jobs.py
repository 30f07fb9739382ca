"""Which scrape job reads the target, where the contract leaves it out and prometheus.yml leaves no doubt.

Jobs of the monitoring itself are no candidates: they are told by their names, by the ports that their programs are
known by, and by `/federate`, the path of another Prometheus. A doubt is never resolved by a guess: it is an error that
names the candidates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
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
BESIDE = frozenset(
    ("alloy", "jaeger", "mimir", "otel-collector", "otelcol", "promtail", "tempo", "thanos", "vector")
)
"""Names of jobs that read what collects and keeps telemetry, at ports that others have as well."""
EXPORTERS = frozenset((9104, 9113, 9114, 9116, 9117, 9121, 9150, 9182, 9187, 9216, 9308, 9419))
"""Ports that Prometheus' list allocates to exporters of MySQL, nginx, Elasticsearch, SNMP, Apache, Redis, Memcached,
Windows, PostgreSQL, MongoDB, Kafka and RabbitMQ."""
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
    for found in (named if not set(named) & set(may_be) else [], may_be, at, named):
        if len(found) == 1:
            return found[0]
    raise InputError(
        what=f"{len(may_be)} jobs may be that of the target: {', '.join(may_be)}"
        if may_be
        else f"no scrape job reads the target; there are {', '.join(jobs) or 'none'}",
        where=where,
        expected="one job that reads the target",
        todo="name it in the contract: `target: {job: NAME}`"
        if may_be
        else "add one under scrape_configs; if one of these is it, name it in the contract: `target: {job: NAME}`"
        if jobs
        else "add one under scrape_configs",
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
    known = [(dict(target["labels"]), address_of(str(target["scrapeUrl"]))) for target in targets]
    here = [labels for labels, address in known if address == address_of(metrics_url)]
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


def instances(targets: Iterable[Mapping[str, Any]], job: str) -> tuple[str, ...]:
    """The instances of a job, each once. targets: as `/api/v1/targets` lists them."""
    mine = [target["labels"] for target in targets if target["labels"].get("job") == job]
    return tuple(dict.fromkeys(str(labels.get("instance", "")) for labels in mine))


def at_address(targets: Sequence[Mapping[str, Any]], job: str, address: str) -> str:
    """The target's instance: its address, or what the job's only instance that is scraped there is called."""
    mine = [target for target in targets if target["labels"].get("job") == job]
    here = [
        target for target in mine if address_of(str(target["scrapeUrl"])) == address_of(f"http://{address}")
    ]
    found = instances(here, job)
    return found[0] if address not in instances(mine, job) and len(found) == 1 else address


def others(found: Sequence[str], own: str) -> tuple[str, ...]:
    """The other instances of a job that has the target's own among them; none for a job of one."""
    return tuple(instance for instance in found if instance != own) if len(found) > 1 else ()


def of_one(job: str, found: Sequence[str], own: str) -> tuple[str, ...]:
    """The siblings of the target, which gets all requests of a run.

    Raises:
        InputError: the job has several instances, and the target is none of them: what stands in front of them, say.
    """
    if len(found) > 1 and own not in found:
        raise InputError(
            what=f"job {job} has {len(found)} instances ({', '.join(found)}), and none is {own}",
            where="--target",
            expected="the address of one of them: requests to what is in front of several are counted by several",
            todo="name one, and its label with --instance where that is not its address",
        )
    return others(found, own)


def shared(job: str, siblings: Sequence[str]) -> str:
    """That a job has more instances than the one that gets the run's requests."""
    among = ", ".join(siblings[:3]) + (f" and {len(siblings) - 3} more" if siblings[3:] else "")
    return f"job {job} has {len(siblings) + 1} instances, and one gets the requests: no ledger has those of {among}"


def address_of(url: str) -> str:
    """Host and port of a URL, with one name for this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    return f"{'localhost' if host in LOOPBACK else host}:{port}"


def candidates(jobs: Mapping[str, Job]) -> list[str]:
    """The jobs that may read the target: those that are not of the monitoring itself.

    One that reads an exporter or a probe (`/probe`) by its looks is none where there is another.
    """
    may_be = [name for name, job in jobs.items() if not _is_monitoring(job)]
    own = [name for name in may_be if not _is_of_another(jobs[name])]
    return own or may_be


def _is_monitoring(job: Job) -> bool:
    name = job.name.lower().replace("_", "-").removesuffix("-exporter")
    is_named = name in MONITORING or name in BESIDE
    return is_named or job.metrics_path == "/federate" or (_is_at(job, _PORTS) and not _is_a_services(job))


def _is_a_services(job: Job) -> bool:
    """Whether all targets of a job have the port of Prometheus, and nothing else speaks of it: services have it too."""
    hosts = [target.rpartition(":")[0] for target in job.targets]
    told = any("prom" in word.lower() for word in (job.name, *hosts)) or any(
        host in LOOPBACK for host in hosts
    )
    return _is_at(job, {MONITORING["prometheus"]}) and not told


def _is_of_another(job: Job) -> bool:
    return job.metrics_path == "/probe" or _is_at(job, EXPORTERS)


def _is_at(job: Job, known: Set[int]) -> bool:
    """Whether all targets of a job have one of these ports."""
    ports = {target.rpartition(":")[2] for target in job.targets}
    return bool(ports) and ports <= {str(port) for port in known}
