"""A set-up as it is deployed, as data: what every judge gets.

Durations are in seconds. Each thing keeps the part of the file that it was read from (`part`), for keys that are not
named here and for places. Several Prometheus configurations may be in one tree; a group knows those that load it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import promql_parser

from promproof.config.jsonplaces import Lines
from promproof.config.promql import parse, walk
from promproof.findings.finding import Place
from promproof.findings.pagetext import PageText
from promproof.findings.part import Document, Part
from promproof.findings.services import ComposeFile, Service
from promproof.findings.thing import Thing

if TYPE_CHECKING:
    from promproof.grafana.dashboard import Dashboard
    from promproof.grafana.origins import DataSource
    from promproof.grafana.provisioning import Provider


@dataclass(frozen=True, eq=False)
class Job(Thing):
    """A scrape job; interval and time-out as they hold for it. targets: of its static_configs.

    origin: the key scrape_configs, or the kind of an operator resource (ServiceMonitor).
    """

    name: str
    scrape_interval: float
    scrape_timeout: float
    scheme: str = "http"
    metrics_path: str = "/metrics"
    targets: tuple[str, ...] = ()
    relabel_configs: tuple[Part, ...] = ()
    metric_relabel_configs: tuple[Part, ...] = ()
    honor_labels: bool = False
    origin: str = "scrape_configs"


@dataclass(frozen=True, eq=False)
class Pattern(Thing):
    """An entry of rule_files and the files that it matches, as they are shown; addresses: the same for mounts.

    is_known: whether it is known where it looks, so that a file that is not matched here is not matched there.
    """

    text: str
    files: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    is_known: bool = False


@dataclass(frozen=True, eq=False)
class Prometheus(Thing):
    """A Prometheus configuration. retention: of the command line in the compose file; None where it is not known."""

    scrape_interval: float = 60.0
    evaluation_interval: float = 60.0
    external_labels: Mapping[str, str] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    alertmanagers: tuple[Part, ...] = ()
    alert_relabel_configs: tuple[Part, ...] = ()
    retention: float | None = None
    service: str = ""
    """The service of a compose file that runs it; empty when none is known."""
    container: Service | None = None
    """That service, or the container of a workload."""


@dataclass(frozen=True, eq=False)
class Group(Thing):
    """A rule group. index: its place in the file; interval: None when the group has none of its own."""

    name: str
    index: int
    interval: float | None = None
    limit: int = 0
    query_offset: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    prometheuses: tuple[Prometheus, ...] = ()
    """Those that load it; empty for rule files that no configuration names."""

    @property
    def evaluation_interval(self) -> float | None:
        """How often it is evaluated; None when no configuration says so."""
        if self.interval:
            return self.interval
        return self.prometheuses[0].evaluation_interval if self.prometheuses else None


@dataclass(frozen=True, eq=False)
class Rule(Thing):
    """An alerting or recording rule. name: of the alert or the recorded metric; labels: with the group's."""

    name: str
    is_alert: bool
    expression: str
    group: Group
    index: int
    hold: float = 0.0
    keep_firing_for: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def tree(self) -> promql_parser.Expr | None:
        """The syntax tree; None when the expression does not parse, or is too large."""
        try:
            return parse(self.expression)
        except ValueError:
            return None

    @cached_property
    def nodes(self) -> tuple[Any, ...]:
        """All nodes of the tree, depth first; none when there is no tree."""
        return tuple(walk(self.tree)) if self.tree is not None else ()

    def at(self, *key: str | int) -> Place:
        """The place of a key in it; its own is that of its name."""
        return self.part.at(*(key or ("alert" if self.is_alert else "record",)))


@dataclass(frozen=True, eq=False)
class Route(Thing):
    """A route; timers and receiver as they hold for it, inherited ones too. path: route, route.routes[0], ...

    matchers: name, operator, value; None when one of them can't be read.
    """

    path: str
    receiver: str
    matchers: tuple[tuple[str, str, str], ...] | None
    goes_on: bool
    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float
    children: tuple[Route, ...] = ()

    @property
    def subtree(self) -> tuple[Route, ...]:
        """It and all below it, as they are tried."""
        return (self, *(route for child in self.children for route in child.subtree))


@dataclass(frozen=True, eq=False)
class Receiver(Thing):
    """A receiver. integrations: kind and part of each, `webhook_configs` say."""

    name: str
    integrations: tuple[tuple[str, Part], ...] = ()


@dataclass(frozen=True, eq=False)
class Template(Thing):
    """A file of Alertmanager's `templates:`, with its text."""

    name: str
    text: str


@dataclass(frozen=True, eq=False)
class Alertmanager(Thing):
    """An Alertmanager configuration. time_intervals: by name, mute_time_intervals too.

    unread_templates: the patterns of `templates:` whose files are not known here.
    """

    root: Route | None = None
    receivers: tuple[Receiver, ...] = ()
    inhibitions: tuple[Part, ...] = ()
    time_intervals: Mapping[str, Part] = field(default_factory=dict)
    templates: tuple[Template, ...] = ()
    unread_templates: tuple[str, ...] = ()
    service: str = ""
    container: Service | None = None

    @property
    def routes(self) -> tuple[Route, ...]:
        """All routes, the root first."""
        return self.root.subtree if self.root is not None else ()


