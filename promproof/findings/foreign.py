"""Rule files that are not for a Prometheus as they stand: of Loki, vmalert, Thanos, Mimir, or with placeholders."""

from __future__ import annotations

import re

from promproof.findings.containers import is_evaluated_elsewhere
from promproof.findings.part import Document
from promproof.findings.setup import Prometheus, Rule, Setup

KEYS = frozenset(
    [
        "partial_response_strategy",
        "source_tenants",
        "evaluation_delay",
        "align_evaluation_time_on_interval",
        "concurrency",
        "type",
        "tenant",
        "params",
        "headers",
        "notifier_headers",
        "debug",
        "eval_offset",
        "eval_delay",
        "eval_alignment",
        "update_entries_limit",
        "extra_filter_labels",
        "id",
        "remote_write",
    ]
)
"""Keys of other programs that evaluate such files: Thanos, Mimir, Loki, vmalert."""
PLACEHOLDER = re.compile(r"\$\{[A-Z][A-Z0-9_]*(?::?[-=+?][^{}]*)?\}")
"""What envsubst or Flux fills in before anybody loads the file."""
BARE = re.compile(r"\$[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9](?::\d+)?")
"""The same without braces, as the whole of a value."""
_BARE_VALUE = re.compile(rf"(?:[:\s]|- )[\"']?{BARE.pattern}[\"']?\s*$", re.MULTILINE)
IS_OTHER = re.compile(
    r"\b(?:anchored|smoothed|holt_winters|keep_metric_names|default|if|ifnot|WITH|limit)\b|\d_\d|\[[^\]]*[-+*/(]"
    r"|\[\d+i[:\]]|\b\d+(?:\.\d+)?[KMGT]i?\b|unknown function|expected type|wrong number of arg|at least"
)
"""What a Prometheus of another version, or a server with a larger language, takes and the parser here does not."""
_LOGS = re.compile(
    r"\|[=~>]|\|\s*(?:json|logfmt|pattern|regexp|unpack|line_format|label_format|unwrap)\b|\{[^{}]*\}\s*\|"
)
"""What makes an expression one of Loki."""
_AGENT = re.compile(r"(?:^|[/-])(?:vmagent|vmsingle|victoria-metrics|agent|alloy)(?:[:@-]|$)")
"""Images of programs that read a configuration of Prometheus, and take more in it."""
_OF_VICTORIA = re.compile(
    r"\b(?:stream_parse|scrape_align_interval|scrape_offset|series_limit|no_stale_markers)[\"']?\s*:"
    r"|\baction[\"']?\s*:\s*[\"']?(?:replace_all|labelmap_all|(?:keep|drop)_(?:metrics|if_equal|if_contains))\b"
)
"""Keys and actions that vmagent adds."""


def is_log_query(rule: Rule) -> bool:
    """Whether the expression of a rule is one of Loki."""
    return rule.tree is None and _LOGS.search(rule.expression) is not None


def is_of_another_program(document: Document, setup: Setup) -> bool:
    """Whether a key or a mount says that a vmalert, a Thanos or a Mimir evaluates the rules of a file."""
    data = document.data if isinstance(document.data, dict) else {}
    if data.get("kind") == "VMRule":
        return True
    groups = [group for group in data.get("groups") or () if isinstance(group, dict)]
    keys = {key for group in groups for key in group}
    return (
        "namespace" in data
        or not KEYS.isdisjoint(keys)
        or is_evaluated_elsewhere(document.address, setup.compose)
    )


def is_of_an_agent(server: Prometheus) -> bool:
    """Whether a vmagent or the like runs with a configuration: its image or its keys say so."""
    image = server.container.image if server.container is not None else ""
    if image:
        return _AGENT.search(image) is not None
    return _OF_VICTORIA.search(server.part.document.text) is not None


def is_foreign(document: Document, setup: Setup) -> bool:
    """Whether what a Prometheus says of a file is no mistake: none loads it, or placeholders are filled in first."""
    if PLACEHOLDER.search(document.text) or _BARE_VALUE.search(document.text):
        return True
    if any(is_of_an_agent(server) for server in setup.prometheuses if server.part.document is document):
        return True
    rules = [rule for rule in setup.rules if rule.part.document is document]
    if any(rule.group.prometheuses for rule in rules):
        return False
    return any(map(is_log_query, rules)) or (bool(rules) and is_of_another_program(document, setup))
