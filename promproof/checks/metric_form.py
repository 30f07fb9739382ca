"""metric/NAME/form: the metric is exposed with the documented type, help, labels, values and buckets."""

from __future__ import annotations

from promproof.checks.base import Check, Claim, findings, for_metrics, register
from promproof.contract.model import Metric
from promproof.evidence.evidence import Evidence
from promproof.exposition import Exposition, Labels, series_text
from promproof.verdict import Verdict


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the exposition at rest with the contract, series by series."""
    metric = evidence.contract.metric(claim.subject)
    shot = evidence.rest
    family = shot.exposition.families.get(metric.name)
    labels = "any" if metric.any_labels else ", ".join(metric.labels) or "none"
    told = "" if metric.help is None else f" '{metric.help}'"
    expected = f"{metric.type}{told} with labels {labels}"
    if family is None:
        return findings(
            claim, [f"{metric.name} is not exposed"], good="", expected=expected, evidence=[shot.record]
        )
    found = []
    if _plain(family.type) != _plain(metric.type):
        found.append(f"type is {family.type}, documented {metric.type}")
    if metric.help not in (None, family.help):
        found.append(f"help is {family.help!r}, documented {metric.help!r}")
    found += [f"{text} is exposed twice" for text in shot.exposition.duplicates if _belongs(text, metric)]
    series = _series(shot.exposition, metric)
    for name, shown in () if metric.any_labels else series:
        found += _label_findings(metric, name, shown)
    if metric.type == "histogram":
        found += _bucket_findings(metric, shot.exposition)
    return findings(
        claim, found, good=f"as documented, {len(series)} series", expected=expected, evidence=[shot.record]
    )


def _plain(type_: str) -> str:
    """What the text format calls it, which has fewer types than OpenMetrics."""
    return "gauge" if type_ in ("info", "stateset") else type_


def _belongs(text: str, metric: Metric) -> bool:
    return text.split("{")[0] in _names(metric)


def _names(metric: Metric) -> tuple[str, ...]:
    if metric.type == "histogram":
        return tuple(f"{metric.name}_{suffix}" for suffix in ("bucket", "count", "sum"))
    if metric.type == "summary":
        return (f"{metric.name}_count", f"{metric.name}_sum", metric.name)
    return (metric.name,)


def _series(exposition: Exposition, metric: Metric) -> list[tuple[str, Labels]]:
    names = _names(metric)
    return [key for key in exposition.values if key[0] in names]


def _label_findings(metric: Metric, name: str, labels: Labels) -> list[str]:
    documented = set(metric.labels)
    if metric.type == "histogram" and name.endswith("_bucket"):
        documented.add("le")
    if metric.type == "summary" and name == metric.name:
        documented.add("quantile")
    # to Prometheus an empty label is none: a library may write one for series that lack it
    given = {key for key, value in labels if value or (key in documented and not _may_lack(metric, key))}
    shown = series_text(name, labels)
    if given != documented - {key for key in documented - given if _may_lack(metric, key)}:
        return [f"{shown} has labels {sorted(given)}, documented {sorted(documented)}"]
    return [
        f"{shown}: {key}={value!r} is not a documented value"
        for key, value in labels
        if key in metric.labels and not metric.labels[key].allows(value)
    ]


def _may_lack(metric: Metric, label: str) -> bool:
    return label in metric.labels and metric.labels[label].may_lack


def _bucket_findings(metric: Metric, exposition: Exposition) -> list[str]:
    documented = None if metric.buckets is None else {*metric.buckets, float("inf")}
    edges: dict[Labels, dict[float, float]] = {}
    for labels, value in exposition.series(f"{metric.name}_bucket").items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        edges.setdefault(rest, {})[float(dict(labels).get("le", "nan"))] = value
    found = []
    for labels, buckets in edges.items():
        shown = series_text(metric.name, labels)
        if documented is not None and set(buckets) != documented:
            found.append(f"{shown} has bucket edges {sorted(buckets)}, documented {sorted(documented)}")
        counts = [buckets[edge] for edge in sorted(buckets)]
        if counts != sorted(counts):
            found.append(f"{shown}: bucket counts fall from one edge to the next")
    return found


CHECK = register(Check("form", for_metrics("form", lambda metric: True), judge, order=410, scope="each"))
