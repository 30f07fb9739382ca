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
    """the data sources that are provisioned"""
    providers: tuple[Provider, ...]
    """which folders of dashboards are provisioned"""
    problems: tuple[Problem, ...]
    """what could not be read"""
    scrape_intervals: dict[str, int]
    """the jobs' scrape intervals (ms), unscaled"""


@dataclass(frozen=True)
class VariableAsked(Kind, kind="variable"):
    """The live values of a dashboard's variable, and which of them are chosen by default."""

    dashboard: str
    """the dashboard's file"""
    name: str
    """the variable's"""
    query: str = ""
    """as it was sent; empty for a variable without one"""
    values: tuple[str, ...] | None = None
    """what a query variable's query gave; None when it was not asked"""
    options: tuple[str, ...] = ()
    """all values that it offers"""
    chosen: tuple[str, ...] = ()
    """values that are chosen by default"""
    error: str | None = None
    """what the server said of a query that it refused"""


@dataclass(frozen=True)
class Drawn(Part):
    """A series as a panel draws it: points of (run time (s), value)."""

    labels: dict[str, str]
    """the series' labels"""
    points: Samples
    """(run time (s), value)"""
    name: str = ""
    """the legend's text"""


@dataclass(frozen=True)
class PanelAsked(Kind, kind="panel"):
    """A panel's query as Prometheus answered it at one zoom. Times are epoch milliseconds, `step` too."""

    dashboard: str
    """the dashboard's file"""
    panel: str
    """the panel's title"""
    path: str
    """JSON path of the query in the dashboard"""
    ref: str
    """the query's `refId`"""
    zoom: str
    """which look it was: `whole`, `narrow`, `last third` or `coarse`"""
    width: int
    """of the panel, in pixels"""
    instant: bool
    """whether it was asked for one instant"""
    expanded: str = ""
    """the query as sent: variables and macros replaced, durations scaled"""
    step: int = 0
    """between two points"""
    begin: int = 0
    """of the range"""
    end: int = 0
    """of the range"""
    series: tuple[Drawn, ...] | None = None
    """None when there was no answer"""
    error: str | None = None
    """why there was no answer"""


@dataclass(frozen=True)
class PanelCause(Kind, kind="panel_cause"):
    """Why a query gave nothing: the smallest change that gives something."""

    dashboard: str
    """the dashboard's file"""
    panel: str
    """the panel's title"""
    path: str
    """JSON path of the query in the dashboard"""
    cause: str
    """in words"""
    answers: dict[str, float | None] = field(default_factory=dict)
    """what each relaxed query gave: its largest value, None without a series"""


@dataclass(frozen=True)
class Choice(Kind, kind="choice"):
    """The series that a query gave with some values of a variable chosen."""

    dashboard: str
    """the dashboard's file"""
    path: str
    """JSON path of the query in the dashboard"""
    variable: str
    """the variable's name"""
    chosen: tuple[str, ...]
    """the values that were chosen"""
    labels: tuple[str, ...]
    """labels that the query compares with the variable"""
    expanded: str = ""
    """the query as sent"""
    series: tuple[dict[str, str], ...] | None = None
    """label sets; None when there was no answer"""
    error: str | None = None
    """why there was no answer"""


@dataclass(frozen=True)
class GrafanaAnswer(Part):
    """An HTTP answer of Grafana: status and JSON body."""

    status: int
    """of the HTTP answer"""
    body: object
    """its JSON"""


@dataclass(frozen=True)
class GrafanaAsked(Kind, kind="grafana"):
    """What a real Grafana made of the files; what it did not answer is missing and named in `errors`."""

    errors: tuple[str, ...]
    """what was not answered, and why"""
    same_server: bool
    """whether its data source is the Prometheus of this run"""
    url: str = ""
    """where it was asked"""
    files: dict[str, str] = field(default_factory=dict)
    """the dashboards that it was given"""
    intervals: dict[str, str] = field(default_factory=dict)
    """the interval of each data source, by uid"""
    health: GrafanaAnswer | None = None
    """`/api/health`"""
    anonymous: GrafanaAnswer | None = None
    """what somebody without an account is answered"""
    account: GrafanaAnswer | None = None
    """what the documented account is answered"""
    sources: GrafanaAnswer | None = None
    """the data sources that it has"""
    search: GrafanaAnswer | None = None
    """the dashboards that it lists"""
    source_health: dict[str, GrafanaAnswer] = field(default_factory=dict)
    """the health of each data source, by uid"""
    dashboards: dict[str, GrafanaAnswer] = field(default_factory=dict)
    """by uid"""
    other_server: str = ""
    """why its queries were not sent"""


@dataclass(frozen=True)
class GrafanaQuery(Kind, kind="grafana_query"):
    """A panel's query as Grafana answered it."""

    dashboard: str
    """the dashboard's file"""
    path: str
    """JSON path of the query in the dashboard"""
    of: int
    """number of the record `panel` that has Prometheus' own answer"""
    panel: str = ""
    """the panel's title"""
    error: str | None = None
    """why there was no answer"""
    expression: str = ""
    """as Grafana says that it sent it"""
    step: str = ""
    """as Grafana says it"""
    series: tuple[Drawn, ...] = ()
    """those that it drew"""
