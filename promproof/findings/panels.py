"""Dashboards as judges look at them: each query with its data source, expanded as Grafana would, and its syntax tree.

Variables inside of quotes stay as they are written: two of them at All must not look like one. Those outside of quotes
stand at what the file has chosen. A query is judged only where its data source is surely a Prometheus.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import promql_parser as promql

from promproof.config.promql import LITERAL, TooLarge, parse, walk
from promproof.config.promql_durations import without_raw_strings
from promproof.config.timescale import TimeScale
from promproof.findings.foreign import IS_OTHER
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana import zoom
from promproof.grafana.dashboard import Dashboard, Panel, Target, Variable
from promproof.grafana.durations import milliseconds
from promproof.grafana.expand import ALL, BUILT_IN, GLOBALS, Value, names, options_of, substitute, with_auto
from promproof.grafana.origins import DataSource, resolved
from promproof.grafana.queries import metric_of
from promproof.grafana.steps import Request, Resolved
from promproof.grafana.windows import executed

ONE = TimeScale(1)
NARROW = Request(0, 5 * zoom.MINUTE, 2000)
"""The smallest step that a reader sees: 5 minutes on a wide screen."""
POINTS = 1000
_NEAR = 2
"""Folders between dashboards and the parent of their provisioning: `grafana/provisioning` and `dashboards/api`."""
_RANGE_UNKNOWN = 6 * zoom.HOUR
"""What Grafana shows of a dashboard that does not say."""


@dataclass(frozen=True)
class Query:
    """One query of a panel. text: as sent at the dashboard's own range; tree: None when nothing surely parses it."""

    target: Target
    text: str = ""
    tree: Any = None
    error: str = ""
    """Why it does not parse; empty when it does, or when that depends on a reader's choice."""

    @cached_property
    def nodes(self) -> tuple[Any, ...]:
        """All nodes of the tree, depth first; none when there is no tree."""
        return tuple(walk(self.tree)) if self.tree is not None else ()


