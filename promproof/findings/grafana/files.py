"""Dashboard files that Grafana does not load, or loads with something left out."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_dashboard, register, whole_setup
from promproof.findings.setup import DashboardFile, Setup

MARK = register(
    Kind(
        id="grafana/byte-order-mark",
        severity=Severity.ERROR,
        title="a dashboard file that begins with a byte order mark",
        why="JSON has no byte order mark. Grafana logs an error when it provisions the file, and the "
        "dashboard is missing.",
        example='\ufeff{"title": "API", "panels": []}',
        instead='{"title": "API", "panels": []}',
    )
)
TITLE = register(
    Kind(
        id="grafana/no-title",
        severity=Severity.ERROR,
        title="a dashboard without a title",
        why="Grafana does not load a dashboard without a title.",
        example='{"panels": []}',
        instead='{"title": "API", "panels": []}',
    )
)
WRAPPED = register(
    Kind(
        id="grafana/wrapped",
        severity=Severity.ERROR,
        title="a provisioned file that holds an answer of the API",
        why="The API wraps a dashboard in `dashboard`, beside `meta`. Provisioning looks for the title at the"
        " top, finds none, and does not load the file.",
        example='{"dashboard": {"title": "API", "panels": []}, "meta": {}}',
        instead='{"title": "API", "panels": []}',
    )
)
UID = register(
    Kind(
        id="grafana/uid-too-long",
        severity=Severity.ERROR,
        title="a uid of over 40 characters",
        why="Grafana refuses the dashboard.",
        example='"uid": "a-uid-that-has-more-than-forty-characters-in-it"',
        instead='"uid": "http-performance"',
    )
)
UID_TWICE = register(
    Kind(
        id="grafana/uid-twice",
        severity=Severity.ERROR,
        title="two dashboards of one folder with the same uid",
        why="A uid is there once. Grafana notices the second file, and from then on writes neither of them.",
        example='two files of a folder with "uid": "api"',
        instead='"uid": "api" and "uid": "api-details"',
    )
)
TITLE_TWICE = register(
    Kind(
        id="grafana/title-twice",
        severity=Severity.WARNING,
        title="two provisioned dashboards of one folder with the same title",
        why="A title is there once in a folder. Grafana notices the second file, and from then on its provider "
        "writes nothing: changes of the files are not shown.",
        example='two files of a provisioned folder with "title": "API"',
        instead='"title": "API" and "title": "API details"',
    )
)
DROPPED = register(
    Kind(
        id="grafana/open-row-with-panels",
        severity=Severity.WARNING,
        title="an open row that holds panels",
        why="Only a collapsed row holds its panels. Those of an open one stand behind it in the list; others "
        "are dropped.",
        example='{"type": "row", "collapsed": false, "panels": [{"type": "stat"}]}',
        instead='{"type": "row", "collapsed": false, "panels": []}, {"type": "stat"}',
    )
)
REF = register(
    Kind(
        id="grafana/query-id-twice",
        severity=Severity.WARNING,
        title="two queries of a panel with one refId",
        why="Results are kept by refId: one of the two replaces the other.",
        example='"targets": [{"refId": "A", "expr": "up"}, {"refId": "A", "expr": "process_start_time_seconds"}]',
        instead='"targets": [{"refId": "A", "expr": "up"}, {"refId": "B", "expr": "process_start_time_seconds"}]',
    )
)
VARIABLE = register(
    Kind(
        id="grafana/variable-twice",
        severity=Severity.WARNING,
        title="two variables of a dashboard with one name",
        why="Queries know a variable by its name: of two drop-downs with one name, one does nothing.",
        example='"templating": {"list": [{"name": "job", "type": "query"}, {"name": "job", "type": "query"}]}',
        instead='"templating": {"list": [{"name": "job", "type": "query"}, {"name": "instance", "type": "query"}]}',
    )
)
VALUE = register(
    Kind(
        id="grafana/odd-value",
        severity=Severity.INFO,
        title="a key with a value of another type",
        why="Grafana may read the key as if it were not there, or not load the dashboard.",
        example='"title": ["API"]',
        instead='"title": "API"',
    )
)
_BY_MESSAGE = (
    ("begins with a byte order mark", MARK, "the dashboard is missing", "save it without a byte order mark"),
    ("missing: Grafana does not load", TITLE, "the dashboard is missing", "give it a title"),
    ("wrapped in `dashboard`", WRAPPED, "the dashboard is missing", "keep the content of `dashboard` only"),
    ("Grafana takes up to", UID, "the dashboard is missing", "shorten it"),
    ("an open row holds panels", DROPPED, "the panels are not shown", "put them behind the row"),
    ("is there twice: one result", REF, "one of the two is not shown", "give it a letter of its own"),
    ("' is there twice", VARIABLE, "one of the two drop-downs does nothing", "give it a name of its own"),
)


@each_dashboard(MARK, TITLE, WRAPPED, UID, DROPPED, REF, VARIABLE, VALUE)
def judge(file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """What reading the file came upon."""
    for problem in file.dashboard.problems:
        known = next((entry for entry in _BY_MESSAGE if entry[0] in problem.message), None)
        if known is not None:
            _, kind, effect, todo = known
            if kind is WRAPPED and not setup.grafana.is_provisioned:
                continue  # it may be sent to the API as it is
            if kind is TITLE and not _is_surely_one(file.part.data):
                continue
            yield kind.at(file.at(problem.path), problem.message, effect=effect, todo=todo, see=_SEE)
        elif ": found " in f": {problem.message}" or "expected a number" in problem.message:
            yield VALUE.at(
                file.at(problem.path),
                problem.message,
                effect="the key is lost, or the dashboard is",
                todo="write a value of the type that is expected",
                see=_SEE,
            )


def _is_surely_one(data: Any) -> bool:
    """Whether it is a dashboard: other files have rows and panels too."""
    return isinstance(data, dict) and any(
        key in data for key in ("schemaVersion", "templating", "annotations")
    )


_SEE = "Grafana's log when it starts (logger=provisioning.dashboard), or the dashboard as it shows it"


@whole_setup(UID_TWICE, TITLE_TWICE)
def judge_names(setup: Setup) -> Iterator[Finding]:
    """The same uid or title in two files of one folder; files of two folders may be for two Grafanas."""
    yield from _twice(UID_TWICE, "uid", setup)
    if setup.grafana.providers:
        yield from _twice(TITLE_TWICE, "title", setup)


def _twice(kind: Kind, key: str, setup: Setup) -> Iterator[Finding]:
    seen: dict[tuple[str, str], DashboardFile] = {}
    for file in setup.dashboards:
        name = str(getattr(file.dashboard, key))
        first = seen.setdefault((posixpath.dirname(file.file), name), file)
        if name and first is not file:
            yield kind.at(
                file.at(f"$.{key}"),
                f"the {key} {name!r} is that of {first.file} too",
                effect="one of the two is not shown, or both as they were before",
                todo=f"give it a {key} of its own",
                see="Grafana's log: the provider has no database write permissions because of duplicates",
                severity=None if setup.grafana.is_provisioned else Severity.INFO,
            )
