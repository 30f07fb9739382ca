"""A dashboard as data: panels, targets, variables, each with its JSON path.

Only what a check asks for is kept. A file that is broken, in whole or in part, still gives a dashboard: what could
not be read is a problem with file, panel and path, and the rest can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """Something wrong with a file: where it is as file, panel title (empty: none) and JSON path (`$` is the top)."""

    file: str
    path: str
    message: str
    panel: str = ""

    def __str__(self) -> str:
        panel = f"panel {self.panel!r}, " if self.panel else ""
        return f"{self.file}: {panel}{self.path}: {self.message}"


SPECIAL = ("-- Mixed --", "-- Dashboard --", "-- Grafana --", "grafana", "__expr__")
"""References that are no provisioned data source: Grafana's own, and those that say where else the data come from."""


@dataclass(frozen=True)
class Source:
    """A data source reference; an old file gives a name only, and nothing at all means the default one."""

    type: str = ""
    uid: str = ""
    name: str = ""

    @property
    def reference(self) -> str:
        """What it is referred to by: uid or name; empty for the default one."""
        return self.uid or self.name

    @property
    def is_prometheus(self) -> bool:
        """Whether its queries are PromQL, as far as the file tells: an untold type counts."""
        return self.reference not in SPECIAL and self.type in ("", "prometheus")


@dataclass(frozen=True)
class Target:
    """One query of a panel; `interval` is the field "Min step"."""

    ref: str
    expression: str
    path: str
    legend: str = ""
    instant: bool = False
    range: bool = True
    format: str = "time_series"
    interval: str = ""
    interval_factor: int = 1
    hidden: bool = False
    source: Source = field(default_factory=Source)

    @property
    def is_sent(self) -> bool:
        """Whether Grafana would send it: not hidden, not empty."""
        return not self.hidden and bool(self.expression.strip())


@dataclass(frozen=True)
class AlertList:
    """What a list of alerts shows: of which states, and of which data source, by name; empty for all of them.

    order: Grafana's number of it; 4 begins with the oldest, 5 with the newest.
    """

    states: tuple[str, ...] = ()
    source: str = ""
    order: int | None = None


@dataclass(frozen=True)
class Panel:
    """One panel. `thresholds` are the values of its steps without the base; `row` is the collapsed row it is in."""

    id: int | None
    type: str
    title: str
    path: str
    targets: tuple[Target, ...] = ()
    description: str = ""
    unit: str = ""
    thresholds: tuple[float, ...] = ()
    thresholds_mode: str = "absolute"
    thresholds_drawn: bool = False
    interval: str = ""
    max_data_points: int | None = None
    calcs: tuple[str, ...] = ()
    row: str = ""
    repeat: str = ""
    overridden_units: tuple[str, ...] = ()
    transformed: bool = False
    library: str = ""
    """The name of the library panel that stands here; its content is in Grafana's database."""
    source: Source = field(default_factory=Source)
    """What all of its queries go to, unless it is mixed."""
    alerts: AlertList | None = None
    """Of a panel of type `alertlist`."""

    @property
    def slug(self) -> str:
        """The title as claim ids have it."""
        return slug(self.title)

    @property
    def unseen(self) -> tuple[Target, ...]:
        """The queries to a Prometheus that are switched off, when no expression or transformation reads them."""
        read = self.transformed or any(target.source.reference == "__expr__" for target in self.targets)
        return (
            ()
            if read
            else tuple(target for target in self.targets if target.hidden and target.source.is_prometheus)
        )

    @property
    def sent(self) -> tuple[Target, ...]:
        """The queries that Grafana would send to a Prometheus."""
        return tuple(target for target in self.targets if target.is_sent and target.source.is_prometheus)


@dataclass(frozen=True)
class Variable:
    """A template variable; `query` is text whatever form the file has, `options` are its written values.

    `auto_count` and `auto_min` are those of an interval variable that offers "auto"; 0 for one that does not.
    """

    name: str
    type: str
    path: str
    query: str = ""
    regex: str = ""
    multi: bool = False
    include_all: bool = False
    all_value: str | None = None
    current: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    source: Source = field(default_factory=Source)
    auto_count: int = 0
    auto_min: str = ""

    @property
    def has_values(self) -> bool:
        """Whether something is chosen for it; ad hoc filters and groupings go into all queries by themselves."""
        return self.type not in ("adhoc", "groupby", "system")


@dataclass(frozen=True)
class Dashboard:
    """One file. `schema` is None when the file does not tell; `form` says how it was wrapped."""

    file: str
    uid: str = ""
    title: str = ""
    panels: tuple[Panel, ...] = ()
    variables: tuple[Variable, ...] = ()
    annotations: tuple[Target, ...] = ()
    schema: int | None = None
    form: str = "plain"
    problems: tuple[Problem, ...] = ()

    @property
    def slug(self) -> str:
        """How claim ids name it: the uid, or the title when there is none."""
        return self.uid or slug(self.title)

    def queries(self) -> Iterator[tuple[Panel, Target]]:
        """Every query that Grafana would send, with its panel."""
        return ((panel, target) for panel in self.panels for target in panel.sent)

    def variable(self, name: str) -> Variable | None:
        """The variable of this name."""
        return next((variable for variable in self.variables if variable.name == name), None)


def slug(title: str) -> str:
    """A title as a part of an id: lower case, words joined by hyphens."""
    return re.sub(r"[\W_]+", "-", title.lower()).strip("-")
