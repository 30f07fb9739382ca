"""What a file is, by its keys; and whether a text that can't be read is a monitoring file at all.

A folder holds much that is nobody's business here: lock files, pipelines, charts. Only what a program of the stack
would load is complained about, and what is a template for such a file is named as not read.
"""

from __future__ import annotations

import re
from typing import Any

RULES = {
    "PrometheusRule": "monitoring.coreos.com",
    "VMRule": "operator.victoriametrics.com",
    "Rules": "monitoring.googleapis.com",
    "ClusterRules": "monitoring.googleapis.com",
    "GlobalRules": "monitoring.googleapis.com",
}
"""Kinds of resources whose spec holds groups of rules, and the programs that they are of."""
PROGRAMS = tuple(f"{program}/" for program in RULES.values())
ONE_DOCUMENT = ("prometheus", "rules", "alertmanager")
"""Sorts of files of which the program reads the first document only."""
_ALERTING = {"contactPoints", "policies", "muteTimes", "templates", "groups"}
_AGENTS = {"positions", "clients", "client", "metrics", "integrations"}
"""Keys of Promtail and of Grafana's agent, which have scrape_configs of their own."""
_VALUES = {
    "serverFiles",
    "prometheusSpec",
    "kube-prometheus-stack",
    "additionalPrometheusRulesMap",
    "alertmanagerFiles",
}
_WORDS = re.compile(
    r"\b(?:groups|scrape_configs|rule_files|alerting|alertmanagers|route|inhibit_rules|services|datasources|providers"
    r"|contactPoints|policies|muteTimes|apiVersion|serverFiles|prometheusSpec|kube-prometheus-stack"
    r"|additionalPrometheusRulesMap)\b"
)
_BOARD = re.compile(r'"(?:panels|rows|elements)"')
_IMAGE = re.compile(r"^\s+image:.*\b(?:prometheus|alertmanager|grafana)\b", re.MULTILINE)
"""In a compose file: a program of the stack."""
# Keys at the start of a line, as they stand in files of the stack and hardly anywhere else.
_SURE = re.compile(
    r"^(?:scrape_configs|rule_files|inhibit_rules|alerting|groups):|^route:\s*$|"
    r"^kind: *(?:PrometheusRule|VMRule|ServiceMonitor|PodMonitor|AlertmanagerConfig)\b",
    re.MULTILINE,
)
_HELM = re.compile(
    r"\{\{-?\s*(?:[^}\n]*[^\w)}])?\.(?:Values|Release|Chart|Capabilities)\.\w|\{\{-?\s*[\"'`]\{\{|\{%-?\s*raw\b"
)
"""Words of a chart, and the ways in which a template writes `{{` for Prometheus."""
_BLOCK = re.compile(r"^\s*(?:-\s*)?(?:\{%|\{\{-?\s*(?!\$labels|\$value))", re.MULTILINE)


def holds_rules(data: Any) -> bool:
    """Whether a resource's spec holds groups of rules. One of Prometheus is known by its kind alone."""
    if not isinstance(data, dict):
        return False
    kind = str(data.get("kind"))
    return kind == "PrometheusRule" or (
        kind in RULES and str(data.get("apiVersion")).startswith(f"{RULES[kind]}/")
    )


def sort_of(data: Any) -> str:
    """What a document is by its keys; empty when it is nothing that is known here."""
    if not isinstance(data, dict):
        return ""
    keys = set(data)
    if {"apiVersion", "kind"} <= keys:
        return "resource"
    if "apiVersion" in keys and keys & _ALERTING:
        return "alerting"
    if "apiVersion" in keys and keys & {"datasources", "providers"}:
        return "provisioning"
    if {"rule_files", "tests"} <= keys:  # of promtool test rules
        return ""
    if keys & _VALUES:
        return "values"
    if keys & {"scrape_configs", "rule_files"} and not keys & _AGENTS:
        return "prometheus"
    if isinstance(data.get("alerting"), dict) and keys & {"global"} and "alertmanagers" in data["alerting"]:
        return "prometheus"
    return _of_others(data)


def _of_others(data: dict[str, Any]) -> str:
    if _is_alertmanager(data):
        return "alertmanager"
    if isinstance(data.get("groups"), list):
        return "rules"
    return "compose" if isinstance(data.get("services"), dict) else ""


def _is_alertmanager(data: dict[str, Any]) -> bool:
    """Whether it is Alertmanager's: values of a chart have a `route` too, which leads to no receiver."""
    route, has_receivers = data.get("route"), isinstance(data.get("receivers"), list)
    if isinstance(route, dict):
        return has_receivers or bool({"receiver", "routes", "group_by"} & set(route))
    return has_receivers and isinstance(data.get("inhibit_rules"), list)


def may_matter(text: str, *, is_json: bool) -> bool:
    """Whether a text can be one of these at all: a cheap look before it is parsed."""
    return (is_json and _BOARD.search(text) is not None) or _WORDS.search(text) is not None


def is_of_the_stack(text: str, *, is_json: bool) -> bool:
    """Whether a text that can't be read is meant for a program of the stack."""
    if is_json:
        return '"schemaVersion"' in text
    is_compose = (
        re.search(r"^services:\s*$", text, re.MULTILINE) is not None and _IMAGE.search(text) is not None
    )
    return is_compose or _SURE.search(text) is not None


def is_template(text: str, *, is_readable: bool) -> bool:
    """Whether a text makes YAML and is none itself, for Helm or Ansible."""
    return _HELM.search(text) is not None or (not is_readable and _BLOCK.search(text) is not None)
