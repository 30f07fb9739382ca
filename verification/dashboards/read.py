"""Reads any JSON into a dashboard: broken, wrapped, old rows, v2 resources. It never raises; trouble is a problem.

Three places hold panels: the top list (an open row's panels follow it there), a collapsed row's own list, and the
rows of very old files. All are walked. A v2 resource is put into the classic shape first and keeps its own paths.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from verification.dashboards.model import Dashboard, Panel, Problem, Source, Target, Variable
from verification.dashboards.resources import classic

UID_LENGTH = 40
VARIABLE_TYPES = (
    "query", "custom", "constant", "datasource", "interval", "textbox", "adhoc", "groupby", "switch", "system",
)  # fmt: skip


def read(file: str, text: str) -> Dashboard:
    """The dashboard in a text; `file` is its name in problems."""
    try:
        data = json.loads(text)
    except RecursionError:
        return Dashboard(file, problems=(Problem(file, "$", "nested too deeply to be a dashboard"),))
    except ValueError as error:
        return Dashboard(file, problems=(Problem(file, "$", f"not JSON: {error}"),))
    return _Reader(file).dashboard(data)


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.panel = ""

    def dashboard(self, data: Any) -> Dashboard:
        if not isinstance(data, dict):
            self._problem("$", f"found {_kind(data)}, expected a dashboard object")
            return Dashboard(self.file, problems=tuple(self.problems))
        data, path, form = self._unwrap(data)
        uid, title = self._text(data, "uid", path), self._text(data, "title", path)
        if not title:
            self._problem(f"{path}.title", "missing: Grafana does not load a dashboard without a title")
        if len(uid) > UID_LENGTH:
            self._problem(f"{path}.uid", f"{len(uid)} characters, Grafana takes up to {UID_LENGTH}")
        if data.get("__inputs"):
            self._problem(
                f"{path}.__inputs", "an export for sharing: provisioning does not fill in ${DS_...}"
            )
        if data.get("id") is not None and form == "plain":
            self._problem(f"{path}.id", f"is {data['id']!r}, must be null or absent in a file")
        panels = tuple(self._panels(data, path))
        if not any(key in data for key in ("panels", "rows")):
            self._problem(path, "has neither panels nor rows: not a dashboard")
        variables = tuple(self._variables(data, path))
        annotations = tuple(self._annotations(data, path))
        return Dashboard(
            self.file, uid, title, panels, variables, annotations, self._schema(data, path), form,
            tuple(self.problems),
        )  # fmt: skip

    def _unwrap(self, data: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        if isinstance(data.get("dashboard"), dict) and "panels" not in data:
            self._problem(
                "$.dashboard", "wrapped in `dashboard` as the API gives it; a file holds its content"
            )
            return data["dashboard"], "$.dashboard", "wrapped"
        if "apiVersion" in data and isinstance(data.get("spec"), dict):
            spec = data["spec"]
            metadata = data.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            if "elements" in spec:
                self._problem(
                    "$.spec.elements",
                    f"a {data['apiVersion']} resource; file provisioning wants the classic model",
                )
                spec = classic(spec)
            else:
                self._problem(
                    "$.spec", f"wrapped as a {data['apiVersion']} resource; a file holds its content"
                )
            return (
                {"uid": name, **{key: value for key, value in spec.items() if value is not None}},
                "$.spec",
                "resource",
            )
        return data, "$", "plain"

    def _schema(self, data: dict[str, Any], path: str) -> int | None:
        value = data.get("schemaVersion")
        if isinstance(value, str) and value.isdigit():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is not None:
            self._problem(f"{path}.schemaVersion", f"is {value!r}, expected a number")
        return None

    # panels

    def _panels(self, data: dict[str, Any], path: str) -> Iterator[Panel]:
        for item, where, row in self._placed(data, path):
            self.panel = str(item.get("title") or item.get("id") or "")
            yield self._panel(item, where, row)
            self.panel = ""

    def _placed(self, data: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
        for item, where in self._objects(data, "panels", path):
            where = str(item.get("$path") or where)
            if item.get("type") != "row":
                yield item, where, ""
                continue
            inner = list(self._objects(item, "panels", where))
            if inner and not item.get("collapsed"):
                self._problem(f"{where}.panels", "an open row holds panels of its own: Grafana drops them")
            for child, place in inner:
                yield child, str(child.get("$path") or place), str(item.get("title") or "untitled row")
        for row, where in self._objects(data, "rows", path):
            for child, place in self._objects(row, "panels", where):
                yield child, place, str(row.get("title") or "row") if row.get("collapse") else ""

    def _panel(self, item: dict[str, Any], path: str, row: str) -> Panel:
        kind = self._text(item, "type", path)
        if not kind and "libraryPanel" not in item:
            self._problem(f"{path}.type", "missing: Grafana cannot choose a visualization")
        identity = item.get("id")
        if identity is not None and (not isinstance(identity, int) or isinstance(identity, bool)):
            self._problem(f"{path}.id", f"is {identity!r}, expected a whole number")
            identity = None
        source = self._source(item.get("datasource"), f"{path}.datasource")
        defaults = _object(_object(item.get("fieldConfig")).get("defaults"))
        thresholds = _object(defaults.get("thresholds"))
        style = _object(_object(defaults.get("custom")).get("thresholdsStyle"))
        points = item.get("maxDataPoints")
        reduce = _object(_object(item.get("options")).get("reduceOptions")).get("calcs")
        return Panel(
            identity,
            kind,
            self._text(item, "title", path),
            path,
            tuple(self._targets(item, path, source, kind)),
            self._text(item, "description", path),
            str(defaults.get("unit") or _old_unit(item)),
            tuple(self._steps(thresholds, path)),
            str(thresholds.get("mode") or "absolute"),
            kind != "timeseries" or style.get("mode") not in (None, "off"),
            self._text(item, "interval", path),
            int(points) if isinstance(points, int | float) and points > 0 else None,
            tuple(str(one) for one in reduce) if isinstance(reduce, list) else (),
            row,
            self._text(item, "repeat", path),
            tuple(_override_units(item)),
            bool(item.get("transformations")),
        )

    def _targets(self, item: dict[str, Any], path: str, source: Source, kind: str) -> Iterator[Target]:
        refs: set[str] = set()
        for target, where in self._objects(item, "targets", path):
            where = str(target.get("$path") or where)
            own = target.get("datasource")
            reference = self._source(own, f"{where}.datasource") if own is not None else source
            ref = self._text(target, "refId", where)
            if ref in refs:
                self._problem(f"{where}.refId", f"{ref!r} is there twice: one result replaces the other")
            refs.add(ref)
            if (
                kind not in ("row", "text")
                and reference.is_prometheus
                and not reference.uid
                and not reference.name
            ):
                self._problem(
                    f"{where}.datasource", "no data source is named: the default one, whatever that is"
                )
            expression = self._text(target, "expr", where)
            if "expr" not in target and reference.type == "prometheus":
                self._problem(f"{where}.expr", "missing: a Prometheus query without an expression")
            instant = target.get("instant") is True
            factor = target.get("intervalFactor")
            yield Target(
                ref,
                expression,
                where,
                self._text(target, "legendFormat", where),
                instant,
                target.get("range") is True or not instant,
                str(target.get("format") or "time_series"),
                self._text(target, "interval", where),
                factor if isinstance(factor, int) and factor > 0 else 1,
                target.get("hide") is True,
                reference,
            )

    def _steps(self, thresholds: dict[str, Any], path: str) -> Iterator[float]:
        steps = thresholds.get("steps")
        where = f"{path}.fieldConfig.defaults.thresholds.steps"
        if steps is None:
            return
        if not isinstance(steps, list):
            self._problem(where, f"found {_kind(steps)}, expected a list")
            return
        for index, step in enumerate(steps):
            value = _object(step).get("value")
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield float(value)
            elif value is not None:
                self._problem(f"{where}[{index}].value", f"is {value!r}, expected a number or null")

    def _source(self, value: Any, path: str) -> Source:
        if value is None:
            return Source()
        if isinstance(value, str):
            return Source(name=value)
        if isinstance(value, dict):
            return Source(str(value.get("type") or ""), str(value.get("uid") or ""))
        self._problem(path, f"found {_kind(value)}, expected {{type, uid}} or a name")
        return Source()

    # variables and annotations

    def _variables(self, data: dict[str, Any], path: str) -> Iterator[Variable]:
        templating = data.get("templating")
        if templating is not None and not isinstance(templating, dict):
            self._problem(f"{path}.templating", f"found {_kind(templating)}, expected an object with a list")
            return
        names: set[str] = set()
        for item, where in self._objects(_object(templating), "list", f"{path}.templating"):
            name, kind = self._text(item, "name", where), self._text(item, "type", where)
            if not name:
                self._problem(f"{where}.name", "missing: nothing can refer to this variable")
            if name in names:
                self._problem(f"{where}.name", f"variable {name!r} is there twice")
            names.add(name)
            if kind not in VARIABLE_TYPES:
                self._problem(f"{where}.type", f"unknown type of variable {kind!r}")
            query = item.get("query")
            if isinstance(query, dict):
                query = query.get("query", "")
            yield Variable(
                name,
                kind,
                where,
                query if isinstance(query, str) else str(item.get("definition") or ""),
                self._text(item, "regex", where),
                item.get("multi") is True,
                item.get("includeAll") is True,
                item["allValue"] if isinstance(item.get("allValue"), str) and item["allValue"] else None,
                _values(_object(item.get("current")).get("value")),
                tuple(
                    value
                    for option in (item.get("options") or [] if isinstance(item.get("options"), list) else [])
                    for value in _values(_object(option).get("value"))
                ),
            )

    def _annotations(self, data: dict[str, Any], path: str) -> Iterator[Target]:
        listed = _object(data.get("annotations"))
        for item, where in self._objects(listed, "list", f"{path}.annotations"):
            expression = item.get("expr")
            if isinstance(expression, str) and expression and item.get("enable") is not False:
                source = self._source(item.get("datasource"), f"{where}.datasource")
                yield Target(str(item.get("name") or "annotation"), expression, where, source=source)

    # parts

    def _objects(self, data: dict[str, Any], key: str, path: str) -> Iterator[tuple[dict[str, Any], str]]:
        value = data.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self._problem(f"{path}.{key}", f"found {_kind(value)}, expected a list")
            return
        for index, item in enumerate(value):
            where = f"{path}.{key}[{index}]"
            if isinstance(item, dict):
                yield item, where
            else:
                self._problem(where, f"found {_kind(item)}, expected an object")

    def _text(self, data: dict[str, Any], key: str, path: str) -> str:
        value = data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._problem(f"{path}.{key}", f"found {_kind(value)}, expected text")
            return ""
        return value

    def _problem(self, path: str, message: str) -> None:
        self.problems.append(Problem(self.file, path, message, self.panel))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _values(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(one) for one in value) if isinstance(value, list) else (str(value),)


def _old_unit(item: dict[str, Any]) -> str:
    """The unit of a graph or singlestat panel from before fieldConfig."""
    axes = item.get("yaxes")
    if isinstance(axes, list) and axes:
        return str(_object(axes[0]).get("format") or "")
    return str(item.get("format") or "")


def _override_units(item: dict[str, Any]) -> Iterator[str]:
    overrides = _object(item.get("fieldConfig")).get("overrides")
    for override in overrides if isinstance(overrides, list) else []:
        properties = _object(override).get("properties")
        for one in properties if isinstance(properties, list) else []:
            if _object(one).get("id") == "unit":
                yield str(_object(one).get("value"))


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
