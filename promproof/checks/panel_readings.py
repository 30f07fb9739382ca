"""What of a plain panel can't be read, whatever its queries give: see `panel_plain`. Way, key and text of each.

An axis or a limit of a share in per cent, a list that ends before what it lists, series of one name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser as promql

from promproof.checks.panel_findings import plain
from promproof.config.durations import parse_duration
from promproof.config.promql import bare, parse
from promproof.config.usertext import BYTE_ORDER_MARK
from promproof.contract.labels import Label
from promproof.contract.model import Contract
from promproof.contract.panels import PanelClaim
from promproof.evidence.records import Dashboards
from promproof.findings.jsonpath import key_of
from promproof.grafana.dashboard import Dashboard, Panel, Target
from promproof.promql.tree import grouping, matchers, metric, selectors
from promproof.truth.views import Views

_WHOLE = {"percentunit": 1.0, "percent": 100.0}
_FAR = 10
"""Times the whole: an axis to a hundred wholes is one in per cent, of a share from 0 to 1."""
_FEWEST = 12
"""Scrapes that a dashboard opens with at least: a rate needs some of them for its first point."""
_IN_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_COUNTED = re.compile(r"now-(\d+[smhd])")


def reading_departures(views: Views, dashboard: Dashboard, panel: Panel, wanted: PanelClaim) -> list[str]:
    """What can't be read, the ways apart that are promised."""
    raw = _at(views, dashboard, panel.path)
    return [
        f"{path}: {text}"
        for way, path, text in (*_of_shares(raw, panel), *_of_names(views, dashboard, panel))
        if way not in wanted.departs
    ]


def opening_departures(views: Views, dashboard: Dashboard) -> Iterator[str]:
    """A range with which the dashboard opens, of a few scrapes."""
    begin = _object(_at(views, dashboard, "$").get("time")).get("from")
    match = _COUNTED.fullmatch(str(begin or ""))
    queries = [target.expression for panel in dashboard.panels for target in panel.sent]
    if match is None or not queries:
        return
    span, every = parse_duration(match[1]), max(map(views.scrape_interval, queries)) / 1000
    if 0 < span < _FEWEST * every:
        yield f"$.time.from: opens with {begin}: {span / every:.0f} scrapes"


def list_departures(views: Views, dashboard: Dashboard, panel: Panel, contract: Contract) -> Iterator[str]:
    """A list of alerts that has no room for all of the documented ones."""
    most = _object(_at(views, dashboard, panel.path).get("options")).get("maxItems")
    alerts = [alert for alert in contract.alerts if not alert.always]
    if isinstance(most, int) and 0 < most < len(alerts):
        yield f"{panel.path}.options.maxItems: shows {most} alerts at most, documented are {len(alerts)}"


def _of_shares(raw: Mapping[str, Any], panel: Panel) -> Iterator[tuple[str, str, str]]:
    """The axis and the limits of a share, written in per cent."""
    whole = _WHOLE.get(panel.unit)
    if whole is None:
        return
    defaults = _object(_object(raw.get("fieldConfig")).get("defaults"))
    high, key = defaults.get("max"), f"{panel.path}.fieldConfig.defaults"
    if isinstance(high, int | float) and high > _FAR * whole:
        yield "axis", f"{key}.max", f"the axis ends at {high / whole * 100:g} %"
    for limit in panel.thresholds if panel.thresholds_mode == "absolute" else ():
        if limit > _FAR * whole:
            yield "", f"{key}.thresholds", f"the limit {limit:g} is {limit / whole * 100:g} %"


def _of_names(views: Views, dashboard: Dashboard, panel: Panel) -> Iterator[tuple[str, str, str]]:
    """A legend without a label by which the query tells series apart, and which has several values."""
    known = {documented.name: documented.labels for documented in views.evidence.contract.metrics}
    for target in panel.sent if panel.type in ("timeseries", "graph") else ():
        said = set(_IN_LEGEND.findall(target.legend))
        if not said:
            continue
        lost = sorted(set(_apart(views, dashboard, panel, target, known)) - said)
        if lost:
            yield (
                "names",
                f"{target.path}.legendFormat",
                f"leaves out {', '.join(lost)}: several series have one name",
            )


def _apart(
    views: Views, dashboard: Dashboard, panel: Panel, target: Target, known: Mapping[str, Mapping[str, Label]]
) -> Iterator[str]:
    """The documented labels that a query sums by, and of which it takes several values."""
    try:
        root = parse(plain(views, dashboard, panel, target))
    except ValueError:
        return  # the form says so
    by = _grouped(root)
    for selector in selectors(root):
        name = metric(selector)
        labels = known.get(name) or known.get(re.sub(r"_(?:bucket|sum|count)$", "", name)) or {}
        fixed = {label for label, sign, _ in matchers(selector) if sign == "="}
        yield from (
            label for label in by if label in labels and label not in fixed and _several(labels[label])
        )


def _grouped(node: Any) -> frozenset[str]:
    """The labels that an expression sums by, as far as its outermost operations show."""
    node = bare(node)
    if isinstance(node, promql.AggregateExpr):
        is_without, labels = grouping(node)
        return frozenset() if is_without else labels
    if isinstance(node, promql.Call) and node.args:
        return _grouped(node.args[-1]) - {"le"}
    if isinstance(node, promql.BinaryExpr):
        return _grouped(node.lhs) or _grouped(node.rhs)
    return frozenset()


def _several(label: Label) -> bool:
    return label.pattern is not None or len(label.values or ()) > 1


def _at(views: Views, dashboard: Dashboard, path: str) -> Mapping[str, Any]:
    text = views.evidence.need(Dashboards).data.files[dashboard.file].removeprefix(BYTE_ORDER_MARK)
    data = json.loads(text)
    for step in key_of(path):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return _object(data)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
