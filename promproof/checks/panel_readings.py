"""What of a plain panel can't be read, whatever its queries give: see `panel_plain`. Way, key and text of each.

An axis or a limit of a share in per cent, a list that ends before what it lists, series of one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import promql_parser as promql

from promproof.checks.panel_findings import plain
from promproof.checks.panel_raw import at, file_of, items_of, object_of
from promproof.config.durations import parse_duration
from promproof.config.promql import bare, parse
from promproof.contract.labels import Label
from promproof.contract.model import Alert, Contract
from promproof.contract.panels import PanelClaim
from promproof.evidence.records import Dashboards
from promproof.grafana.dashboard import Dashboard, Panel, Target
from promproof.grafana.expand import names
from promproof.promql.tree import fits, grouping, matchers, metric, selectors
from promproof.truth.views import Views

_SHARE, _PERCENT = "percentunit", "percent"
_FAR = 10
"""Wholes: an axis to a hundred of them is one in per cent, of a share from 0 to 1."""
_IN_PERCENT = re.compile(r"(?<!\d)(?<!\d )%")
"""In a title, and not a percentile (`the fastest 95 %`)."""
_PLAIN = ("short", "none")
_TIMES_100 = re.compile(r"\b100\b")
_FEWEST = 12
"""Scrapes that a dashboard opens with at least: a rate needs some of them for its first point."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_IN_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_WINDOW = re.compile(r"\[(\$[^\]:]+|(?:\d+(?:ms|[smhdwy]))+(?=[\]:]))")
"""And no letters of a pattern (`[45]..`)."""
_NAMED = ("timeseries", "graph", "stat", "bargauge", "barchart", "piechart")
_CHOSEN = re.compile(r'(\w+)\s*=~?\s*"([^"]*)"')
"""A matcher; with a variable that takes one value, or by which the panel repeats, its label has one at a time."""
_BY_ITSELF = ("", "__auto")
"""Legends in whose place Grafana writes all labels."""
_STATES = ("firing", "pending")
_STATE = re.compile(r"ALERTS\{[^}]*alertstate=\"(firing|pending)\"")
_COUNTED = re.compile(r"now-(\d+[smhd])")


def reading_departures(views: Views, dashboard: Dashboard, panel: Panel, wanted: PanelClaim) -> list[str]:
    """What can't be read, the ways apart that are promised."""
    raw = object_of(at(file_of(views, dashboard), panel.path))
    return [
        f"{path}: {text}"
        for way, path, text in (
            *_of_shares(raw, panel),
            *_of_names(views, dashboard, panel),
            *_of_one_name(views, dashboard, panel),
            *_of_windows(panel, wanted),
            *_of_other_windows(panel),
        )
        if way not in wanted.departs
    ]


def opening_departures(views: Views, dashboard: Dashboard) -> Iterator[str]:
    """A range with which the dashboard opens, of a few scrapes; marks and links that do not what they say."""
    raw = object_of(file_of(views, dashboard))
    yield from _of_marks(raw)
    yield from _of_titles(raw, views.evidence.contract)
    yield from _of_links(raw, [object_of(file_of(views, other)) for other in views.folder.dashboards])
    begin = object_of(raw.get("time")).get("from")
    match = _COUNTED.fullmatch(str(begin or ""))
    queries = [target.expression for panel in dashboard.panels for target in panel.sent]
    if match is None or not queries:
        return
    span, every = parse_duration(match[1]), min(_every(views, query) for query in queries) / 1000
    if 0 < span < _FEWEST * every:
        yield f"$.time.from: opens with {begin}: {span / every:.0f} scrapes"


def _every(views: Views, query: str) -> float:
    """The scrape interval (ms) of what a query reads; of one that names no job that of the target, or the shortest."""
    jobs = views.evidence.need(Dashboards).data.scrape_intervals
    if not jobs or any(f'"{job}"' in query for job in jobs):
        return views.scrape_interval(query)
    return jobs.get(views.evidence.contract.target.job) or min(jobs.values())


