"""What the contract and the files say of the things that a page names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from promproof.config.patterns import Domains
from promproof.config.rules import facts
from promproof.contract.domains import domains
from promproof.contract.model import Alert, Contract
from promproof.evidence.records import PageRead, ServiceFile

COMPONENTS = {
    "prometheus": ("Prometheus",),
    "alertmanager": ("Alertmanager", "Alert Manager"),
    "grafana": ("Grafana",),
    "node_exporter": ("Node Exporter", "node-exporter", "node_exporter"),
    "cadvisor": ("cAdvisor",),
}
"""How people write the names of components."""
_ADDRESS = re.compile(r"^(?:https?://)?([A-Za-z][\w.-]*):(\d{2,5})(?:/|$)")
_CLOSE = 0.7
"""Of difflib, before letters are counted."""
_SHORTEST, _LONG = 4, 8


@dataclass(frozen=True)
class Setting:
    """A setting: the values that the files give it, and which file does."""

    values: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Known:
    """The contract and the record of the page, with the views that several readers need."""

    contract: Contract
    read: PageRead

    @cached_property
    def alerts(self) -> dict[str, Alert]:
        """The documented alerts by name."""
        return {alert.name: alert for alert in self.contract.alerts}

    @cached_property
    def rules(self) -> dict[str, list[Mapping[str, Any]]]:
        """The rules of the files by the name of their alert or of the metric that they record."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for rule in self.read.rules:
            found.setdefault(str(rule.get("alert") or rule.get("record") or ""), []).append(rule)
        return found

    @cached_property
    def domains(self) -> Domains:
        """The values of documented labels."""
        return domains(self.contract)

    def expression(self, name: str) -> str:
        """The expression of the only rule of this name; empty where there is none or several."""
        rules = self.rules.get(name, [])
        return str(rules[0].get("expr", "")) if len(rules) == 1 else ""

    @cached_property
    def settings(self) -> dict[str, Setting]:
        """Settings that the files give a value, by the name that people call them."""
        found = dict(_settings(self.read))
        deployment = self.contract.deployment
        if deployment is not None:
            command = self.services.get(deployment.service("prometheus") or "", ServiceFile()).command
            for key in ("time", "size"):
                flag = f"--storage.tsdb.retention.{key}="
                values = tuple(word.partition("=")[2] for word in command if word.startswith(flag))
                if values:
                    found[f"retention {key}"] = Setting(values, "the compose file")
        return found

    @property
    def services(self) -> Mapping[str, ServiceFile]:
        """The services of the compose file."""
        return self.read.services

    @cached_property
    def components(self) -> dict[str, tuple[str, frozenset[int]]]:
        """By a name that people write: the component's service, and its ports on the machine and inside."""
        found: dict[str, tuple[str, frozenset[int]]] = {}
        deployment = self.contract.deployment
        if deployment is None:
            return found
        for name, service in deployment.services.items():
            ports = frozenset({service.port}) | self.ports_of(name)
            for word in (name, *COMPONENTS[service.component]):
                found[word.lower()] = (name, ports)
        target = deployment.target
        own = frozenset({target.port}) | self.ports_of(target.service)
        for word in (target.service, self.contract.service):
            found[word.lower()] = (target.service, own)
        return found

    def ports_of(self, service: str) -> frozenset[int]:
        """The ports of a service, published and inside."""
        ports = self.services.get(service, ServiceFile()).ports
        return frozenset(int(port) for pair in ports for port in pair if port.isdigit())

    @cached_property
    def published(self) -> frozenset[int]:
        """Ports on the machine."""
        found = {
            int(port) for service in self.services.values() for port, _ in service.ports if port.isdigit()
        }
        deployment = self.contract.deployment
        if deployment is not None:
            found |= {service.port for service in deployment.services.values()} | {deployment.target.port}
        return frozenset(found)

    @cached_property
    def hosts(self) -> dict[str, frozenset[int]]:
        """Ports of each host that the files name: services of the compose file, and addresses in configurations."""
        found = {name: set(self.ports_of(name)) for name in self.services}
        deployment = self.contract.deployment
        if deployment is not None:
            found.setdefault(deployment.target.service, set()).add(deployment.target.port)
        for text in (*_texts(self.read.prometheus), *_texts(self.read.alertmanager)):
            address = _ADDRESS.match(text)
            if address is not None:
                found.setdefault(address[1], set()).add(int(address[2]))
        return {
            host: frozenset(ports) for host, ports in found.items() if host not in ("localhost", "127.0.0.1")
        }

    @cached_property
    def routes(self) -> frozenset[str]:
        """Paths of the target that the contract names; parameters as `{name}`."""
        target = self.contract.target
        found = {target.metrics_path, target.health or "", target.webhook or ""}
        for metric in self.contract.metrics:
            for label in metric.labels.values():
                found |= {value for value in label.values or () if value.startswith("/")}
        return frozenset(found - {""})

    @cached_property
    def jobs(self) -> tuple[str, ...]:
        """The scrape jobs."""
        configs = self.read.prometheus.get("scrape_configs") or ()
        return tuple(str(job.get("job_name")) for job in configs if isinstance(job, dict))

    @cached_property
    def receivers(self) -> tuple[str, ...]:
        """Alertmanager's receivers."""
        found = self.read.alertmanager.get("receivers") or ()
        return tuple(str(receiver.get("name")) for receiver in found if isinstance(receiver, dict))

    @cached_property
    def metrics(self) -> frozenset[str]:
        """Names of metrics that the contract or a rule knows, with the samples of histograms."""
        found = {metric.name for metric in self.contract.metrics}
        found |= {f"{name}{ending}" for name in found for ending in ("_bucket", "_sum", "_count", "_created")}
        found |= {name for alert in self.contract.alerts for name in alert.metrics}
        found |= {service.series for service in self._deployed if service.series}
        for rule in self.read.rules:
            found |= {str(rule.get("record") or "")}
            try:
                found |= set(facts(str(rule.get("expr", ""))).metrics)
            except ValueError:  # promtool says so elsewhere
                continue
        return frozenset(found - {""})

    @property
    def _deployed(self) -> tuple[Any, ...]:
        deployment = self.contract.deployment
        return tuple(deployment.services.values()) if deployment is not None else ()


