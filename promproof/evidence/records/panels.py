"""What was asked for dashboards, and what Prometheus and Grafana answered. Written by the observers at rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from promproof.evidence.records.base import Kind, Part
from promproof.evidence.records.metrics import Samples
from promproof.grafana.dashboard import Problem
from promproof.grafana.origins import DataSource
from promproof.grafana.provisioning import Provider


@dataclass(frozen=True)
class Dashboards(Kind, kind="dashboards"):
    """The dashboards and the provisioning files as shipped."""

    files: dict[str, str]
    """a dashboard's JSON text by file"""
    sources: tuple[DataSource, ...]
    providers: tuple[Provider, ...]
    problems: tuple[Problem, ...]
    """what could not be read"""
    scrape_intervals: dict[str, int]
    """the jobs' scrape intervals (ms), unscaled"""


@dataclass(frozen=True)
class VariableAsked(Kind, kind="variable"):
    """The live values of a dashboard's variable, and which of them are chosen by default."""

    dashboard: str
    name: str
    query: str = ""
    values: tuple[str, ...] | None = None
    """what a query variable's query gave; None when it was not asked"""
    options: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Drawn(Part):
    """A series as a panel draws it: points of (run time (s), value)."""

    labels: dict[str, str]
    points: Samples
    name: str = ""


@dataclass(frozen=True)
class PanelAsked(Kind, kind="panel"):
    """A panel's query as Prometheus answered it at one zoom. Times are epoch milliseconds, `step` too."""

    dashboard: str
    panel: str
    path: str
    """JSON path of the query in the dashboard"""
    ref: str
    zoom: str
    width: int
    """of the panel, in pixels"""
    instant: bool
    expanded: str = ""
    """the query as sent: variables and macros replaced, durations scaled"""
    step: int = 0
    begin: int = 0
    end: int = 0
    series: tuple[Drawn, ...] | None = None
    """None when there was no answer"""
    error: str | None = None


@dataclass(frozen=True)
class PanelCause(Kind, kind="panel_cause"):
    """Why a query gave nothing: the smallest change that gives something."""

    dashboard: str
    panel: str
    path: str
    cause: str
    answers: dict[str, float | None] = field(default_factory=dict)
    """what each relaxed query gave: its largest value, None without a series"""


@dataclass(frozen=True)
class Choice(Kind, kind="choice"):
    """The series that a query gave with some values of a variable chosen."""

    dashboard: str
    path: str
    variable: str
    chosen: tuple[str, ...]
    labels: tuple[str, ...]
    """labels that the query compares with the variable"""
    expanded: str = ""
    series: tuple[dict[str, str], ...] | None = None
    """label sets; None when there was no answer"""
    error: str | None = None


@dataclass(frozen=True)
class GrafanaAnswer(Part):
    """An HTTP answer of Grafana: status and JSON body."""

    status: int
    body: object


@dataclass(frozen=True)
class GrafanaAsked(Kind, kind="grafana"):
    """What a real Grafana made of the files; what it did not answer is missing and named in `errors`."""

    errors: tuple[str, ...]
    same_server: bool
    """whether its data source is the Prometheus of this run"""
    url: str = ""
    files: dict[str, str] = field(default_factory=dict)
    """the dashboards that it was given"""
    intervals: dict[str, str] = field(default_factory=dict)
    """the interval of each data source, by uid"""
    health: GrafanaAnswer | None = None
    anonymous: GrafanaAnswer | None = None
    account: GrafanaAnswer | None = None
    sources: GrafanaAnswer | None = None
    search: GrafanaAnswer | None = None
    source_health: dict[str, GrafanaAnswer] = field(default_factory=dict)
    dashboards: dict[str, GrafanaAnswer] = field(default_factory=dict)
    """by uid"""
    other_server: str = ""
    """why its queries were not sent"""


@dataclass(frozen=True)
class GrafanaQuery(Kind, kind="grafana_query"):
    """A panel's query as Grafana answered it."""

    dashboard: str
    path: str
    of: int
    """number of the record `panel` that has Prometheus' own answer"""
    panel: str = ""
    error: str | None = None
    expression: str = ""
    """as Grafana says that it sent it"""
    step: str = ""
    series: tuple[Drawn, ...] = ()