def _of_marks(raw: Mapping[str, Any]) -> Iterator[str]:
    """Marks that are called by one state of alerts, and ask for another one."""
    for index, mark in enumerate(items_of(object_of(raw.get("annotations")).get("list"))):
        asked = set(_STATE.findall(str(mark.get("expr") or "")))
        said = {state for state in _STATES if state in str(mark.get("name") or "").lower()}
        if len(asked) == len(said) == 1 and asked != said:
            yield (
                f"$.annotations.list[{index}].expr: {mark.get('name')} asks for alerts that are {min(asked)}, "
                f"and says {min(said)}"
            )


def _of_titles(raw: Mapping[str, Any], contract: Contract) -> Iterator[str]:
    """Marks of alerts whose title is a label that no alert has: it stays empty."""
    known = {"alertname", "alertstate", "severity", "job", "instance"}
    known |= {label for metric in contract.metrics for label in metric.labels}
    known |= {label for alert in contract.alerts for label in alert.labels}
    for index, mark in enumerate(items_of(object_of(raw.get("annotations")).get("list"))):
        title = str(mark.get("titleFormat") or "")
        read = set(_IN_LEGEND.findall(title))
        if "ALERTS" in str(mark.get("expr") or "") and read and not read & known:
            yield (
                f"$.annotations.list[{index}].titleFormat: {title} of {mark.get('name')} is empty: alerts have no "
                f"label {min(read)}"
            )


