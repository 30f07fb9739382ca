"""monitoring/ with one thing wrong: each variant is the smallest change of one file, and names what must turn red."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from promproof.places import DEFAULT_MONITORING, REPOSITORY

HTTP = "prometheus/rules/http.yml"
EXECUTIONS = "prometheus/rules/executions.yml"
AVAILABILITY = "prometheus/rules/availability.yml"
RESOURCES = "prometheus/rules/resources.yml"
PROMETHEUS = "prometheus/prometheus.yml"
ALERTMANAGER = "alertmanager/alertmanager.yml"


@dataclass(frozen=True)
class Twin:
    """A textual change: every `before` in the file becomes `after`; `red` are the claims that must not pass.

    nightly: another twin shows the same kind of change every day.
    """

    name: str
    file: str
    before: str
    after: str
    red: frozenset[str]
    nightly: bool = False


def _twin(name: str, file: str, before: str, after: str, *red: str, nightly: bool = False) -> Twin:
    return Twin(name, file, before, after, frozenset(red), nightly)


def make(twin: Twin, folder: Path) -> Path:
    """A copy of the shipped monitoring folder with the change."""
    return changed(folder / "monitoring", [(twin.file, twin.before, twin.after)])


def changed(out: Path, changes: Iterable[tuple[str, str, str]]) -> Path:
    """A copy of the shipped monitoring folder beside its page, with texts replaced: (file, before, after)."""
    shutil.copytree(DEFAULT_MONITORING, out)
    if not (out.parent / "docs").exists():  # where the runbooks of the alerts are
        (out.parent / "docs").symlink_to(REPOSITORY / "docs")
    for file, before, after in changes:
        path = out / file
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{before!r} is not in {file}"
        path.write_text(text.replace(before, after), encoding="utf-8")
    return out


ERROR = "alert/HighErrorRate"
CRITICAL = (
    "HighErrorRate",
    "ServiceDown",
    "TargetDown",
    "MetricsMissing",
    "AlertmanagerUnreachable",
    "NotificationsFailing",
    "RuleEvaluationFailing",
    "ErrorBudgetFastBurn",
    "ErrorBudgetBurn",
)
ALERTS = (
    *CRITICAL,
    "SlowResponses",
    "HighCPUUsage",
    "HighMemoryUsage",
    "HighPromptFailureRate",
    "ErrorBudgetSlowBurn",
    "DiskWillFill",
    "Watchdog",
    "ConfigurationNotLoaded",
)
ALL_ALERTS = (
    *(f"alert/{name}/documented" for name in ALERTS),
    *(f"alert/{name}/boundary" for name in ALERTS),
)
PROMPTS = "alert/HighPromptFailureRate"
STATIC = (
    _twin(
        "threshold of 10 %", HTTP, "> 0.05", "> 0.1", f"{ERROR}/documented", f"{ERROR}/boundary", nightly=True
    ),
    _twin("threshold off by 1 %", HTTP, "> 0.05", "> 0.0505", f"{ERROR}/documented", f"{ERROR}/boundary"),
    _twin("comparator turned", HTTP, "> 0.05", "< 0.05", f"{ERROR}/documented", f"{ERROR}/boundary"),
    _twin("client errors counted", HTTP, 'status=~"5.."', 'status=~"[45].."', f"{ERROR}/boundary"),
    _twin("errors never match", HTTP, 'status=~"5.."', 'status=~"5xx"', f"{ERROR}/boundary", nightly=True),
    _twin(
        "another team",
        HTTP,
        "severity: critical\n          team: promptpilot",
        "severity: critical\n          team: platform",
        f"{ERROR}/documented",
    ),
    _twin("severity changed", HTTP, "severity: critical", "severity: page", f"{ERROR}/documented"),
    _twin(
        "quantile of 95",
        HTTP,
        "histogram_quantile(0.95,",
        "histogram_quantile(95,",
        "alert/SlowResponses/boundary",
        nightly=True,
    ),
    _twin("le forgotten", HTTP, "by (job, le)", "by (job)", "alert/SlowResponses/boundary"),
    _twin(
        "memory as percent",
        RESOURCES,
        "> 0.85",
        "> 85",
        "alert/HighMemoryUsage/documented",
        "alert/HighMemoryUsage/boundary",
        nightly=True,
    ),
    _twin(
        "vanished target forgotten",
        AVAILABILITY,
        'or absent(up{job="promptpilot-api"})',
        "",
        "alert/ServiceDown/documented",
        "alert/ServiceDown/boundary",
    ),
    _twin(
        "for doubled",
        AVAILABILITY,
        "for: 1m",
        "for: 2m",
        "alert/ServiceDown/documented",
        "alert/ServiceDown/boundary",
    ),
    _twin(
        "rule glob matches nothing", PROMETHEUS, "rules/*.yml", "rules/*.yaml", "config/clean", *ALL_ALERTS
    ),
    _twin("unknown key", PROMETHEUS, "rule_files:", "rulefiles: []\nrule_files:", "config/clean"),
    _twin(
        "critical only to the API that may be down",
        ALERTMANAGER,
        "receiver: operator",
        "receiver: webhook",
        *(f"alert/{name}/documented" for name in CRITICAL),
    ),
    _twin(
        "a watchdog that some target keeps alive",
        "prometheus/rules/monitoring.yml",
        "expr: vector(1)",
        "expr: up == 1",
        "alert/Watchdog/documented",
        "alert/Watchdog/boundary",
    ),
    _twin(
        "a disk that must be nearly full already",
        "prometheus/rules/resources.yml",
        'node_filesystem_size_bytes{job="node"} < 0.5',
        'node_filesystem_size_bytes{job="node"} < 0.05',
        "alert/DiskWillFill/documented",
    ),
)
