"""Asking a real Grafana what it made of the files, and every query once; nothing is judged here."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from promproof.config.timescale import TimeScale
from promproof.errors import EvidenceError
from promproof.evidence import records
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
    same, why = _same_server(history, grafana, prometheus, folder)
    history.add(_told(grafana, folder, served, same, why))
    if not same:
        return
    for record in list(history.of(records.PanelAsked)):
        if record.data.zoom == "whole" and record.data.series is not None:
            try:
                _query(history, grafana, folder, scale, record)
            except Exception as error:
                history.failed("grafana_query", error)


def _told(
    grafana: Grafana, folder: GrafanaFolder, served: Texts, same: bool, why: str
) -> records.GrafanaAsked:
    """What Grafana says of itself, its sources and its dashboards. same, why: whether its source is this Prometheus."""
    errors: list[str] = []

    def asked(what: str, call: Callable[[], Answer]) -> records.GrafanaAnswer | None:
        try:
            answer = call()
        except EvidenceError as error:
            errors.append(f"{what}: {error.state}")
            return None
        return records.GrafanaAnswer(answer.status, answer.body)

    about = {
        name: asked(name, getattr(grafana, name))
        for name in ("health", "anonymous", "account", "sources", "search")
    }
    source_health = {
        source.uid: asked(f"health of {source.uid}", partial(grafana.source_health, source.uid))
        for source in folder.sources
    }
    dashboards = {
        dashboard.uid: asked(f"dashboard {dashboard.uid}", partial(grafana.dashboard, dashboard.uid))
        for dashboard in folder.dashboards
    }
    return records.GrafanaAsked(
        errors=tuple(errors),
        same_server=same,
        url=grafana.url,
        files=served.dashboards,
        intervals={source.uid: source.interval for source in served.sources},
        source_health={uid: answer for uid, answer in source_health.items() if answer is not None},
        dashboards={uid: answer for uid, answer in dashboards.items() if answer is not None},
        other_server=why,
        **about,
    )


def _same_server(
    history: Recorder, grafana: Grafana, prometheus: Prometheus, folder: GrafanaFolder
) -> tuple[bool, str]:
    """Whether Grafana's data source is this Prometheus: both tell the same times of the newest scrapes, to the ms."""
    uid = next((source.uid for source in folder.sources if source.type == "prometheus"), "")
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
    through = sorted(value for frame in result.frames for _, value in frame.points if value is not None)
    if result.error or not direct:
        return False, result.error or "no target was scraped"
    if direct != through:
        return False, f"its data source {uid!r} is another Prometheus than that of this run"
    return True, ""


def _query(
    history: Recorder,
    grafana: Grafana,
    folder: GrafanaFolder,
    scale: TimeScale,
    record: Record[records.PanelAsked],
) -> None:
    data = record.data
    dashboard = next(dashboard for dashboard in folder.dashboards if dashboard.file == data.dashboard)
    panel, target = next((p, t) for p, t in dashboard.queries() if t.path == data.path)
    chosen = {
        record.data.name: tuple(record.data.chosen)
        for record in history.of(records.VariableAsked)
        if record.data.dashboard == dashboard.file
    }
    values = {
        variable.name: Value(
            chosen.get(variable.name, ()), variable.multi or variable.include_all, variable.all_value is None
        )
        for variable in dashboard.variables
    }
    identity = scale.is_identity
    request = Request(data.begin, data.end, panel.max_data_points or data.width)
    asked = {
        "refId": target.ref,
        "datasource": {"type": "prometheus", "uid": target.source.uid},
        # Under a time scale the fixed windows are not those of the file, so the expanded query is asked.
        "expr": substitute(target.expression, values) if identity else data.expanded,
        "instant": target.instant,
        "range": not target.instant,
        "format": "time_series",
        "intervalMs": browser_interval(request, panel.interval, folder.source_interval)
        if identity
        else data.step,
        "maxDataPoints": request.points,
        "interval": target.interval if identity else "",
        "intervalFactor": target.interval_factor,
        "legendFormat": target.legend,
        "utcOffsetSec": 0,
    }
    made = partial(records.GrafanaQuery, dashboard.file, target.path, record.number, panel.title)
    try:
        result = grafana.query(asked, request.begin, request.end)
    except EvidenceError as error:
        history.add(made(error.state))
        return
    history.add(made(result.error or None, result.expression, result.step, _drawn(history, result)))


def _drawn(history: Recorder, result: QueryResult) -> tuple[records.Drawn, ...]:
    return tuple(
        records.Drawn(
            frame.labels,
            tuple(
                (round(history.from_epoch(t), 6), math.nan if value is None else value)
                for t, value in frame.points
            ),
            frame.name,
        )
        for frame in result.frames
    )