def _of_links(raw: Mapping[str, Any], boards: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A link to other dashboards that forgets the range, where those of all others keep it."""
    for index, link in enumerate(items_of(raw.get("links"))):
        alike = [
            other.get("keepTime")
            for board in boards
            if board.get("uid") != raw.get("uid")
            for other in items_of(board.get("links"))
            if (other.get("type"), other.get("tags")) == (link.get("type"), link.get("tags"))
        ]
        if link.get("keepTime") is not True and alike and all(keeps is True for keeps in alike):
            yield f"$.links[{index}].keepTime: the range is lost on the way; the links of the others keep it"


def list_departures(views: Views, dashboard: Dashboard, panel: Panel, contract: Contract) -> Iterator[str]:
    """A list of alerts that has no room for all of the documented ones, or that leaves some out."""
    options = object_of(object_of(at(file_of(views, dashboard), panel.path)).get("options"))
    most = options.get("maxItems")
    alerts = [alert for alert in contract.alerts if not alert.always]
    if isinstance(most, int) and 0 < most < len(alerts):
        yield f"{panel.path}.options.maxItems: shows {most} alerts at most, documented are {len(alerts)}"
    asked = str(options.get("alertInstanceLabelFilter") or "")
    left_out = [alert.name for alert in alerts if _is_left_out(alert, asked)] if "$" not in asked else []
    if left_out:
        yield (
            f"{panel.path}.options.alertInstanceLabelFilter: {asked} leaves out {', '.join(left_out[:3])}"
            + (f" and {len(left_out) - 3} more" if left_out[3:] else "")
        )


def _is_left_out(alert: Alert, asked: str) -> bool:
    """Whether the matchers of a list do not meet a documented alert; Grafana takes them with and without braces."""
    try:
        found = (
            selectors(parse(f"ALERTS{asked if asked.startswith('{') else f'{{{asked}}}'}")) if asked else []
        )
    except ValueError:
        return False
    known = {"alertname": alert.name, "severity": alert.severity}
    return any(
        fits(value, sign, wanted) is False
        for selector in found
        for label, sign, wanted in matchers(selector)
        if (value := known.get(label)) is not None
    )


def _of_shares(raw: Mapping[str, Any], panel: Panel) -> Iterator[tuple[str, str, str]]:
    """The axis and the limits of a share, written in per cent."""
    if panel.unit != _SHARE:
        # a figure without a unit may be one in per cent
        is_one = panel.unit in _PLAIN and any(_TIMES_100.search(target.expression) for target in panel.sent)
        is_other = panel.unit and panel.unit != _PERCENT and not is_one and "%" not in panel.unit
        if is_other and _IN_PERCENT.search(panel.title):
            yield "", f"{panel.path}.title", f"says per cent, and the unit is {panel.unit}"
        return
    defaults = object_of(object_of(raw.get("fieldConfig")).get("defaults"))
    high, key = defaults.get("max"), f"{panel.path}.fieldConfig.defaults"
    if isinstance(high, int | float) and high > _FAR:
        yield "axis", f"{key}.max", f"the axis ends at {high * 100:g} %"
    for limit in panel.thresholds if panel.thresholds_mode == "absolute" else ():
        if limit > _FAR:
            yield "", f"{key}.thresholds", f"the limit {limit:g} is {limit * 100:g} %"


def _of_names(views: Views, dashboard: Dashboard, panel: Panel) -> Iterator[tuple[str, str, str]]:
    """A legend without a label by which the query tells series apart, and which has several values."""
    known = {documented.name: documented.labels for documented in views.evidence.contract.metrics}
    known["ALERTS"] = _of_alerts(views.evidence.contract)
    single = {panel.repeat} | {
        variable.name for variable in dashboard.variables if not variable.multi and not variable.include_all
    }
    for target in panel.sent if panel.type in _NAMED else ():
        said = set(_IN_LEGEND.findall(target.legend))
        if target.legend in _BY_ITSELF:
            continue
        one = (label for label, value in _CHOSEN.findall(target.expression) if single & set(names(value)))
        lost = sorted(set(_apart(views, dashboard, panel, target, known)) - said - set(one))
        if lost:
            yield (
                "names",
                f"{target.path}.legendFormat",
                f"leaves out {', '.join(lost)}: several series have one name",
            )


def _of_one_name(views: Views, dashboard: Dashboard, panel: Panel) -> Iterator[tuple[str, str, str]]:
    """Queries that leave their names to Grafana, and sum by the same labels: their series have one name."""
    seen: dict[frozenset[str], str] = {}
    for target in panel.sent if panel.type in _NAMED else ():
        try:
            by = _grouped(parse(plain(views, dashboard, panel, target)))
        except ValueError:
            continue
        if target.legend not in _BY_ITSELF or not by:
            continue
        if by in seen:
            yield (
                "names",
                f"{target.path}.legendFormat",
                f"{target.ref} and {seen[by]} have one name: Grafana takes their labels, {', '.join(sorted(by))}",
            )
        seen.setdefault(by, target.ref)


def _of_other_windows(panel: Panel) -> Iterator[tuple[str, str, str]]:
    """Queries that differ in a number alone, one of which looks back another time, and does not say so."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for target in panel.sent:
        windows = set(_WINDOW.findall(target.expression))
        if len(windows) != 1:
            continue
        window = windows.pop()
        alike = _NUMBER.sub("", _WINDOW.sub("[]", target.expression)), _NUMBER.sub("", target.legend)
        other, ref = first.setdefault(alike, (window, target.ref))
        if other != window and window not in target.legend:
            yield "time", f"{target.path}.expr", f"looks back {window}, and {ref} {other}"


def _of_alerts(contract: Contract) -> dict[str, Label]:
    """The labels of the series that Prometheus writes of each alert, as far as the contract has them."""
    severities = {alert.severity for alert in contract.alerts if alert.severity}
    return {
        "alertname": Label(values=tuple(alert.name for alert in contract.alerts)),
        "severity": Label(values=tuple(sorted(severities))),
    }


def _of_windows(panel: Panel, wanted: PanelClaim) -> Iterator[tuple[str, str, str]]:
    """A window of its own, in a panel that follows the range: it has no alert, and none is promised."""
    for target in panel.sent if wanted.alert is None and not wanted.fixed_window else ():
        windows = _WINDOW.findall(target.expression)
        if windows and not any("$" in window for window in windows):
            yield "time", f"{target.path}.expr", f"looks back {windows[0]}, whatever range is shown"


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
