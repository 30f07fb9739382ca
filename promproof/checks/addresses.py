"""address/…: who asks whom, in the files as deployed; a run replaces these addresses, so that it can't see them.

A receiver has the documented URL; one that is the target itself, its webhook's port and path. A job asks its service,
Prometheus its Alertmanager and Grafana its Prometheus, each on the port in the container that the compose file
publishes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.files import held, judged, promised_jobs, promised_receivers
from promproof.contract.deployment import Deployment, Service
from promproof.contract.model import Contract
from promproof.contract.settings import JobSettings, ReceiverSettings, Settings
from promproof.evidence.evidence import Evidence
from promproof.verdict import Verdict

Facts = dict[str, Any]
Look = Callable[[Contract, Facts, str], Iterator[str]]
"""From the contract, the facts and a name to what is wrong."""
_PORTS = {"http": "80", "https": "443"}
_LEAST_TIMEOUT = 1.0
"""Seconds that a receiver must have; no network is promised to be faster."""
_MOVING = re.compile(
    r"--?(?:web\.(?:telemetry-path|route-prefix)|prometheus_endpoint|url_base_prefix)\b|--?web\.external-url=\w+://[^/]+/."
)
"""Flags of Prometheus, Alertmanager, Node Exporter and cAdvisor by which /metrics is elsewhere."""
_SELF = ("localhost", "127.0.0.1", "[::1]")


def port_inside(said: Facts, service: str, wanted: Service) -> str:
    """The port in the container behind the documented one: as the contract has it, else the file; empty for none."""
    written = wanted.written.ports if wanted.written is not None else None
    there = said.get("services", {}).get(service, {}).get("ports", ())
    for text in there if written is None else written:
        outside, _, inside = text.partition("/")[0].rpartition(":")
        if outside.rpartition(":")[2] == str(wanted.port):
            return str(inside)
    return ""


def _has_tls(said: Facts, service: str) -> bool:
    """Whether a service may speak TLS: its command or environment names a certificate or a file of web settings."""
    data = said.get("services", {}).get(service, {})
    words = [*data.get("command", ()), *data.get("environment", {}), *data.get("mounts", ())]
    return any(re.search(r"web\.config|tls|ssl|cert", word, re.IGNORECASE) for word in words)


def _service(contract: Contract, said: Facts, component: str) -> tuple[str, str]:
    """The name of the service that is a component and its port in the container; empty for none."""
    deployment = contract.deployment
    name = deployment.service(component) if deployment is not None else None
    if deployment is None or name is None:
        return "", ""
    return name, port_inside(said, name, deployment.services[name])


def _differs(where: str, asks: str, host: str, port: str, wanted: tuple[str, str]) -> Iterator[str]:
    """How an address differs from a service's; its port is not compared where nobody knows it."""
    if host != wanted[0] or (wanted[1] and port != wanted[1]):
        yield f"{where}: {asks} {host}:{port}, documented {':'.join(filter(None, wanted))}"


def look_receiver(contract: Contract, said: Facts, name: str) -> Iterator[str]:
    """The documented URL, or the target's webhook."""
    receiver = said.get("receivers", {}).get(name)
    if receiver is None:
        yield f"there is no receiver {name}"
        return
    settings = contract.settings or Settings()
    target = contract.deployment.target if contract.deployment is not None else None
    wanted = settings.receivers.get(name, ReceiverSettings()).url
    if not receiver["integrations"]:
        yield f"{receiver['where']}: {name} has no integration: it tells nobody"
    yield from _told_twice(receiver, name)
    for integration in receiver["integrations"]:
        yield from _otherwise(
            settings, integration, name, settings.receivers.get(name, ReceiverSettings()).others
        )
        url, where = integration["url"], integration["where"]
        if 0 < integration["timeout"] < _LEAST_TIMEOUT:
            yield f"{where}: {name} gives up after {integration['timeout']:g} s"
        if integration["kind"] != "webhook_configs" or not url:
            continue
        if wanted is not None and url != wanted:
            yield f"{where}: {name} asks {url}, documented {wanted}"
        parts = urlsplit(url)
        host, port = str(parts.hostname or ""), str(parts.port or _PORTS.get(parts.scheme, ""))
        proxy = integration.get("proxy")
        if proxy and (host in said.get("services", {}) or urlsplit(proxy).hostname in _SELF):
            yield f"{where}: {name} asks {host} by the proxy {proxy}, which is not documented"
        if wanted is not None or host not in said.get("services", {}):
            continue
        if parts.scheme != "http" and not _has_tls(said, host):
            yield f"{where}: {name} asks {host} by {parts.scheme}, and nothing says that it takes that"
        if target is None or host != target.service:
            inside = {text.partition("/")[0].rpartition(":")[2] for text in said["services"][host]["ports"]}
            if inside and port not in inside:
                yield f"{where}: {name} asks {host}:{port}, which has the ports {', '.join(sorted(inside))}"
        else:
            yield from _differs(where, f"{name} asks", host, port, (host, str(target.port)))
            if contract.target.webhook and parts.path != contract.target.webhook:
                yield f"{where}: {name} asks {parts.path}, the target takes alerts at {contract.target.webhook}"