@dataclass(frozen=True, eq=False)
class DashboardFile(Thing):
    """A dashboard: what was read of it, and its JSON as it is (`part`). providers: those that load it, as far as
    mounts tell; is_labelled: whether it is in a ConfigMap that a dashboard sidecar looks for.
    """

    dashboard: Dashboard
    providers: tuple[Provider, ...] = ()
    is_labelled: bool = False

    @cached_property
    def lines(self) -> Lines:
        """The lines of JSON paths."""
        return Lines(self.part.document.text)

    def at(self, *key: str | int) -> Place:
        """The place of a JSON path, `$.panels[0]`, as readers of dashboards give it."""
        path, document = str(key[0]) if key else "$", self.part.document
        is_inside = (
            bool(document.lines) or not document.text
        )  # of a ConfigMap: the text is that of the whole file
        return Place(self.file, document.lines.get(()) if is_inside else self.lines.line(path), path)


@dataclass(frozen=True, eq=False)
class Grafana:
    """What Grafana is provisioned with. alerting: the files of provisioning/alerting, one part for each."""

    sources: tuple[DataSource, ...] = ()
    providers: tuple[Provider, ...] = ()
    alerting: tuple[Part, ...] = ()
    is_provisioned: bool = False
    """Whether any provisioning file is there: without one, nothing is known of how dashboards are deployed."""


@dataclass(frozen=True)
class Knowledge:
    """What a server or an exposition says. types: by metric; labels: values of each label of each metric.

    Each is empty when nothing is known; complete: whether metrics that are not there do not exist.
    source: what is asked, as it is shown.
    """

    source: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    complete: bool = False

    def type_of(self, metric: str) -> str:
        """counter, gauge, histogram, summary; empty when it is not known."""
        return self.types.get(metric, "")


@dataclass(frozen=True)
class Page:
    """A local Markdown page that a link means. plain: fragments that lead to a place of it, told quickly; all: asks
    a parser for all of them.
    """

    name: str
    is_there: bool
    plain: frozenset[str] = frozenset()
    all: Callable[[], frozenset[str]] = frozenset

    @property
    def anchors(self) -> frozenset[str]:
        """The fragments that lead to a place of it."""
        return self.all()

    def has(self, anchor: str) -> bool:
        """Whether a fragment leads to a place of it, as one of the usual renderers makes them."""
        if anchor in self.plain:
            return True
        from promproof.config.markdown import leads_to  # its parser takes long to import

        return leads_to(anchor, self.anchors)


def no_page(link: str, folder: str) -> Page | None:
    """For a set-up of no files."""
    return None


def no_pages(folder: str, file: str) -> tuple[PageText, ...]:
    """For a set-up of no files."""
    return ()


@dataclass(frozen=True)
class Program:
    """promtool or amtool as it is here: its file, and how it is asked for its version."""

    name: str
    path: str
    ask: Callable[[str, str], str]

    @cached_property
    def version(self) -> str:
        """Its version, 2.42.0 say; empty when it does not answer as this program. It is asked when it is needed."""
        return self.ask(self.name, self.path)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version for comparisons."""
        return tuple(int(part) for part in self.version.split("-")[0].split(".") if part.isdecimal())


@dataclass(frozen=True)
class Trouble:
    """What could not be read of a file, or is not read by the program it is for. kind: of `file/KIND`."""

    kind: str
    place: Place
    message: str


@dataclass(frozen=True, eq=False)
class Setup:
    """Everything of a set-up. root: the folder, as it is shown.

    page_of: the local page that a link means, from the folder of the file that has it. pages_beside: those in a folder,
    and those above that name a file of it. troubles: with the files.
    documents: all that were read from files, whatever they are. unread: files that are not read, by the reason.
    """

    root: str = "."
    prometheuses: tuple[Prometheus, ...] = ()
    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()
    alertmanagers: tuple[Alertmanager, ...] = ()
    dashboards: tuple[DashboardFile, ...] = ()
    grafana: Grafana = field(default_factory=Grafana)
    compose: tuple[ComposeFile, ...] = ()
    rule_parts: tuple[Part, ...] = ()
    """What holds `groups` as it is: rule files, and the spec of each PrometheusRule, VMRule and so on."""
    resources: tuple[Part, ...] = ()
    """Operator resources as they are: PrometheusRule, ServiceMonitor, AlertmanagerConfig, ..."""
    knowledge: Knowledge = field(default_factory=Knowledge)
    page_of: Callable[[str, str], Page | None] = no_page
    pages_beside: Callable[[str, str], tuple[PageText, ...]] = no_pages
    troubles: tuple[Trouble, ...] = ()
    documents: tuple[Document, ...] = ()
    programs: Mapping[str, Program] | None = None
    """promtool and amtool, those that are here, by name; None where they are not to be asked."""
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    operated: tuple[Prometheus, ...] = ()
    """What the operator makes of its resources: a server for each `kind: Prometheus`, or one for all monitors."""

    @cached_property
    def alerts(self) -> tuple[Rule, ...]:
        """The alerting rules."""
        return tuple(rule for rule in self.rules if rule.is_alert)

    @cached_property
    def records(self) -> tuple[Rule, ...]:
        """The recording rules."""
        return tuple(rule for rule in self.rules if not rule.is_alert)

    @cached_property
    def recorded(self) -> Mapping[str, tuple[Rule, ...]]:
        """The recording rules by the metric that they record."""
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.records:
            found[rule.name] = (*found.get(rule.name, ()), rule)
        return found

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The scrape jobs of all configurations."""
        return tuple(job for server in (*self.prometheuses, *self.operated) for job in server.jobs)
