"""Variables that open with a part of what is there, or hide it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_dashboard, each_panel, register
from promproof.findings.panels import board_of
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel
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
COMPARED = register(
    Kind(
        id="grafana/choice-compared",
        severity=Severity.WARNING,
        title="a variable of several values that a query compares with =",
        why="Of several chosen values Grafana makes a regular expression, `(a|b)`, which `=` takes for one value: the "
        "panel is empty with two chosen, and with All.",
        example='up{job="$job"} with a variable job that has "multi": true',
        instead='up{job=~"$job"}',
    )
)
_EQUALS = re.compile(r"(?<![!<>=~])(?P<sign>!?=)\s*\"\$\{?(?P<name>\w+)\}?\"")
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


@each_panel(COMPARED)
def judge_panel(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Queries that compare a choice of several with one value. Where something repeats by it, each copy has one."""
    board = board_of(file, setup)
    repeated = {repeated for repeated in map(_repeated, _all(board.data)) if repeated}
    several = {
        variable.name
        for variable in board.dashboard.variables
        if variable.type in ("query", "custom") and variable.multi and variable.name not in repeated
    }
    for query in board.queries(panel.path) if several else ():
        for match in _EQUALS.finditer(query.target.expression):
            if match["name"] in several:
                yield COMPARED.at(
                    file.at(f"{query.target.path}.expr"),
                    f"${match['name']} may be several values, and is compared with {match['sign']}",
                    effect="with two chosen, or All, nothing fits",
                    todo=f"write {'!~' if match['sign'] == '!=' else '=~'}, or let one be chosen only",
                    see="choose two values in the dashboard",
                )
                break


def _all(value: object) -> Iterator[dict[str, Any]]:
    """Every object of a dashboard."""
    if isinstance(value, dict):
        yield value
        yield from (found for item in value.values() for found in _all(item))
    elif isinstance(value, list):
        yield from (found for item in value for found in _all(item))


def _repeated(item: dict[str, Any]) -> str:
    """The variable by which a panel or row is repeated: its name, or in a v2 resource the value of one."""
    repeat = item.get("repeat")
    return str(repeat.get("value") if isinstance(repeat, dict) else repeat or "")
