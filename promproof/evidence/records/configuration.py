"""What the files say, what the tools say of them, and what the servers have loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from promproof.config.rules import Rule
from promproof.evidence.records.base import Json, Kind, Part


@dataclass(frozen=True)
class ToolResult(Part):
    """A command of promtool or amtool on a file; `status` is None for one that did not start or end."""

    command: str
    """the command line"""
    status: int | None
    """its exit status; None for one that did not start or end"""
    output: str
    """what it wrote, both streams"""


@dataclass(frozen=True)
class Tools(Kind, kind="tools"):
    """What promtool and amtool say of the files as shipped."""

    results: tuple[ToolResult, ...]
    """one for each command"""
    findings: tuple[str, ...]
    """what is odd in the folder itself"""


@dataclass(frozen=True)
class RuleFiles(Kind, kind="rule_files"):
    """The alerting rules of the files as shipped, and the metrics that their recording rules write."""

    files: tuple[str, ...]
    """the rule files, relative to the monitoring folder"""
    rules: tuple[Rule, ...]
    """every alerting rule with its file and line"""
    recorded: tuple[str, ...] = ()
    """names of the metrics that recording rules write"""
    recordings: tuple[tuple[str, str], ...] = ()
    """name and expression of each recording rule"""


@dataclass(frozen=True)
class RenderedRules(Kind, kind="rendered_rules"):
    """The alerting rules of the run copy: the shipped ones with scaled durations."""

    rules: tuple[Rule, ...]
    """every alerting rule with its file and line"""


@dataclass(frozen=True)
class Routes(Kind, kind="routes"):
    """The receivers of each alert as amtool tells them, and by alert why it did not."""

    receivers: dict[str, tuple[str, ...]]
    """names of the receivers by alert"""
    errors: dict[str, str] = field(default_factory=dict)
    """what amtool said of an alert instead, by alert"""


@dataclass(frozen=True)
class WorldAsked(Part):
    """What promtool counted in one world of an alert's boundary; the contract says what it should."""

    alert: str
    """the alert's name"""
    world: str
    """the world's name, as promproof/checks/boundary_worlds.py gives it"""
    counts: tuple[float, ...]
    """alerts that fire: all, then those with each promised label set; of a course, at each moment that is asked"""
    refused: str = ""
    """what promtool said instead"""
    moments: tuple[float, ...] = ()
    """of a course: seconds after the beginning: cause, healing, then each moment that is asked"""


@dataclass(frozen=True)
class Boundary(Kind, kind="boundary"):
    """The boundary proof: rows (alert, quantity, whether it fired), as promtool computed them."""

    points: tuple[tuple[str, float | None, bool], ...]
    """alert, quantity `q`, and whether it fired there; a quantity of None: without any series"""
    error: str | None = None
    """why there are none"""
    rules: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """for an alert without a `boundary` in its contract: the verdict on its rule, where it flips, and the reason"""
    worlds: tuple[WorldAsked, ...] = ()
    """what was counted in the further worlds of each boundary"""
    refused: dict[str, str] = field(default_factory=dict)
    """for an alert of which promtool refused a point: what it said; that point is not among the points"""
    vanishing: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """by alert and metric that it reads: the alerts that fire when this metric has vanished"""

    def points_of(self, alert: str) -> list[tuple[str, float | None, bool]]:
        """The rows of one alert."""
        return self._points.get(alert, [])

    def worlds_of(self, alert: str) -> list[WorldAsked]:
        """The further worlds of one alert."""
        return self._worlds.get(alert, [])

    @cached_property
    def _points(self) -> dict[str, list[tuple[str, float | None, bool]]]:
        found: dict[str, list[tuple[str, float | None, bool]]] = {}
        for row in self.points:
            found.setdefault(row[0], []).append(row)
        return found

    @cached_property
    def _worlds(self) -> dict[str, list[WorldAsked]]:
        found: dict[str, list[WorldAsked]] = {}
        for row in self.worlds:
            found.setdefault(row.alert, []).append(row)
        return found


@dataclass(frozen=True)
class PrometheusSaid(Kind, kind="prometheus"):
    """Version, flags and loaded configuration of the server, as it tells them."""

    version: str
    """as `/api/v1/status/buildinfo` has it"""
    flags: dict[str, str]
    """by name, without the dashes"""
    configuration: str
    """the YAML text that is loaded"""


@dataclass(frozen=True)
class JobSeries(Kind, kind="job_series"):
    """How many series each job has brought of each metric in the run."""

    counts: dict[str, float]
    """by job and metric, a blank between them"""


@dataclass(frozen=True)
class RulesLoaded(Kind, kind="rules"):
    """The rule groups as Prometheus lists them (`/api/v1/rules`)."""

    groups: tuple[Json, ...]
    """as the server gives them"""


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
    """names of those that are loaded"""


@dataclass(frozen=True)
class PageRow(Part):
    """A row of a table of the page: plain text by column, and the line that it stands in."""

    cells: dict[str, str]
    """by the column's heading"""
    line: int
    """of the page's file"""


@dataclass(frozen=True)
class Documentation(Kind, kind="documentation"):
    """The tables of the monitoring page; `path` is None when the contract names none."""

    path: str | None
    """the page's file; None when the contract names none"""
    metrics: tuple[PageRow, ...] = ()
    """rows of the tables of metrics"""
    alerts: tuple[PageRow, ...] = ()
    """rows of the table of alerts"""
    panels: tuple[PageRow, ...] = ()
    """rows of the tables of panels"""
    deployment: dict[str, tuple[PageRow, ...]] = field(default_factory=dict)
    """rows of the tables about the deployment, by table"""
    error: str | None = None
    """why the page could not be read"""


@dataclass(frozen=True)
class Reload(Part):
    """A file that was edited, read again, and put back: an entry's name, and what the server listed."""

    file: str
    """its name"""
    name: str
    """of the entry that was added"""
    during: tuple[str, ...]
    """names that the server listed with the entry in the file"""
    after: tuple[str, ...]
    """names that it listed without it again"""


@dataclass(frozen=True)
class Reloads(Kind, kind="reload"):
    """Files in use were edited and reloaded."""

    rows: tuple[Reload, ...]
    """one for each file that was edited; none where the folder has nothing to edit"""


@dataclass(frozen=True)
class Found(Part):
    """A finding of `promproof check` in the files as deployed."""

    id: str
    """its kind: `rule/label-lost`"""
    severity: str
    """`error` or `warning`"""
    place: str
    """file and line, or JSON path"""
    message: str
    """what is wrong"""
    todo: str = ""
    """what to do"""
    about: str = ""
    """what it stands in: `alert`, `receiver`, `job`, `service`, `dashboard`, `panel`"""
    name: str = ""
    """the name of that; of a dashboard its uid, of a panel `UID/PANEL`"""


@dataclass(frozen=True)
class FilesJudged(Kind, kind="files_judged"):
    """What `promproof check` finds in the files as deployed and nobody accepts, and what these say."""

    findings: tuple[Found, ...] = ()
    """those of severity warning and error"""
    accepted: int = 0
    """how many are meant so"""
    crashed: tuple[str, ...] = ()
    """what could not be judged, with the exception"""
    facts: Json = field(default_factory=dict)
    """what holds for each job, rule group, route, receiver and service, with inherited values filled in"""
    panels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """by dashboard and panel, what its queries give in a made world, where that is not its documented truth"""
    error: str | None = None
    """why the files could not be read"""
