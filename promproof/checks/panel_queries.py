"""What the queries of a plain panel may not do by themselves: see `panel_plain`. Way, key and text of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.checks.panel_findings import plain
from promproof.checks.serieslabels import documented_labels
from promproof.config.promql import parse
from promproof.contract.panels import PanelClaim
from promproof.grafana.dashboard import Dashboard, Panel
from promproof.grafana.expand import names
from promproof.grafana.queries import uses
from promproof.promql.labels import labels_of
from promproof.promql.tree import matchers, selectors
from promproof.truth.increase import IncreaseTruth
from promproof.truth.rows_total import RowsTotalTruth
from promproof.truth.views import Views

_IN_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_STATES = ("firing", "pending")
_STATE = re.compile(r"ALERTS\{[^}]*alertstate=\"(firing|pending)\"")
_COUNTED = re.compile(r"\s*(?:count|sum)\s*\(\s*ALERTS\s*\{[^}]*alertstate\s*=\s*[\"']firing")
_DRAWN = ("timeseries", "graph", "heatmap", "state-timeline")
"""Panels that show a course."""


def query_departures(views: Views, dashboard: Dashboard, panel: Panel, wanted: PanelClaim) -> list[str]:
    """How the queries of a plain panel give something else than a reader takes them for."""
    return [
        f"{path}: {text}"
        for way, path, text in (
            *_of_points(panel),
            *_of_forms(panel),
            *_of_legends(views, dashboard, panel),
            *_of_fallbacks(views, dashboard, panel),
            *_of_ranges(panel, wanted),
            *_of_siblings(views, dashboard, panel),
            *_of_counts(panel),
        )
        if way not in wanted.departs
    ]


def _of_points(panel: Panel) -> Iterator[tuple[str, str, str]]:
    if panel.type in _DRAWN:
        for target in panel.sent:
            if target.instant:
                does = "each series is there twice" if target.range else "no course is drawn"
                yield "reduction", f"{target.path}.instant", f"asks for one point: {does}"


def _of_forms(panel: Panel) -> Iterator[tuple[str, str, str]]:
    """Buckets that are not asked for as those of a heat map, and alerts of another state than the title says."""
    for target in panel.sent:
        if panel.type == "heatmap" and target.format != "heatmap" and "_bucket" in target.expression:
            yield "", f"{target.path}.format", f"is {target.format}: buckets are drawn as lines of a heat map"
        states = set(_STATE.findall(target.expression))
        said = {state for state in _STATES if state in f"{panel.title} {target.legend}".lower()}
        if len(states) == len(said) == 1 and states != said:
            yield "", f"{target.path}.expr", f"asks for alerts that are {min(states)}, and says {min(said)}"


def _of_legends(views: Views, dashboard: Dashboard, panel: Panel) -> Iterator[tuple[str, str, str]]:
    """Labels that no series of the query has: there the name has a gap."""
    for target in panel.sent:
        try:
            root = parse(plain(views, dashboard, panel, target))
        except ValueError:
            continue  # the form says so
        labels = labels_of(root, documented_labels(views.evidence, root))
        for label in dict.fromkeys(_IN_LEGEND.findall(target.legend)):
            if label != "__name__" and not labels.can_have(label):
                yield "", f"{target.path}.legendFormat", f"no series of the query has a label {label}"


def _of_fallbacks(views: Views, dashboard: Dashboard, panel: Panel) -> Iterator[tuple[str, str, str]]:
    for target in panel.sent:
        try:
            found = uses(plain(views, dashboard, panel, target), views.type_of)
        except ValueError:
            continue  # the form says so
        if any(use.kind == "constant-fallback" for use in found):
            yield "no_value", f"{target.path}.expr", "where no data are it shows a number (`or vector(...)`)"


def _of_ranges(panel: Panel, wanted: PanelClaim) -> Iterator[tuple[str, str, str]]:
    """A sum over the range that is shown, over a range of its own."""
    if not isinstance(wanted.truth, IncreaseTruth | RowsTotalTruth) or wanted.fixed_window:
        return
    for target in panel.sent:
        if "[" in target.expression and not names(target.expression[target.expression.index("[") :]):
            yield "time", f"{target.path}.expr", "adds up a time of its own, whatever range is shown"


def _of_siblings(views: Views, dashboard: Dashboard, panel: Panel) -> Iterator[tuple[str, str, str]]:
    """Two queries of one panel that leave out other series by one label: received without lo, sent without eth0."""
    left_out: dict[str, tuple[str, str]] = {}
    for target in panel.sent:
        try:
            found = selectors(parse(plain(views, dashboard, panel, target)))
        except ValueError:
            continue  # the form says so
        for label, sign, value in (matcher for selector in found for matcher in matchers(selector)):
            if sign not in ("!=", "!~") or not value:
                continue
            said, path = left_out.setdefault(label, (f"{sign}{value}", target.path))
            if path != target.path and said != f"{sign}{value}":
                yield (
                    "choice",
                    f"{target.path}.expr",
                    f"asks for {label}{sign}{value}, and {path} for {label}{said}",
                )


def _of_counts(panel: Panel) -> Iterator[tuple[str, str, str]]:
    """A number of alerts that fire whose colour changes with a later one than the first."""
    of_alerts = [target for target in panel.sent if _COUNTED.match(target.expression)]
    if of_alerts and panel.thresholds and panel.thresholds_mode == "absolute" and min(panel.thresholds) > 1:
        shown = f"{panel.thresholds[0]:g}"
        yield "", f"{panel.path}.fieldConfig.defaults.thresholds", f"fewer than {shown} alerts look like none"
