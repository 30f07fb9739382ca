"""Reads resources of Kubernetes: the containers of workloads with what ConfigMaps put into them, and the monitors of
the Prometheus operator as scrape jobs.

The operator's keys are in camel case; jobs get Prometheus' own names, so that a judge reads one kind of relabelling.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from promproof.findings.containers import Container
from promproof.findings.part import Part
from promproof.findings.services import Mount, Service
from promproof.findings.setup import Job, Prometheus

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod")
_ENDPOINTS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
# The operator's own defaults (api.md, PrometheusSpec).
_INTERVAL, _EVALUATION, _TIMEOUT = 30.0, 30.0, 10.0
Generated = Mapping[str, Mapping[str, str]]
"""The files of each ConfigMap that a kustomization makes: key to path here."""


def containers_of_workloads(resources: Sequence[Part]) -> list[Container]:
    """The containers of all workloads."""
    generated = _generated(resources)
    return [
        container
        for resource in resources
        if resource.text("kind") in WORKLOADS
        for container in _containers(resource, generated)
    ]


def _containers(resource: Part, generated: Generated) -> Iterator[Container]:
    pod = resource.part("spec", "template", "spec")
    spec = pod if isinstance(pod.data, dict) else resource.part("spec")
    volumes = {volume.text("name"): volume for volume in spec.items("volumes")}
    for entry in spec.items("containers"):
        mounts = tuple(
            mount
            for wanted in entry.items("volumeMounts")
            for mount in _mounts(wanted, volumes.get(wanted.text("name")), generated)
        )
        command = (*entry.words("command"), *entry.words("args"))
        yield Container(
            Service(entry, entry.text("name"), entry.text("image"), command, mounts=mounts), mounts
        )


def _mounts(wanted: Part, volume: Part | None, generated: Generated) -> Iterator[Mount]:
    target, inner = wanted.text("mountPath").rstrip("/") or "/", wanted.text("subPath")
    sources = list(_sources(volume)) if volume is not None else []
    if not sources:
        yield Mount(wanted.text("name"), target)
    for address, part in sources:
        items = [(item.text("key"), item.text("path")) for item in part.items("items")]
        items = items or [(key, key) for key in generated.get(address, ())]
        for key, path in items:
            if not inner or inner == path:
                place = target if inner else posixpath.join(target, path)
                yield Mount(address, place, generated.get(address, {}).get(key) or f"{address}/{key}", True)
        if not items:
            yield Mount(address, target, f"{address}/{inner}" if inner else address, True)


def _sources(volume: Part) -> Iterator[tuple[str, Part]]:
    for part in (volume, *volume.part("projected").items("sources")):
        for key, name in (("configMap", "name"), ("secret", "secretName"), ("secret", "name")):
            source = part.part(key)
            if source.text(name):
                yield f"{key.lower()}:{source.text(name)}", source


def _generated(resources: Sequence[Part]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for resource in resources:
        if resource.text("kind") == "Kustomization":
            for key, kind in (("configMapGenerator", "configmap"), ("secretGenerator", "secret")):
                for entry in resource.items(key):
                    files = (file.rpartition("=") for file in entry.words("files"))
                    found[f"{kind}:{entry.text('name')}"] = {
                        name or posixpath.basename(path): os.path.normpath(
                            os.path.join(resource.document.folder, path)
                        )
                        for name, _, path in files
                    }
    return found


def labelled_files(resources: Sequence[Part], label: str) -> frozenset[str]:
    """The files that a kustomization puts into ConfigMaps with a label."""
    generated = _generated(resources)
    return frozenset(
        path
        for resource in resources
        if resource.text("kind") == "Kustomization"
        for entry in resource.items("configMapGenerator")
        if label in entry.part("options").texts("labels")
        or label in resource.part("generatorOptions").texts("labels")
        for path in generated.get(f"configmap:{entry.text('name')}", {}).values()
    )


def operated(resources: Sequence[Part]) -> tuple[Prometheus, ...]:
    """A server for each `kind: Prometheus`, with all monitors; one for the monitors alone when there is none."""
    monitors = [resource for resource in resources if resource.text("kind") in _ENDPOINTS]
    servers = [
        resource
        for resource in resources
        if resource.text("kind") == "Prometheus" and "monitoring.coreos.com" in resource.text("apiVersion")
    ]
    found = []
    for part in servers or monitors[:1]:
        spec = part.part("spec") if servers else part.part("nothing")
        interval = spec.seconds("scrapeInterval") or _INTERVAL
        found.append(
            Prometheus(
                part,
                interval,
                spec.seconds("evaluationInterval") or _EVALUATION,
                spec.texts("externalLabels"),
                tuple(job for monitor in monitors for job in _jobs(monitor, interval, spec)),
                retention=spec.seconds("retention"),
            )
        )
    return tuple(found)


def _jobs(monitor: Part, interval: float, server: Part) -> Iterator[Job]:
    kind, metadata = monitor.text("kind"), monitor.part("metadata")
    for index, endpoint in enumerate(monitor.part("spec").items(_ENDPOINTS[kind])):
        own = endpoint.seconds("interval") or interval
        yield Job(
            endpoint,
            f"{metadata.text('namespace', 'default')}/{metadata.text('name')}/{index}",
            own,
            endpoint.seconds("scrapeTimeout") or min(server.seconds("scrapeTimeout") or _TIMEOUT, own),
            endpoint.text("scheme", "http"),
            endpoint.text("path", "/metrics"),
            (),
            tuple(map(snake, endpoint.items("relabelings"))),
            tuple(map(snake, endpoint.items("metricRelabelings"))),
            endpoint.truth("honorLabels"),
            kind,
        )


def snake(part: Part) -> Part:
    """A part with the keys in Prometheus' own writing: source_labels for sourceLabels."""
    return Part(part.document, part.key, _snake(part.data))


def _snake(data: Any) -> Any:
    return {re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower(): value for key, value in data.items()}
