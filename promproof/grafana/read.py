"""Reads any JSON into a dashboard: broken, wrapped, old rows, v2 resources. It never raises; trouble is a problem.

Three places hold panels: the top list (an open row's panels follow it there), a collapsed row's own list, and the
rows of very old files. All are walked. A v2 resource is put into the classic shape first and keeps its own paths.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from string import ascii_uppercase
from typing import Any

from promproof.config import jsontext
from promproof.config.usertext import BYTE_ORDER_MARK, Mistake
from promproof.grafana.dashboard import AlertList, Dashboard, Panel, Problem, Source, Target, Variable
from promproof.grafana.imported import filled
from promproof.grafana.resources import classic
from promproof.grafana.units import override_units, panel_unit
from promproof.grafana.values import a_number, an_object, kind_of, shortened, values_of

UID_LENGTH = 40
VARIABLE_TYPES = (
    "query",
    "custom",
    "constant",
    "datasource",
    "interval",
    "textbox",
    "adhoc",
    "groupby",
    "switch",
    "system",
)
AUTO_COUNT = 30
"""Steps of an interval variable at auto that does not say how many."""
MOST_POINTS = 1_000_000
"""No panel is as wide, and no factor as large."""


@lru_cache(maxsize=1024)
def read(file: str, text: str, *, is_imported: bool = False) -> Dashboard:
    """The dashboard in a text; `file` is its name in problems. is_imported: by hand, with its inputs filled in."""
    try:
        data = jsontext.value(text.removeprefix(BYTE_ORDER_MARK))
    except Mistake as mistake:
        reader = _marked(file, text)
        place = f" (line {mistake.line})" if mistake.line else ""
        reader.problem("$", f"{mistake.text}{place}")
        return Dashboard(file, problems=tuple(reader.problems))
    return read_value(file, text, filled(data) if is_imported else data)


def read_value(file: str, text: str, data: Any) -> Dashboard:
    """The dashboard in a text whose value is known already."""
    return _marked(file, text).dashboard(data)


def _marked(file: str, text: str) -> _Reader:
    reader = _Reader(file)
    if text.startswith(BYTE_ORDER_MARK):
        reader.problem("$", "begins with a byte order mark: Grafana does not load it")
    return reader


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.panel = ""
        self.keeps_paths = False

    def dashboard(self, data: Any) -> Dashboard:
        if not isinstance(data, dict):
            self.problem("$", f"found {kind_of(data)}, expected a dashboard object")
            return Dashboard(self.file, problems=tuple(self.problems))
        data, path, form = self._unwrap(data)
        uid, title = self._text(data, "uid", path), self._text(data, "title", path)
        if not title:
            self.problem(f"{path}.title", "missing: Grafana does not load a dashboard without a title")
        if len(uid) > UID_LENGTH:
            self.problem(f"{path}.uid", f"{len(uid)} characters, Grafana takes up to {UID_LENGTH}")
        if missing := _unfilled(data):
            self.problem(
                f"{path}.__inputs",
                f"an export for sharing: provisioning does not fill in {', '.join(missing)}",
            )
        panels = tuple(self._panels(data, path))
        if not any(key in data for key in ("panels", "rows")):
            self.problem(path, "has neither panels nor rows: not a dashboard")
        variables = tuple(self._variables(data, path))
        annotations = tuple(self._annotations(data, path))
        return Dashboard(
            self.file,
            uid,
            title,
            panels,
            variables,
            annotations,
            self._schema(data, path),
            form,
            tuple(self.problems),
        )

    def _unwrap(self, data: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        if isinstance(data.get("dashboard"), dict) and "panels" not in data:
            self.problem(
                "$.dashboard", "wrapped in `dashboard` as the API gives it; a file holds its content"
            )
            return data["dashboard"], "$.dashboard", "wrapped"
        if "apiVersion" in data and isinstance(data.get("spec"), dict):
            spec = data["spec"]
            metadata = data.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            if "elements" in spec:
                self.problem(
                    "$.spec.elements",
                    f"a {shortened(data['apiVersion'])} resource; file provisioning wants the classic model",
                )
                if not isinstance(spec["elements"], dict):
                    self.problem("$.spec.elements", f"found {kind_of(spec['elements'])}, expected an object")
                spec = classic(spec)
                self.keeps_paths = True
            else:
                self.problem(
                    "$.spec",
                    f"wrapped as a {shortened(data['apiVersion'])} resource; a file holds its content",
                )
            return (
                {"uid": name, **{key: value for key, value in spec.items() if value is not None}},
                "$.spec",
                "resource",
            )
        return data, "$", "plain"

    def _schema(self, data: dict[str, Any], path: str) -> int | None:
        value = data.get("schemaVersion")
        if isinstance(value, str) and value.isdecimal():
            return int(value[:18])
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is not None:
            self.problem(f"{path}.schemaVersion", f"is {shortened(value)}, expected a number")
        return None

    # panels

    def _panels(self, data: dict[str, Any], path: str) -> Iterator[Panel]:
        for item, where, row in self._placed(data, path):
            self.panel = str(item.get("title") or item.get("id") or "")
            yield self._panel(item, where, row)
            self.panel = ""

    def _placed(self, data: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
        for item, where in self._objects(data, "panels", path):
            where = self._kept(item, where)
            if item.get("type") != "row":
                yield item, where, ""
                continue
            inner = list(self._objects(item, "panels", where))
            if inner and not item.get("collapsed"):
                self.problem(f"{where}.panels", "an open row holds panels of its own: Grafana drops them")
            for child, place in inner:
                yield child, self._kept(child, place), str(item.get("title") or "untitled row")
        for row, where in self._objects(data, "rows", path):
            for child, place in self._objects(row, "panels", where):
                yield child, place, str(row.get("title") or "row") if row.get("collapse") else ""

    def _panel(self, item: dict[str, Any], path: str, row: str) -> Panel:
        kind = self._text(item, "type", path)
        if not kind and "libraryPanel" not in item:
            self.problem(f"{path}.type", "missing: Grafana cannot choose a visualization")
        identity = item.get("id")
        if isinstance(identity, str) and identity.isdecimal():
            identity = int(identity[:18])
        if identity is not None and (not isinstance(identity, int) or isinstance(identity, bool)):
            self.problem(f"{path}.id", f"is {shortened(identity)}, expected a whole number")
            identity = None
        source = self._source(item.get("datasource"), f"{path}.datasource")
        defaults = an_object(an_object(item.get("fieldConfig")).get("defaults"))
        thresholds = an_object(defaults.get("thresholds"))
        style = an_object(an_object(defaults.get("custom")).get("thresholdsStyle"))
        points = a_number(item.get("maxDataPoints"))
        reduce = an_object(an_object(item.get("options")).get("reduceOptions")).get("calcs")
        return Panel(
            identity,
            kind,
            self._text(item, "title", path),
            path,
            tuple(self._targets(item, path, source, kind)),
            self._text(item, "description", path),
            panel_unit(item),
            tuple(self._steps(thresholds, path)),
            str(thresholds.get("mode") or "absolute"),
            kind != "timeseries" or style.get("mode") not in (None, "off"),
            self._text(item, "interval", path),
            min(int(points), MOST_POINTS) if points is not None and points >= 1 else None,
            tuple(str(name) for name in reduce) if isinstance(reduce, list) else (),
            row,
            self._text(item, "repeat", path),
            tuple(unit for unit, is_of_all in override_units(item) if not is_of_all),
            bool(item.get("transformations")),
            _library(item),
            source,
            _alerts(item) if kind == "alertlist" else None,
        )

    def _targets(self, item: dict[str, Any], path: str, source: Source, kind: str) -> Iterator[Target]:
        refs: set[str] = set()
        listed = list(self._objects(item, "targets", path))
        free = _free_refs({target["refId"] for target, _ in listed if isinstance(target.get("refId"), str)})
        for target, where in listed:
            where = self._kept(target, where)
            own = target.get("datasource")
            reference = self._source(own, f"{where}.datasource") if own is not None else source
            ref = self._text(target, "refId", where) or next(free)
            if ref in refs:
                self.problem(f"{where}.refId", f"{ref!r} is there twice: one result replaces the other")
            refs.add(ref)
            expression = self._text(target, "expr", where)
            if "expr" not in target and reference.type == "prometheus":
                self.problem(f"{where}.expr", "missing: a Prometheus query without an expression")
            instant = target.get("instant") is True
            factor = a_number(target.get("intervalFactor"))
            yield Target(
                ref,
                expression,
                where,
                self._text(target, "legendFormat", where),
                instant,
                target.get("range") is True or not instant,
                str(target.get("format") or "time_series"),
                self._text(target, "interval", where),
                min(int(factor), MOST_POINTS) if factor is not None and factor >= 1 else 1,
                target.get("hide") is True,
                reference,
            )

    def _steps(self, thresholds: dict[str, Any], path: str) -> Iterator[float]:
        steps = thresholds.get("steps")
        where = f"{path}.fieldConfig.defaults.thresholds.steps"
        if steps is None:
            return
        if not isinstance(steps, list):
            self.problem(where, f"found {kind_of(steps)}, expected a list")
            return
        for index, step in enumerate(steps):
            value = an_object(step).get("value")
            number = a_number(value)
            if number is not None:
                yield number
            elif value is not None:
                self.problem(f"{where}[{index}].value", f"is {shortened(value)}, expected a number or null")

    def _source(self, value: Any, path: str) -> Source:
        if value is None:
            return Source()
        if isinstance(value, str):
            return Source(name=value)
        if isinstance(value, dict):
            return Source(self._text(value, "type", path), self._text(value, "uid", path))
        self.problem(path, f"found {kind_of(value)}, expected {{type, uid}} or a name")
        return Source()

    # variables and annotations

    def _variables(self, data: dict[str, Any], path: str) -> Iterator[Variable]:
        templating = data.get("templating")
        if templating is not None and not isinstance(templating, dict):
            self.problem(f"{path}.templating", f"found {kind_of(templating)}, expected an object with a list")
            return
        names: set[str] = set()
        for item, where in self._objects(an_object(templating), "list", f"{path}.templating"):
            where = self._kept(item, where)
            name, kind = self._text(item, "name", where), self._text(item, "type", where)
            if not name:
                self.problem(f"{where}.name", "missing: nothing can refer to this variable")
            if name in names and ".layout." not in where:
                self.problem(f"{where}.name", f"variable {name!r} is there twice")
            names.add(name)
            if kind not in VARIABLE_TYPES:
                self.problem(f"{where}.type", f"unknown type of variable {kind!r}")
            query = item.get("query")
            if isinstance(query, dict):
                query = query.get("query") or query.get("__legacyStringValue")
            auto = item.get("auto") is True
            yield Variable(
                name,
                kind,
                where,
                query if isinstance(query, str) else str(item.get("definition") or ""),
                self._text(item, "regex", where),
                item.get("multi") is True,
                item.get("includeAll") is True,
                item["allValue"] if isinstance(item.get("allValue"), str) and item["allValue"] else None,
                values_of(an_object(item.get("current")).get("value")),
                tuple(
                    value
                    for option in (item.get("options") or [] if isinstance(item.get("options"), list) else [])
                    for value in values_of(an_object(option).get("value"))
                ),
                self._source(item.get("datasource"), f"{where}.datasource"),
                min(int(a_number(item.get("auto_count")) or AUTO_COUNT), MOST_POINTS) if auto else 0,
                self._text(item, "auto_min", where) if auto else "",
            )

    def _annotations(self, data: dict[str, Any], path: str) -> Iterator[Target]:
        listed = an_object(data.get("annotations"))
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
            self.problem(f"{path}.{key}", f"found {kind_of(value)}, expected a list")
            return
        for index, item in enumerate(value):
            where = f"{path}.{key}[{index}]"
            if isinstance(item, dict):
                yield item, where
            else:
                self.problem(where, f"found {kind_of(item)}, expected an object")

    def _kept(self, item: dict[str, Any], where: str) -> str:
        """The path that a part of a v2 resource came from; a classic file has no such key of ours."""
        return str(item.get("$path") or where) if self.keeps_paths else where

    def _text(self, data: dict[str, Any], key: str, path: str) -> str:
        value = data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.problem(f"{path}.{key}", f"found {kind_of(value)}, expected text")
            return ""
        return value

    def problem(self, path: str, message: str) -> None:
        self.problems.append(Problem(self.file, path, message, self.panel))


def _free_refs(taken: set[str]) -> Iterator[str]:
    """The ids that Grafana gives to queries without one: A to Z, then numbered."""
    for turn in count():
        for letter in ascii_uppercase:
            ref = f"{letter}{turn or ''}"
            if ref not in taken:
                yield ref


def _unfilled(data: dict[str, Any]) -> list[str]:
    """The inputs of an export that something refers to and no variable has the name of."""
    inputs = data.get("__inputs")
    templating = an_object(data.get("templating")).get("list")
    declared = [an_object(item).get("name") for item in (templating if isinstance(templating, list) else [])]
    named = [an_object(item).get("name") for item in (inputs if isinstance(inputs, list) else [])]
    if not any(named):
        return []
    text = json.dumps({key: value for key, value in data.items() if key != "__inputs"})
    return [f"${{{name}}}" for name in named if name and name not in declared and f"${{{name}}}" in text]


def _alerts(item: dict[str, Any]) -> AlertList:
    options = an_object(item.get("options"))
    states, source = an_object(options.get("stateFilter")), options.get("datasource")
    order = options.get("sortOrder")
    return AlertList(
        tuple(name for name, is_shown in states.items() if is_shown is True),
        source if isinstance(source, str) else "",
        order if isinstance(order, int) else None,
    )


def _library(item: dict[str, Any]) -> str:
    value = item.get("libraryPanel")
    if value is None:
        return ""
    return str(an_object(value).get("name") or an_object(value).get("uid") or "without a name")
