"""The values of a query variable, asked as Grafana's Prometheus data source asks them."""

from __future__ import annotations

import re
from typing import Any

from promproof.grafana.regex import browser_regex
from promproof.observe.prometheus import Prometheus

_LABEL_VALUES = re.compile(r"(?:(.+),\s*)?([a-zA-Z_][a-zA-Z0-9_]*)", re.DOTALL)
"""What is not of this form Grafana asks as a selector."""
_CALL = re.compile(r"(label_names|label_values|metrics|query_result)\((.*)\)", re.DOTALL)


def query_values(prometheus: Prometheus, query: str, regex: str, span: tuple[float, float]) -> list[str]:
    """The values, filtered by the variable's regex (`/.../`; its first group, if it has one, is the value).

    `span` is begin and end in epoch seconds.

    Raises:
        EvidenceError: the server refused it.
        ValueError: a regular expression cannot be read.
    """
    values = _values(prometheus, query.strip(), {"start": f"{span[0]:.3f}", "end": f"{span[1]:.3f}"}, span[1])
    if not regex:
        return values
    pattern = browser_regex(regex)
    matches = [match for value in values if (match := pattern.search(value))]
    return list(dict.fromkeys(_value(match) for match in matches))


def _value(match: re.Match[str]) -> str:
    """The group `value`, or else the first one, or else all of it."""
    groups = match.groupdict()
    if groups:
        return groups.get("value") or groups.get("text") or match.string
    return (match[1] or "") if match.re.groups else match.string


def _values(prometheus: Prometheus, query: str, span: dict[str, str], at: float) -> list[str]:
    call = _CALL.fullmatch(query)
    name, inside = (call[1], call[2].strip()) if call else ("", query)
    if name == "label_names":
        names = prometheus.get("/api/v1/labels", span)
        return [str(name) for name in names if browser_regex(inside).search(str(name))]
    if name == "metrics":
        names = prometheus.get("/api/v1/label/__name__/values", span)
        return [str(name) for name in names if browser_regex(inside).search(str(name))]
    if name == "label_values":
        parts = _LABEL_VALUES.fullmatch(inside)
        if parts is not None:
            match = {"match[]": parts[1].strip()} if parts[1] else {}
            return [
                str(value) for value in prometheus.get(f"/api/v1/label/{parts[2]}/values", {**span, **match})
            ]
    if name == "query_result":
        rows = prometheus.query(inside, at=at)
        return [f"{_series(dict(labels))} {value:g} {round(at * 1000)}" for labels, value in rows]
    series: Any = prometheus.get("/api/v1/series", {**span, "match[]": query})
    return [_series(item) for item in series]


def _series(labels: dict[str, str]) -> str:
    inside = ",".join(f'{key}="{value}"' for key, value in labels.items() if key != "__name__")
    return f"{labels.get('__name__', '')}{{{inside}}}"