def _told_twice(receiver: dict[str, Any], name: str) -> Iterator[str]:
    """An address that one receiver has twice: each notification arrives there two times."""
    seen: set[tuple[str, str]] = set()
    for integration in receiver["integrations"]:
        told = integration["kind"], integration["url"]
        if integration["url"] and told in seen:
            yield f"{integration['where']}: {name} tells {integration['url']} twice"
        seen.add(told)


def _otherwise(
    settings: Settings, there: dict[str, Any], name: str, documented: Iterable[str]
) -> Iterator[str]:
    """Keys that nobody documented, where the contract says that it names all."""
    for key in sorted(set(there.get("others", ())) - set(documented)) if settings.closed else ():
        yield f"{there['where']}: {name} has {key}, which is not documented"


def look_job(contract: Contract, said: Facts, name: str) -> Iterator[str]:
    """The service's name and port, and of the target its path."""
    job = said.get("jobs", {}).get(name)
    if job is None:
        yield f"there is no job {name}"
        return
    settings, where = contract.settings or Settings(), job["where"]
    yield from _not_started(contract, said, name, where)
    own = settings.jobs.get(name, JobSettings())
    yield from _otherwise(settings, job, name, own.others)
    address = own.address
    if name == contract.target.job and job["metrics_path"] != contract.target.metrics_path:
        yield f"{where}: {name} reads {job['metrics_path']}, documented {contract.target.metrics_path}"
    if address is not None:
        there = [
            target if "://" not in address else f"{job['scheme']}://{target}" for target in job["targets"]
        ]
        if there != [address] or ("://" not in address and job["scheme"] != "http"):
            yield f"{where}: {name} scrapes {', '.join(there) or 'nothing'} by {job['scheme']}, documented {address}"
        return
    wanted = _wanted(contract, said, name)
    if wanted is None or not job["static"]:
        return
    if job["scheme"] != "http" and not _has_tls(said, wanted[0]):
        yield f"{where}: {name} is scraped by {job['scheme']}, and nothing says that {wanted[0]} takes that"
    if not job["targets"]:
        yield f"{where}: {name} scrapes nothing, documented {':'.join(filter(None, wanted))}"
    if (
        name != contract.target.job
        and job["metrics_path"] != "/metrics"
        and not _is_elsewhere(said, wanted[0])
    ):
        yield f"{where}: {name} reads {job['metrics_path']}, and {wanted[0]} has its metrics at /metrics"
    itself = _service(contract, said, "prometheus")[0]
    for target in job["targets"]:
        host, colon, port = target.rpartition(":")
        host, port = (host, port) if colon else (target, _PORTS.get(job["scheme"], ""))
        if wanted[0] == itself and host in _SELF:
            host = itself  # in its own container that is Prometheus
        yield from _differs(where, f"{name} scrapes", host, port, wanted)
        if job.get("proxy"):
            yield f"{where}: {name} scrapes {host} by the proxy {job['proxy']}, which is not documented"


def _not_started(contract: Contract, said: Facts, job: str, where: str) -> Iterator[str]:
    """A job whose service is not brought up is down for ever."""
    wanted = _wanted(contract, said, job)
    profiles = said.get("services", {}).get(wanted[0], {}).get("left_out") if wanted is not None else ""
    if wanted is not None and profiles:
        yield f"{where}: {job} scrapes {wanted[0]}, which COMPOSE_PROFILES={profiles} in .env does not start"


def _is_elsewhere(said: Facts, service: str) -> bool:
    """Whether a flag of a component moves its pages; of one that the compose file doesn't have nothing is known."""
    found = said.get("services", {}).get(service)
    return found is None or any(_MOVING.match(word) for word in found["command"])