class Board:
    """A dashboard file with the data source of each query and the texts that are sent."""

    def __init__(self, file: DashboardFile, setup: Setup) -> None:
        self.sources = sources_of(file, setup)
        self.dashboard = resolved(file.dashboard, self.sources)
        self.data = _content(file.part.data)
        self._intervals = {source.uid: source.interval for source in self.sources}
        self._panels = {panel.path: panel for panel in self.dashboard.panels}
        self._root = file.part.data
        self._text = file.part.document.text
        self._queries: dict[str, tuple[Query, ...]] = {}
        self._chosen: dict[int, dict[str, Value]] = {}
        self._placed: dict[tuple[str, int], str] = {}
        self._raw: dict[str, Mapping[str, Any]] = {}

    @property
    def is_filled_in(self) -> bool:
        """Whether the file is a template of Terraform: what looks like a variable may be one of its own."""
        return "$${" in self._text

    @cached_property
    def declared(self) -> tuple[str, ...]:
        """The names of its variables."""
        return tuple(variable.name for variable in self.dashboard.variables)

    @cached_property
    def chosen(self) -> dict[str, Value]:
        """What each variable has in the file: the saved value, or its first option, or a word that is none."""
        return {
            variable.name: _value(variable) for variable in self.dashboard.variables if variable.has_values
        }

    @cached_property
    def opening(self) -> Request:
        """What is asked when the dashboard opens, at a usual width."""
        time = self.data.get("time") or self.data.get("timeSettings")
        begin = str(time.get("from") or "") if isinstance(time, dict) else ""
        end = str(time.get("to") or "now") if isinstance(time, dict) else "now"
        try:
            length = milliseconds(begin.removeprefix("now-").partition("/")[0]) if end == "now" else 0
        except ValueError:
            length = 0
        return Request(0, length or _RANGE_UNKNOWN, POINTS)

    def interval_of(self, target: Target) -> str | None:
        """`timeInterval` of the data source of a query, empty when it is unset; None when the source is not known."""
        return self._intervals.get(target.source.uid)

    def panel(self, path: str) -> Panel:
        """The panel at a path, its queries with their data sources."""
        return self._panels[path]

    def raw(self, path: str) -> Mapping[str, Any]:
        """The JSON of a panel as it is; a v2 resource's in the classic shape, as far as judges ask for it."""
        if path not in self._raw:
            self._raw[path] = self._as_classic(at_path(self._root, path))
        return self._raw[path]

    def path(self, panel: str, key: str) -> str:
        """The JSON path of a key of a panel, also where a v2 resource has it elsewhere."""
        part = at_path(self._root, panel)
        if not isinstance(part, dict) or "vizConfig" not in part:
            return f"{panel}.{key}"
        if key == "type":
            return f"{panel}.vizConfig.{'group' if 'group' in _object(part['vizConfig']) else 'kind'}"
        inside = "vizConfig.spec" if key.startswith(("fieldConfig", "options")) else ""
        inside = "data.spec.queryOptions" if key.startswith(("time", "interval", "maxData")) else inside
        return f"{panel}.{inside}.{key}" if inside else f"{panel}.{key}"

    def _as_classic(self, found: Any) -> Mapping[str, Any]:
        if not isinstance(found, dict):
            return {}
        drawn = _object(_object(found.get("vizConfig")).get("spec"))
        options = _object(_object(_object(found.get("data")).get("spec")).get("queryOptions"))
        return {**found, **drawn, **options} if drawn or options else found

    def shows_all_values(self, path: str) -> bool:
        """Whether a panel of single numbers shows every point, and reduces nothing."""
        options = _object(self.raw(path).get("options"))
        return _object(options.get("reduceOptions")).get("values") is True

    def queries(self, path: str) -> tuple[Query, ...]:
        """The queries of a panel that surely go to a Prometheus, at the dashboard's own range."""
        if path not in self._queries:
            self._queries[path] = tuple(self._read(self.panel(path)))
        return self._queries[path]

    def _read(self, panel: Panel) -> Iterator[Query]:
        for target in panel.sent:
            is_sure = target.source.type == "prometheus"
            text = ""
            try:
                text = self.text(panel, target, self.opening)
                root = tree(text)
                if is_sure or all(metrics_in(root)):  # LogQL has no names
                    yield Query(target, text, root)
            except TooLarge:
                continue
            except ValueError as error:
                is_other = IS_OTHER.search(f"{target.expression} {error}") or "$" in LITERAL.sub("", text)
                if is_sure and not is_other and not self.variables_outside(target.expression):
                    yield Query(target, target.expression, None, str(error))

    def text(self, panel: Panel, target: Target, request: Request, interval: str = "") -> str:
        """A query as it is sent at one zoom; interval: of the data source, where it is not known.

        Raises:
            ValueError: a duration of the panel is none.
        """
        return executed(
            self.placed(target.expression, request),
            request,
            self.steps(panel, target, request, interval),
            ONE,
        )

    def placed(self, expression: str, request: Request) -> str:
        """An expression with its variables outside of quotes replaced, and macros as they are."""
        key = expression, id(values := self._values(request.length))
        if key not in self._placed:
            self._placed[key] = self._with_values(expression, values)
        return self._placed[key]

    def _with_values(self, expression: str, values: dict[str, Value]) -> str:
        pieces, end = [], 0
        for literal in LITERAL.finditer(expression):
            pieces += [substitute(expression[end : literal.start()], values), literal[0]]
            end = literal.end()
        return without_raw_strings("".join([*pieces, substitute(expression[end:], values)]))

    def _values(self, length: int) -> dict[str, Value]:
        """What each variable has in a range; the same at every length where none is at auto."""
        length = length if any(variable.auto_count for variable in self.dashboard.variables) else 0
        if length not in self._chosen:
            self._chosen[length] = with_auto(self.chosen, self.dashboard.variables, length)
        return self._chosen[length]

    def steps(self, panel: Panel, target: Target, request: Request, interval: str = "") -> Resolved:
        """Step and rate interval of a query at one zoom.

        Raises:
            ValueError: a duration of the panel is none.
        """
        values = self._values(request.length)
        asked = Request(request.begin, request.end, panel.max_data_points or request.points)
        mine = self.interval_of(target)
        return zoom.resolve_target(asked, panel, target, interval if mine is None else mine, values)

    def variables_outside(self, expression: str) -> tuple[str, ...]:
        """The variables (no macros) outside of quotes: what they stand for is the reader's choice."""
        return tuple(name for name in names(LITERAL.sub('""', expression)) if name not in BUILT_IN)

    def is_readers_window(self, target: Target) -> bool:
        """Whether a reader chooses a window or the smallest step."""
        return bool(self.variables_outside(f"{target.expression} {target.interval}"))


