"""The relabel rules of a job, for `config.relabelling`, and what is known of targets before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promproof.config.labelsets import ANY, Matcher, known
from promproof.config.relabelling import Labels, Rule
from promproof.findings.part import Part
from promproof.findings.setup import Job

_ROLES = {
    "node": ("node",),
    "service": ("namespace", "service"),
    "pod": ("namespace", "pod", "node"),
    "endpoints": ("namespace", "endpoints", "endpoint", "service", "pod", "node"),
    "endpointslice": ("namespace", "endpointslice", "endpoints", "endpoint", "service", "pod", "node"),
    "ingress": ("namespace", "ingress"),
}
"""What each role of Kubernetes gives labels for (Prometheus' documentation, kubernetes_sd_config)."""
_DISCOVERED = {
    "kubernetes_sd_configs": "kubernetes",
    "docker_sd_configs": "docker",
    "dockerswarm_sd_configs": "dockerswarm",
    "consul_sd_configs": "consul",
    "ec2_sd_configs": "ec2",
    "gce_sd_configs": "gce",
    "azure_sd_configs": "azure",
    "dns_sd_configs": "dns",
    "file_sd_configs": "filepath",
    "http_sd_configs": "url",
}


def rules_of(parts: Sequence[Part]) -> list[Rule]:
    """The rules as they are with Prometheus' defaults."""
    return [_rule(part) for part in parts]


def _rule(part: Part) -> Rule:
    return Rule(
        part.words("source_labels"),
        part.text("action", "replace").lower(),
        part.text("regex", "(.*)"),
        part.text("separator", ";"),
        part.text("target_label"),
        part.text("replacement", "$1"),
    )


def series_of(name: str, wanted: Sequence[tuple[str, str, str]]) -> Labels:
    """What is known of the series that a selector asks for."""
    labels = Labels({"__name__": known(name)}, ANY)
    for label, sign, value in wanted:
        if label != "__name__":
            labels = labels.with_(label, labels.of(label).narrowed(Matcher(label, sign, value)))
    return labels


def targets_of(job: Job) -> Iterator[tuple[str, Labels]]:
    """What is known of each target before relabelling; one for all that a service discovery finds."""
    base = {
        "job": known(job.name),
        "__scheme__": known(job.scheme),
        "__metrics_path__": known(job.metrics_path),
        "__scrape_interval__": ANY,
        "__scrape_timeout__": ANY,
        **{f"__param_{name}": ANY for name in job.part.data.get("params") or ()},
    }
    for group in job.part.items("static_configs"):
        given = {name: known(value) for name, value in group.texts("labels").items()}
        for target in group.words("targets"):
            values = {**base, **given, "__address__": known(target)}
            yield target, Labels(values, known(""))
    kinds = [str(key) for key in job.part.data if str(key).endswith("_sd_configs")]
    if len(kinds) == 1:
        yield f"what {kinds[0]} finds", Labels(base, ANY, tuple(_foreign(job, kinds[0])))
    elif kinds or job.origin != "scrape_configs":
        yield "what is found", Labels({}, ANY)


def _foreign(job: Job, kind: str) -> Iterator[str]:
    """The beginnings of meta labels that this discovery never gives."""
    mine = _DISCOVERED.get(kind)
    if kind in ("file_sd_configs", "http_sd_configs") or mine is None:
        return  # a file may give any label
    yield from (f"__meta_{name}_" for name in _DISCOVERED.values() if name != mine)
    if kind == "kubernetes_sd_configs":
        roles = {part.text("role").lower() for part in job.part.items(kind)}
        given = {word for role in roles for word in _ROLES.get(role, ())}
        if roles <= set(_ROLES):
            words = {word for words in _ROLES.values() for word in words} - given
            # __meta_kubernetes_endpoint_ begins no label of __meta_kubernetes_endpoints_name.
            yield from (f"__meta_kubernetes_{word}_" for word in words if word != "namespace")
