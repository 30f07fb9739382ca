"""What the files say, what the tools say of them, and what the servers have loaded."""

from __future__ import annotations

from dataclasses import dataclass, field

from promproof.config.rules import Rule
from promproof.evidence.records.base import Json, Kind, Part


@dataclass(frozen=True)
class ToolResult(Part):
    """A command of promtool or amtool on a file; `status` is None for one that did not start or end."""

    command: str
    status: int | None
    output: str


@dataclass(frozen=True)
class Tools(Kind, kind="tools"):
    """What promtool and amtool say of the files as shipped."""

    results: tuple[ToolResult, ...]
    findings: tuple[str, ...]
    """what is odd in the folder itself"""


@dataclass(frozen=True)
class RuleFiles(Kind, kind="rule_files"):
    """The alerting rules of the files as shipped, and the metrics that their recording rules write."""

    files: tuple[str, ...]
    rules: tuple[Rule, ...]
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True)
class RenderedRules(Kind, kind="rendered_rules"):
    """The alerting rules of the run copy: the shipped ones with scaled durations."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Routes(Kind, kind="routes"):
    """The receivers of each alert as amtool tells them, and by alert why it did not."""

    receivers: dict[str, tuple[str, ...]]
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Boundary(Kind, kind="boundary"):
    """The boundary proof: rows (alert, quantity, whether it fired), as promtool computed them."""

    points: tuple[tuple[str, float | None, bool], ...]
    error: str | None = None


@dataclass(frozen=True)
class PrometheusSaid(Kind, kind="prometheus"):
    """Version, flags and loaded configuration of the server, as it tells them."""

    version: str
    flags: dict[str, str]
    configuration: str


@dataclass(frozen=True)
class RulesLoaded(Kind, kind="rules"):
    """The rule groups as Prometheus lists them (`/api/v1/rules`)."""

    groups: tuple[Json, ...]


@dataclass(frozen=True)
class AlertmanagerSaid(Kind, kind="alertmanager"):
    """Whether Prometheus is connected to the run's Alertmanager, and the receivers that one has loaded."""

    url: str | None
    """as Prometheus sees it; None for a run without one"""
    receivers_wanted: tuple[str, ...]
    """receivers of the file"""
    active: tuple[str, ...] = ()
    """URLs to which Prometheus sends"""
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageRow(Part):
    """A row of a table of the page: plain text by column, and the line that it stands in."""

    cells: dict[str, str]
    line: int


@dataclass(frozen=True)
class Documentation(Kind, kind="documentation"):
    """The tables of the monitoring page; `path` is None when the contract names none."""

    path: str | None
    metrics: tuple[PageRow, ...] = ()
    alerts: tuple[PageRow, ...] = ()
    panels: tuple[PageRow, ...] = ()
    deployment: dict[str, tuple[PageRow, ...]] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class Reload(Part):
    """A file that was edited, read again, and put back: an entry's name, and what the server listed."""

    file: str
    name: str
    during: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Reloads(Kind, kind="reload"):
    """Files in use were edited and reloaded."""

    rows: tuple[Reload, ...]
