"""Variables that open with a part of what is there, or hide it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_dashboard, register
from promproof.findings.panels import board_of
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.expand import ALL
from promproof.grafana.regex import browser_regex

NARROW = register(
    Kind(
        id="grafana/narrow-choice",
        severity=Severity.INFO,
        title="a variable that was saved with a narrow choice",
        why="The dashboard opens with what was chosen when it was saved: a reader sees one instance and takes"
        " it for all.",
        example='"includeAll": true, "current": {"value": ["api-1"]}',
        instead='"includeAll": true, "current": {"value": ["$__all"]}',
    )
)
REGEX = register(
    Kind(
        id="grafana/variable-hides",
        severity=Severity.WARNING,
        title="a regular expression that hides values",
        why="`regex` keeps the values that it matches. What it does not match can't be chosen, and All leaves"
        " it out.",
        example='label_values(up, instance) with "regex": "/api-[0-9]/", where api-10 exists as well',
        instead='"regex": "/api-[0-9]+/"',
    )
)
_LABEL_VALUES = re.compile(r"label_values\((?:(?P<metric>[a-zA-Z_:][\w:]*)\s*,\s*)?(?P<label>\w+)\)")


@each_dashboard(NARROW, REGEX)
def judge(file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """What each query variable opens with, and what its regular expression leaves of the values that are known."""
    board = board_of(file, setup)
    for variable in board.dashboard.variables:
        if variable.type != "query":
            continue
        saved = [value for value in variable.current if value]
        current = board.raw(variable.path).get("current")
        shown = current.get("text") if isinstance(current, dict) else None
        is_all = bool({ALL, "All", ".*", ".+", variable.all_value} & set(saved)) or shown in ("All", ["All"])
        if variable.include_all and saved and not is_all:
            yield NARROW.at(
                file.at(f"{variable.path}.current"),
                f"${variable.name} opens with {', '.join(saved[:3])}",
                effect="everything else is not shown until the reader asks for it",
                todo="save the dashboard with All chosen",
                see="open the dashboard",
            )
        match = _LABEL_VALUES.fullmatch(variable.query.strip())
        if match is None or not variable.regex:
            continue
        values = _values(match["metric"] or "up", match["label"], setup)
        try:
            pattern = browser_regex(variable.regex)
        except ValueError:
            continue
        hidden = sorted(value for value in values if not pattern.search(value))
        if hidden:
            yield REGEX.at(
                file.at(f"{variable.path}.regex"),
                f"{variable.regex} hides {len(hidden)} of {len(values)} values: {', '.join(hidden[:3])}",
                effect="they can't be chosen, and All leaves them out",
                todo="widen it",
                see=f"compare with {variable.query}",
                severity=None if len(hidden) == len(values) else Severity.INFO,
            )


def _values(metric: str, label: str, setup: Setup) -> frozenset[str]:
    """The values that are known: by a server, or of `up` by the scrape configuration, as far as nothing relabels."""
    known = setup.knowledge.labels.get(metric, {}).get(label)
    if known is not None or metric != "up" or len(setup.prometheuses) != 1:
        return known or frozenset()
    jobs = [job for job in setup.jobs if not job.relabel_configs and not job.honor_labels]
    if label == "job":
        return frozenset(job.name for job in jobs)
    return frozenset(target for job in jobs for target in job.targets) if label == "instance" else frozenset()
