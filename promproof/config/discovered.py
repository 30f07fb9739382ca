"""What relabelling sees of a target that a discovery would find, in a run that gives it an address of its own.

A run does without the discovery: no Docker, no cluster, no name server is asked. Labels that it would give
(`__meta_...`) and that the files say for certain are given to the target, and Prometheus applies the rules to them. Of
the rules that read another one those are left out that would drop the target or change where it is scraped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promproof.config import mounted
from promproof.config.filetargets import groups_of_files
from promproof.config.relabel_exact import Step, applied, steps

META = "__meta_"
ANY = "*"
"""In place of a label: it may be any."""
_DOCKER = ("docker_sd_configs", "dockerswarm_sd_configs")
_LABEL = "__meta_docker_container_label_"
_PLACES = re.compile(r"job|instance|__address__|__scheme__|__metrics_path__|__scrape_\w+|__param_\w+")
"""Labels that say where and as what a target is scraped."""
_NO_RULES = (ValueError, TypeError, AttributeError)
"""What is raised by relabel rules of other types than Prometheus takes."""
_SELECTS = ("keep", "drop", "keepequal", "dropequal")


@dataclass(frozen=True)
class Discovered:
    """A job's targets in a run. group: the first group of targets, with what the discovery would say of it.

    left_out: the rules that can't be applied, by their place, each with the reason. open: labels that the remaining
    ones write from what is not known, and that the target lacks therefore.
    """

    group: dict[str, Any] = field(default_factory=dict)
    left_out: Mapping[int, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Those of the target before it is relabelled."""
        return _labels(self.group)

    def rules(self, job: Mapping[str, Any]) -> list[Step]:
        """The rules of the job that the run has."""
        given = job.get("relabel_configs") or ()
        return steps([rule for number, rule in enumerate(given) if number not in self.left_out])


def sections(job: Mapping[str, Any]) -> list[str]:
    """The keys of a job by which it discovers targets."""
    return [str(key) for key, value in job.items() if str(key).endswith("_sd_configs") and value]


def of_job(job: Mapping[str, Any], configuration: Path, address: str) -> Discovered:
    """What the target of this address is in a run. configuration: the file in which the job stands."""
    groups = [dict(group) for group in _mappings(job.get("static_configs"))]
    groups += groups_of_files(job, configuration)
    group = next((group for group in groups if group.get("targets")), {})
    if not sections(job):
        return Discovered(group)
    known = _known(job, configuration)
    if known:
        group = {**group, "labels": {**_labels(group), **known}}
    try:
        return Discovered(group, *_rules(job, _before(job, address, group), known))
    except _NO_RULES:  # Prometheus says it
        return Discovered(group)


def lacking(job: Mapping[str, Any], configuration: Path) -> tuple[str, ...]:
    """The labels that a target lacks in a run because only the discovery knows them, or has others of; ANY for any.

    HTTP and files of targets may give labels of any name, and a labelmap makes some of all that a discovery says.
    """
    if not sections(job):
        return ()
    said = of_job(job, configuration, "127.0.0.1:1")
    rules = _mappings(job.get("relabel_configs"))
    try:
        maps_any = any(map(_maps_meta, steps(rules)))
    except _NO_RULES:
        maps_any = False
    moved = {str(rule.get("target_label")) for number, rule in enumerate(rules) if number in said.left_out}
    found = {*said.open, *(moved & {"job", "instance"})}
    by_container = any(name.startswith(_LABEL) for name in said.labels)
    if (
        (maps_any and not by_container)
        or job.get("http_sd_configs")
        or (job.get("file_sd_configs") and not groups_of_files(job, configuration))
    ):
        found.add(ANY)
    return tuple(sorted(found))


