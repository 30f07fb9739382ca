"""How judging dashboards grows: `python -m benchmarks.panels 25` judges 25, then 50 dashboards of 30 panels.

Every panel was asked at four zooms, and shows rates, increases or the share of failures of a counter of 8 routes and
6 statuses in one of 20 ways; all numbers are right, so that all of them are judged. What making the records takes is
left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import judging
from benchmarks.growing import compare, peak, timed
from promproof.checks import claims
from promproof.checks.base import judge
from promproof.contract.panels import DashboardClaim
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Outcome
from tests.records import record

PANELS, ROUTES, EACH, SECONDS, WINDOW = 30, 8, 10, 60, 10
JUDGED = ("panel-values", "panel-data", "panel-form", "panel-zoom", "panel-legend", "panel-plain")
ZOOMS = {"whole": 1000, "narrow": 2000, "last third": 500, "coarse": 5000}
"""The step of each, in ms."""
BEGIN, END = 15, 55
Rows = Iterator[tuple[dict[str, str], float]]


@dataclass(frozen=True)
class Sort:
    """A sort of panel: its truth in the contract, its unit and query, and what its series are worth all the time."""

    truth: dict[str, Any]
    unit: str
    query: str
    legend: str
    rows: Callable[[], Rows]


def _rows(by: tuple[str, ...], routes: int, worth: float) -> Callable[[], Rows]:
    """One series for each group; worth: what one route and status of it counts."""

    def rows() -> Rows:
        groups: dict[tuple[tuple[str, str], ...], float] = {}
        for number in range(routes):
            for status in judging.STATUSES:
                labels = {"route": f"/r{number}", "status": str(status)}
                group = tuple((name, labels[name]) for name in by)
                groups[group] = groups.get(group, 0.0) + worth
        for group, total in groups.items():
            yield dict(group), total

    return rows


def _share() -> Rows:
    yield {}, sum(status >= 500 for status in judging.STATUSES) / len(judging.STATUSES)


def _sorts() -> Iterator[Sort]:
    for by in (("route",), ("status",), (), ("route", "status")):
        for where, matcher, routes in (({}, "", ROUTES), ({"route": "/r[0-3]"}, ',route=~"/r[0-3]"', 4)):
            truth = {"metric": judging.HITS, "by": list(by), "where": where}
            of = f'{judging.HITS}{{job="app"{matcher}}}[{WINDOW}s]'
            legend = "".join(f"{{{{{name}}}}} " for name in by) or "all"
            sums = f"sum by ({', '.join(by)})" if by else "sum"
            yield Sort(
                {"kind": "rate", **truth}, "reqps", f"{sums} (rate({of}))", legend, _rows(by, routes, EACH)
            )
            yield Sort(
                {"kind": "increase", **truth},
                "short",
                f"{sums} (increase({of}))",
                legend,
                _rows(by, routes, EACH * WINDOW),
            )
        failed = f'{judging.HITS}{{job="app",status=~"5.."}}[{WINDOW}s]'
        every = f'{judging.HITS}{{job="app"}}[{WINDOW}s]'
        yield Sort(
            {"kind": "ratio", "metric": judging.HITS, "part": {"status": "5.."}},
            "percentunit",
            f"sum(rate({failed})) / sum(rate({every}))",
            "failed",
            _share,
        )


SORTS = tuple(_sorts())


def evidence(dashboards: int) -> Evidence:
    """Of a run with so many dashboards."""
    made = judging.evidence([f"/r{number}" for number in range(ROUTES)], SECONDS, 1.0, EACH)
    boards = [_board(number) for number in range(dashboards)]
    promised = tuple(
        DashboardClaim.model_validate(
            {
                "title": board["title"],
                "uid": board["uid"],
                "panels": [_claim(panel) for panel in board["panels"]],
            }
        )
        for board in boards
    )
    contract = made.contract.model_copy(update={"dashboards": promised})
    history = History("by hand", 0.0, judging.EPOCH, list(made.history.records))
    for number, (kind, data) in enumerate(_records(boards), len(history.records)):
        history.records.append(record(number, SECONDS + 3, kind, data))
    return Evidence(contract, history)


def _sort(panel: dict[str, Any]) -> Sort:
    place: int = panel["id"] - 1
    return SORTS[place % len(SORTS)]


def _claim(panel: dict[str, Any]) -> dict[str, Any]:
    sort = _sort(panel)
    return {"title": panel["title"], "unit": sort.unit, "fixed_window": True, "truth": sort.truth}


def _board(number: int) -> dict[str, Any]:
    panels = [{"id": place + 1, "type": "timeseries", "title": f"Panel {place}"} for place in range(PANELS)]
    for panel in panels:
        sort = _sort(panel)
        panel["description"] = "What it shows."
        panel["fieldConfig"] = {"defaults": {"unit": sort.unit}}
        panel["datasource"] = {"type": "prometheus", "uid": "prom"}
        panel["targets"] = [{"refId": "A", "expr": sort.query, "legendFormat": sort.legend}]
    return {"uid": f"d{number}", "title": f"D {number}", "panels": panels}


def _records(boards: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    source = {"name": "Prometheus", "uid": "prom", "type": "prometheus", "is_default": True}
    files = {f"{board['uid']}.json": json.dumps(board) for board in boards}
    yield "dashboards", {"files": files, "sources": [source], "scrape_intervals": {"app": 1000}}
    yield "prometheus", {"version": "3.5.0"}
    yield "metadata", {"types": {judging.HITS: "counter", judging.TOOK: "histogram"}}
    stamps = [number + 0.55 for number in range(SECONDS - 1)] + [SECONDS + 1.5]
    for name, value in (("up", 1.0), ("scrape_duration_seconds", 0.01)):
        samples = [(stamp, value) for stamp in stamps]
        row = {"name": name, "labels": judging.IDENTITY, "samples": samples}
        yield "all_scrapes", {"name": name, "series": [row]}
    for board in boards:
        for place, panel in enumerate(board["panels"]):
            for zoom, step in ZOOMS.items():
                yield "panel", _asked(board, panel, place, zoom, step)


def _asked(board: dict[str, Any], panel: dict[str, Any], place: int, zoom: str, step: int) -> dict[str, Any]:
    begin, end = (round((judging.EPOCH + moment) * 1000) for moment in (BEGIN, END))
    stamps = [
        stamp / 1000 - judging.EPOCH for stamp in range(begin // step * step, end // step * step + 1, step)
    ]
    series = [
        {"labels": labels, "points": [(stamp, value) for stamp in stamps]}
        for labels, value in _sort(panel).rows()
    ]
    return {
        "dashboard": f"{board['uid']}.json",
        "panel": panel["title"],
        "path": f"$.panels[{place}].targets[0]",
        "ref": "A",
        "zoom": zoom,
        "width": 1000,
        "expanded": panel["targets"][0]["expr"],
        "step": step,
        "begin": begin,
        "end": end,
        "series": series,
    }


def measured(dashboards: int) -> dict[str, float]:
    """In this process: CPU seconds by check, and the peak of its memory in MB.

    Raises:
        AssertionError: a panel's values are not a pass, so that something else was measured.
    """
    made = evidence(dashboards)
    found = dict.fromkeys(JUDGED, 0.0)
    for check, claim in claims(made.contract):
        if check.name not in found:
            continue
        verdict, seconds = timed(partial(judge, check, claim, made))
        found[check.name] += seconds
        assert verdict.outcome is Outcome.PASS, f"{verdict.claim}: {verdict.reason:.300}"
    return {**found, "MB": peak()}


if __name__ == "__main__":
    compare("benchmarks.panels", __doc__, measured)