def close_to(name: str, names: object) -> str:
    """The one of the names that somebody meant who wrote this one; empty where it is another name.

    A letter or two were added, lost or exchanged; `prometheus-a` and `node2` are names of their own.
    """
    known = [str(other) for other in names] if isinstance(names, (list, tuple, set, frozenset, dict)) else []
    if len(name) < _SHORTEST or name in known:
        return ""
    allowed = 1 if len(name) < _LONG else 2
    near = get_close_matches(name, known, n=3, cutoff=_CLOSE)
    return next(
        (other for other in near if distance(name, other) <= allowed and not _is_own(name, other)), ""
    )


def _is_own(name: str, other: str) -> bool:
    """Whether the two differ as names do that belong together: by a number or by a part at the end."""
    if re.sub(r"\d", "", name) == re.sub(r"\d", "", other):
        return True
    short, long = sorted((name, other), key=len)
    return long.startswith(short) and not long[len(short)].isalnum()


def distance(one: str, other: str) -> int:
    """How many letters were added, lost or exchanged between two words."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row, before = [i], row
        for j, twin in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != twin)))
    return row[-1]


def _settings(read: PageRead) -> Iterator[tuple[str, Setting]]:
    scraping = read.prometheus.get("global") or {}
    jobs = [job for job in read.prometheus.get("scrape_configs") or () if isinstance(job, dict)]
    for key in ("scrape_interval", "scrape_timeout", "evaluation_interval"):
        values = [scraping.get(key), *(job.get(key) for job in jobs)]
        given = tuple(dict.fromkeys(str(value) for value in values if value))
        if given:
            yield key.replace("_", " "), Setting(given, "the Prometheus configuration")
    route = read.alertmanager.get("route")
    for key in ("group_wait", "group_interval", "repeat_interval"):
        given = tuple(dict.fromkeys(_routed(route, key)))
        if given:
            yield key.replace("_", " "), Setting(given, "the Alertmanager configuration")


def _routed(route: Any, key: str) -> Iterator[str]:
    if isinstance(route, dict):
        if route.get(key):
            yield str(route[key])
        for inner in route.get("routes") or ():
            yield from _routed(inner, key)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