_BOARDS: WeakKeyDictionary[DashboardFile, Board] = WeakKeyDictionary()


def board_of(file: DashboardFile, setup: Setup) -> Board:
    """The dashboard of a file, read once."""
    found = _BOARDS.get(file)
    if found is None:
        found = _BOARDS[file] = Board(file, setup)
    return found


def sources_of(file: DashboardFile, setup: Setup) -> tuple[DataSource, ...]:
    """The provisioned data sources of the Grafana that a dashboard is for.

    Of several Grafanas in a tree it is the nearest one: provisioning and dashboards share a folder, or its parent.
    """
    folder = os.path.abspath(posixpath.dirname(file.file))
    homes: dict[str, list[DataSource]] = {}
    for source in setup.grafana.sources:
        place = os.path.abspath(source.where.partition(": ")[0])
        homes.setdefault("" if file.part.document.kind else _home(place), []).append(source)
    near = [home for home in homes if _is_below(folder, home)]
    near = near or [
        home
        for home in homes
        if _is_below(folder, posixpath.dirname(home))
        and len(posixpath.relpath(folder, posixpath.dirname(home)).split("/")) <= _NEAR
    ]
    return tuple(homes[max(near, key=len)]) if near else ()


def _home(place: str) -> str:
    """The folder that holds `provisioning/`, `datasources/` or the file of data sources itself."""
    folder = posixpath.dirname(place)
    for name in ("datasources", "provisioning"):
        if posixpath.basename(folder) == name:
            folder = posixpath.dirname(folder)
    return folder


def _is_below(folder: str, parent: str) -> bool:
    return f"{folder}/".startswith(f"{parent.rstrip('/')}/")


@lru_cache(maxsize=8192)
def tree(text: str) -> Any:
    """The syntax tree of a text.

    Raises:
        ValueError: it does not parse.
        TooLarge: nothing is known of it.
    """
    return parse(text)


def metrics_in(root: Any) -> Iterator[str]:
    """The metric of each selector; empty for one without a single name."""
    return (metric_of(node) for node in walk(root) if isinstance(node, promql.VectorSelector))


def at_path(data: Any, path: str) -> Any:
    """What stands at a JSON path such as `$.panels[0].targets[1]`; None when nothing does."""
    for part in path.removeprefix("$").split("."):
        name, *indexes = part.split("[")
        if name:
            data = data.get(name) if isinstance(data, dict) else None
        for index in indexes:
            number = int(index.rstrip("]"))
            data = data[number] if isinstance(data, list) and number < len(data) else None
    return data


def is_macro(name: str) -> bool:
    """Whether Grafana itself fills a name in."""
    return name in GLOBALS or name.startswith("__")


def _content(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        return {}
    if isinstance(data.get("dashboard"), dict) and "panels" not in data:
        return _object(data["dashboard"])
    return _object(data["spec"]) if "apiVersion" in data and isinstance(data.get("spec"), dict) else data


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _value(variable: Variable) -> Value:
    if variable.type == "constant":
        return Value((variable.query,), escaped=False)
    if variable.type == "interval":
        return zoom.everything(Dashboard("", variables=(variable,)))[variable.name]
    saved = [value for value in variable.current if value not in (ALL, "All", "")]
    options = [value for value in options_of(variable) if value not in (ALL, "All", "")]
    return Value(((saved or options or ["unknown"])[0],), escaped=False)
