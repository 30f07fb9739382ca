"""Asking a real Grafana what it made of the files, and every query once; nothing is judged here."""

from __future__ import annotations

import math
from typing import Any

from promproof.config.timescale import TimeScale
from promproof.errors import EvidenceError
from promproof.evidence.history import Record, Recorder
from promproof.grafana.expand import Value, substitute
from promproof.grafana.provisioning import GrafanaFolder, Texts
from promproof.grafana.steps import Request, browser_interval
from promproof.observe.grafana import Answer, Grafana, QueryResult
from promproof.observe.prometheus import Prometheus

PROBE = "timestamp(up)"


def ask(
    history: Recorder,
    grafana: Grafana,
    prometheus: Prometheus,
    folder: GrafanaFolder,
    served: Texts,
    scale: TimeScale,
) -> None:
    """Health, data sources, dashboards and queries, as one record `grafana`; what was not answered is in its `errors`.

    `served` are the files that it was provisioned with. The queries are those of the records `panel` at the zoom
    "whole", so call it after these. They are sent only when Grafana's data source is this Prometheus: another one has
    other samples.
    """
    errors: list[str] = []
    data: dict[str, Any] = {
        "url": grafana.url,
        "errors": errors,
        "files": served.dashboards,
        "intervals": {one.uid: one.interval for one in served.sources},
    }
    for name, call in (
        ("health", grafana.health),
        ("anonymous", grafana.anonymous),
        ("account", grafana.account),
        ("sources", grafana.sources),
        ("search", grafana.search),
    ):
        try:
            data[name] = _plain(call())
        except EvidenceError as error:
            errors.append(f"{name}: {error.state}")
    data["source_health"] = {}
    data["dashboards"] = {}
    for source in folder.sources:
        try:
            data["source_health"][source.uid] = _plain(grafana.source_health(source.uid))
        except EvidenceError as error:
            errors.append(f"health of {source.uid}: {error.state}")
    for dashboard in folder.dashboards:
        try:
            data["dashboards"][dashboard.uid] = _plain(grafana.dashboard(dashboard.uid))
        except EvidenceError as error:
            errors.append(f"dashboard {dashboard.uid}: {error.state}")
    same, why = _same_server(history, grafana, prometheus, folder)
    data["same_server"], data["other_server"] = same, why
    history.add("grafana", data)
    if not same:
        return
    for record in list(history.of("panel")):
        if record.data.get("zoom") == "whole" and "series" in record.data:
            try:
                _query(history, grafana, folder, scale, record)
            except Exception as error:
                history.failed("grafana_query", error)


def _same_server(
    history: Recorder, grafana: Grafana, prometheus: Prometheus, folder: GrafanaFolder
) -> tuple[bool, str]:
    """Whether Grafana's data source is this Prometheus: both tell the same times of the newest scrapes, to the ms."""
    uid = next((one.uid for one in folder.sources if one.type == "prometheus"), "")
    end = round((history.epoch + history.now()) * 1000)
    asked = {
        "refId": "A",
        "datasource": {"type": "prometheus", "uid": uid},
        "expr": PROBE,
        "instant": True,
        "range": False,
    }
    try:
        direct = sorted(value for _, value in prometheus.query(PROBE, at=end / 1000))
        result = grafana.query(asked, end - 60_000, end)
    except EvidenceError as error:
        return False, error.state
    through = sorted(value for one in result.frames for _, value in one.points if value is not None)
    if result.error or not direct:
        return False, result.error or "no target was scraped"
    if direct != through:
        return False, f"its data source {uid!r} is another Prometheus than that of this run"
    return True, ""


def _query(
    history: Recorder, grafana: Grafana, folder: GrafanaFolder, scale: TimeScale, record: Record
) -> None:
    data = record.data
    dashboard = next(one for one in folder.dashboards if one.file == data["dashboard"])
    panel, target = next((p, t) for p, t in dashboard.queries() if t.path == data["path"])
    chosen = {
        one.data["name"]: tuple(one.data["chosen"])
        for one in history.of("variable")
        if one.data["dashboard"] == dashboard.file
    }
    values = {
        one.name: Value(chosen.get(one.name, ()), one.multi or one.include_all, one.all_value is None)
        for one in dashboard.variables
    }
    identity = scale.is_identity
    request = Request(data["from"], data["to"], panel.max_data_points or data["width"])
    asked = {
        "refId": target.ref,
        "datasource": {"type": "prometheus", "uid": target.source.uid},
        # Under a time scale the fixed windows are not those of the file, so the expanded query is asked.
        "expr": substitute(target.expression, values) if identity else data["expanded"],
        "instant": target.instant,
        "range": not target.instant,
        "format": "time_series",
        "intervalMs": browser_interval(request, panel.interval, folder.source_interval)
        if identity
        else data["step"],
        "maxDataPoints": request.points,
        "interval": target.interval if identity else "",
        "intervalFactor": target.interval_factor,
        "legendFormat": target.legend,
        "utcOffsetSec": 0,
    }
    row: dict[str, Any] = {
        "dashboard": dashboard.file,
        "path": target.path,
        "panel": panel.title,
        "of": record.number,
    }
    try:
        result = grafana.query(asked, request.begin, request.end)
    except EvidenceError as error:
        history.add("grafana_query", {**row, "error": error.state})
        return
    history.add("grafana_query", {**row, **_result(history, result)})


def _result(history: Recorder, result: QueryResult) -> dict[str, Any]:
    return {
        "error": result.error or None,
        "expression": result.expression,
        "step": result.step,
        "series": [
            {
                "name": one.name,
                "labels": one.labels,
                "points": [
                    [round(history.from_epoch(t), 6), math.nan if value is None else value]
                    for t, value in one.points
                ],
            }
            for one in result.frames
        ],
    }


def _plain(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "body": answer.body}