def _rules(
    job: Mapping[str, Any], labels: dict[str, str], known: Mapping[str, str]
) -> tuple[dict[int, str], tuple[str, ...]]:
    """The rules that can't be applied, and the labels that the others write from what is not known."""
    left_out: dict[int, str] = {}
    unknown: set[str] = set()

    def is_unknown(name: str) -> bool:
        return name in unknown or (name.startswith(META) and name not in known)

    for number, step in enumerate(steps(job.get("relabel_configs"))):
        rule = step.rule
        reads = any(map(is_unknown, rule.source_labels)) or _maps_meta(step)
        after = applied([step], labels)
        if rule.action in _SELECTS:
            if reads and after is None:
                left_out[number] = "it asks for what only the discovery knows"
        elif rule.target_label == "__address__" and any(name.startswith(META) for name in rule.source_labels):
            left_out[number] = "the run has an address of its own"
        elif reads and after is not None and _moves(labels, after):
            left_out[number] = "it says where the target is by what only the discovery knows"
        else:
            if reads and rule.target_label:
                unknown.add(rule.target_label)
            elif rule.target_label and rule.action != "labelmap":
                unknown.discard(rule.target_label)
            labels = after if after is not None else labels
    shown = sorted(name for name in unknown if not name.startswith("__") and name not in labels)
    return left_out, tuple(shown)


def _maps_meta(step: Step) -> bool:
    """Whether a rule makes labels of all that a discovery says, whatever that is."""
    return step.rule.action == "labelmap" and step.rule.regex.lstrip("(^").startswith(META)


def _moves(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    return any(before.get(name) != after.get(name) for name in {*before, *after} if _PLACES.fullmatch(name))


def _before(job: Mapping[str, Any], address: str, group: Mapping[str, Any]) -> dict[str, str]:
    """The labels of a target before its relabelling (scrape/target.go)."""
    return {
        "job": str(job.get("job_name")),
        "__address__": address,
        "__metrics_path__": str(job.get("metrics_path") or "/metrics"),
        "__scheme__": str(job.get("scheme") or "http"),
        **_labels(group),
    }


def _known(job: Mapping[str, Any], configuration: Path) -> dict[str, str]:
    """What the discovery would say of the target, as far as the files leave no doubt."""
    found: dict[str, str] = {}
    for entry in _mappings(job.get("dns_sd_configs")):
        names = entry.get("names")
        if isinstance(names, list) and len(names) == 1:
            found["__meta_dns_name"] = str(names[0])
    for entry in _mappings(job.get("consul_sd_configs")):
        services = entry.get("services")
        if isinstance(services, list) and len(services) == 1:
            found["__meta_consul_service"] = str(services[0])
    for entry in _mappings(job.get("http_sd_configs")):
        found["__meta_url"] = str(entry.get("url"))
    if any(job.get(key) for key in _DOCKER):
        found |= _container(job, configuration)
    # two discoveries say different things of their targets
    return found if sum(len(_mappings(job.get(key))) for key in sections(job)) == 1 else {}


def _container(job: Mapping[str, Any], configuration: Path) -> dict[str, str]:
    """The labels of the one container of the compose file that the job's rules keep; none for no such one."""
    try:
        rules = [step for step in steps(job.get("relabel_configs")) if step.rule.action in _SELECTS]
    except _NO_RULES:
        return {}
    kept = []
    for name, service in mounted.services(configuration):
        labels = _of_container(name, service)
        try:
            if applied(rules, {"__address__": "a:1", **labels}) is not None:
                kept.append(labels)
        except ValueError:
            return {}
    return kept[0] if len(kept) == 1 else {}


def _of_container(name: str, service: Mapping[str, Any]) -> dict[str, str]:
    """As Prometheus' docker discovery names it (discovery/moby/docker.go), without what only the engine knows."""
    given = service.get("labels")
    pairs: Iterator[tuple[str, str]] = (
        ((str(key), str(value)) for key, value in given.items())
        if isinstance(given, Mapping)
        else (_pair(str(text)) for text in (given if isinstance(given, list) else ()))
    )
    found = {_LABEL + _sanitized(key): _text(value) for key, value in pairs}
    found[_LABEL + "com_docker_compose_service"] = name
    if service.get("container_name"):
        found["__meta_docker_container_name"] = f"/{service['container_name']}"
    return found


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def _text(value: str) -> str:
    return {"True": "true", "False": "false", "None": ""}.get(value, value)


def _sanitized(name: str) -> str:
    """strutil.SanitizeLabelName."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _labels(group: Mapping[str, Any]) -> dict[str, str]:
    """Those that a file gives to a group of targets."""
    given = group.get("labels")
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, Mapping) else {}


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