def _wanted(contract: Contract, said: Facts, job: str) -> tuple[str, str] | None:
    deployment = contract.deployment
    assert deployment is not None  # claims
    if job == contract.target.job:
        return deployment.target.service, str(deployment.target.port)
    for name, service in deployment.services.items():
        if service.job == job:
            return name, port_inside(said, name, service)
    return None


def look_alertmanager(contract: Contract, said: Facts, name: str) -> Iterator[str]:
    """Prometheus sends its alerts to the service that is Alertmanager."""
    wanted = _service(contract, said, "alertmanager")
    servers = said.get("alertmanagers", [])
    if not servers:
        yield f"Prometheus has no Alertmanager, documented {':'.join(wanted)}"
    for server in servers:
        yield from _otherwise(contract.settings or Settings(), server, "Prometheus' Alertmanager", ())
        if server["path_prefix"] not in ("", "/"):
            yield f"{server['where']}: alerts go to the path {server['path_prefix']}, which is not documented"
        if 0 < server.get("timeout", 0.0) < _LEAST_TIMEOUT:
            yield f"{server['where']}: an alert is given up after {server['timeout']:g} s"
        if server["scheme"] != "http" and not _has_tls(said, wanted[0]):
            yield f"{server['where']}: alerts go by {server['scheme']}, and nothing says that {wanted[0]} takes that"
        for target in server["targets"]:
            host, colon, port = target.rpartition(":")
            host, port = (host, port) if colon else (target, _PORTS.get(server["scheme"], ""))
            yield from _differs(server["where"], "alerts go to", host, port, wanted)


def look_sources(contract: Contract, said: Facts, name: str) -> Iterator[str]:
    """Grafana's Prometheus is the service that is Prometheus."""
    wanted = _service(contract, said, "prometheus")
    sources = [source for source in said.get("sources", ()) if source["type"] == "prometheus"]
    if not sources:
        yield f"no data source is a Prometheus, documented {':'.join(wanted)}"
    for source in sources:
        parts, asks = urlsplit(source["url"]), f"{source['where']}: {source['name']} asks"
        port = str(parts.port or _PORTS.get(parts.scheme, ""))
        yield from _differs(
            source["where"], f"{source['name']} asks", str(parts.hostname or ""), port, wanted
        )
        if parts.scheme != "http" and not _has_tls(said, wanted[0]):
            yield f"{asks} by {parts.scheme}, and nothing says that {wanted[0]} takes that"
        if source["access"] not in ("proxy", "server"):
            yield f"{asks} from the reader's browser, which has no way to {wanted[0]}"
        if parts.path.strip("/"):
            yield f"{asks} the path {parts.path}, which is not documented"


LOOKS: dict[str, Look] = {
    "receiver": look_receiver,
    "job": look_job,
    "alertmanager": look_alertmanager,
    "data-source": look_sources,
}


def claims(contract: Contract) -> list[Claim]:
    """The receivers of the alerts where settings or findings are promised; the rest where a deployment is."""
    found = []
    if contract.settings is not None or contract.accepted is not None:
        found += [Claim(f"address/receiver/{name}", name) for name in promised_receivers(contract)]
    if contract.deployment is not None:
        found += [Claim(f"address/job/{name}", name) for name in promised_jobs(contract)]
        found += _of_components(contract.deployment)
    return found


def _of_components(deployment: Deployment) -> list[Claim]:
    wanted = {"alertmanager": "alertmanager", "data-source": "grafana"}
    return [Claim(f"address/{name}") for name, component in wanted.items() if deployment.service(component)]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the files with the contract, and add what the check of the folder says."""
    record = judged(evidence)
    said, kind = record.data.facts, claim.id.split("/")[1]
    if kind == "receiver" and "receivers" not in said:
        return not_verified(claim, "the folder has no Alertmanager configuration")
    if kind != "receiver" and "services" not in said:
        return not_verified(claim, "the compose file is not there or can't be read")
    found = [*LOOKS[kind](evidence.contract, said, claim.subject), *held(claim.id, evidence)]
    return findings(
        claim,
        list(dict.fromkeys(found)),
        good="as documented",
        expected="the documented address",
        evidence=[record.number],
    )


CHECK = register(Check("addresses", claims, judge, order=150))
