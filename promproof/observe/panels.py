"""Asks every panel's queries once per zoom and writes the answers down; nothing is judged here.

Queries are sent as Grafana would send them: variables at their default, macros expanded, start and end aligned to the
step. Under a time scale the data source's interval, min intervals and fixed windows are scaled, nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_api_client import PrometheusApiClientException

from promproof.config.durations import format_milliseconds, parse_milliseconds
from promproof.config.promql import TooLarge
from promproof.config.timescale import TimeScale
from promproof.contract.model import Contract
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.history import History, Recorder
from promproof.grafana import causes
from promproof.grafana.dashboard import Dashboard, Panel, Target
from promproof.grafana.durations import milliseconds
from promproof.grafana.expand import Value, chosen, names, options_of, substitute, with_auto
from promproof.grafana.origins import DataSource, offered, selected
from promproof.grafana.provisioning import GrafanaFolder, Texts, read_all
from promproof.grafana.steps import DEFAULT_SCRAPES, MACROS, Request, resolve
from promproof.grafana.windows import executed
from promproof.observe.notebook import Notebook, ask_all
from promproof.observe.prometheus import Prometheus
from promproof.observe.sources import latencies, machine, rows, scrapes, sums
from promproof.observe.variables import query_values
from promproof.observe.zooms import Zoom as Zoom
from promproof.observe.zooms import zooms
from promproof.truth.views import panel_query

_Answered = tuple[Request, int, str, tuple[records.Drawn, ...]]
"""A request of a panel, its step in ms, the query as it was sent, and the series that came back."""

VARIABLE, CHOICE = "variables of the dashboards", "choices of the dashboards' variables"
"""What could not be observed, in the record `observation_failed`."""


@dataclass(frozen=True)
class Sources:
    """Where the truths of panels come from: ledger files by name, the database's URL, readings of the machine.

    `process_started` is when the kernel says that the target's process started (epoch seconds).
    """

    ledgers: Mapping[str, Path]
    database: str | None
    readings: list[records.MachineReading]
    process_started: float | None
    instances: Mapping[str, str] = field(default_factory=dict)
    """The labels of several instances by their URL, where it is known which of them answered."""


def _is_refused(error: EvidenceError) -> bool:
    """Whether the server answered and refused, which is about the query; no answer is about the server."""
    return isinstance(error.__cause__, PrometheusApiClientException | None)


def _as_evidence(error: Exception) -> EvidenceError:
    return EvidenceError("panels", f"not asked: {error}")


def files(history: Recorder, texts: Texts, intervals: Mapping[str, int]) -> None:
    """The dashboards and provisioning files as they are; `intervals`: the jobs' scrape intervals (ms), unscaled."""
    history.add(
        records.Dashboards(texts.dashboards, texts.sources, texts.providers, texts.problems, dict(intervals))
    )


def scrape_intervals(prometheus: Mapping[str, Any]) -> dict[str, int]:
    """Scrape intervals (ms) by job of a Prometheus configuration."""
    shared = (prometheus.get("global") or {}).get("scrape_interval") or "1m"
    return {
        str(job.get("job_name")): parse_milliseconds(str(job.get("scrape_interval") or shared))
        for job in prometheus.get("scrape_configs") or ()
        if isinstance(job, dict)
    }


def everything(
    history: Recorder,
    prometheus: Prometheus,
    contract: Contract,
    scale: TimeScale,
    window: tuple[float, float],
    sources: Sources,
    at_queries: Callable[[], None] = lambda: None,
) -> None:
    """All that the panel checks look at; call it at rest, after the server's facts and the stored samples.

    at_queries: called once the target itself is not asked any more, before Prometheus is asked for every panel.

    The dashboards are those that `files` recorded. `window` is in run time (seconds) and must end before the stored
    samples were asked for. What could not be asked is recorded as such.
    """
    if sources.database is not None:
        rows(history, contract, sources.database)
        sums(history, contract, sources.database, "rest")
    record = history.last(records.Dashboards)
    if record is None or not (record.data.files or contract.dashboards):
        return
    machine(history, sources.readings, sources.process_started)
    for name, path in sources.ledgers.items():
        latencies(history, name, path, sources.instances)
    scrapes(history, prometheus, history.now() + 1)
    provisioned = record.data.sources
    folder = GrafanaFolder(
        read_all(record.data.files, provisioned, record.data.providers), provisioned, (), ()
    )
    at_queries()
    panels(history, prometheus, folder, scale, window)


def panels(
    history: Recorder,
    prometheus: Prometheus,
    folder: GrafanaFolder,
    scale: TimeScale,
    window: tuple[float, float],
    looks: Sequence[Zoom] | None = None,
) -> None:
    """Run every panel query at each zoom of the window (run time, seconds) and record what came back.

    A query that is refused is recorded with the server's words; a query that gives nothing gets its cause.
    """
    begin, end = window
    try:
        known = prometheus.metadata()
        history.add(records.Metadata({name: all_[0].get("type") for name, all_ in known.items() if all_}))
    except EvidenceError as error:
        history.add(records.ObservationFailed("metadata", str(error)))
    for dashboard in folder.dashboards:
        values, options = _variables(history, prometheus, dashboard, folder.sources, window)
        asker = _Asker(
            history,
            prometheus,
            dashboard,
            folder.source_interval,
            scale,
            values,
            options,
            begin,
            end,
            _busy(history, begin, end),
        )
        questions: list[Callable[[Notebook], None]] = [
            partial(asker.ask, panel, target, looks or zooms(begin, end))
            for panel, target in dashboard.queries()
        ]
        if looks is None:
            questions += _choices(asker, dashboard, Zoom("whole", end - begin))
        ask_all(history, questions)


def _choices(asker: _Asker, dashboard: Dashboard, look: Zoom) -> Iterator[Callable[[Notebook], None]]:
    """The queries of every variable that takes several values, with one of them and with two of them chosen."""
    for variable in dashboard.variables:
        options = asker.options.get(variable.name, ())
        if not variable.multi or not options:
            continue
        for chosen_values in dict.fromkeys((tuple(options[:1]), tuple(options[:2]))):
            values = {**asker.values, variable.name: Value(chosen_values, True)}
            other = replace(asker, values=values)
            for panel, target in dashboard.queries():
                if variable.name in names(target.expression):
                    yield partial(other.choose, panel, target, look, variable.name, chosen_values)


def _variables(
    history: Recorder,
    prometheus: Prometheus,
    dashboard: Dashboard,
    sources: Sequence[DataSource],
    window: tuple[float, float],
) -> tuple[dict[str, Value], dict[str, list[str]]]:
    """(what is chosen by default, the live values) of a dashboard's variables; both are recorded."""
    values: dict[str, Value] = {}
    live: dict[str, list[str]] = {}
    span = (history.epoch + window[0], history.epoch + window[1])
    for variable in dashboard.variables:
        asked, refused = None, None
        options: list[str] = list(options_of(variable))
        try:
            if variable.type == "datasource":
                options = [source.uid for source in offered(variable, sources)]
            elif variable.type == "query" and variable.source.is_prometheus:
                options = query_values(prometheus, substitute(variable.query, values), variable.regex, span)
                asked = tuple(options)
        except Exception as error:  # a regular expression that only a browser reads is one of them
            options = []
            if isinstance(error, EvidenceError) and _is_refused(error):
                refused = str(error)
            else:
                history.failed(VARIABLE, error)
        found = chosen(variable, options)
        if variable.type == "datasource" and (source := selected(variable, sources)) is not None:
            found = Value((source.uid,), found.many)
        values[variable.name], live[variable.name] = found, options
        history.add(
            records.VariableAsked(
                dashboard.file,
                variable.name,
                variable.query,
                asked,
                tuple(options),
                tuple(found.values),
                refused,
            )
        )
    return {name: value for name, value in values.items() if value.values}, live


def _busy(history: Recorder, begin: float, end: float) -> tuple[float, ...]:
    """Moments of the traffic between these two: its end, and one before what Locust needs to end."""
    edges = {
        record.data.edge: record.t for record in history.of(records.Phase) if record.data.name == "traffic"
    }
    if set(edges) != {"begin", "end"}:
        return ()
    moments = (edges["end"], edges["begin"] + 0.75 * (edges["end"] - edges["begin"]))
    return tuple(moment for moment in moments if begin < moment < end)


@dataclass
class _Asker:
    """The queries of one dashboard."""

    times: History
    prometheus: Prometheus
    dashboard: Dashboard
    source_interval: str
    scale: TimeScale
    values: Mapping[str, Value]
    options: Mapping[str, Sequence[str]]
    begin: float
    end: float
    busy: tuple[float, ...]
    """Moments of the run's traffic, the latest first."""

    def ask(self, panel: Panel, target: Target, looks: Sequence[Zoom], notes: Notebook) -> None:
        empty, last = True, ""
        for look in looks:
            asked = records.PanelAsked(
                self.dashboard.file,
                panel.title,
                target.path,
                target.ref,
                look.name,
                look.width,
                target.instant,
            )
            try:
                request, step, text, rows = self._answered(panel, target, look)
                asked = replace(asked, expanded=text, step=step, begin=request.begin, end=request.end)
            except (TooLarge, InputError) as error:  # the limits of this harness say nothing of the query
                notes.failed(panel_query(self.dashboard.file, target.path), _as_evidence(error))
                return
            except ValueError as error:
                notes.add(replace(asked, error=str(error)))
                return
            except Exception as error:
                if isinstance(error, EvidenceError) and _is_refused(error):
                    notes.add(replace(asked, error=error.state))
                else:
                    notes.failed(panel_query(self.dashboard.file, target.path), error)
                return
            empty, last = empty and not rows, text
            notes.add(replace(asked, series=rows))
        if empty and last:
            self._cause(panel, target, last, notes)

    def choose(
        self,
        panel: Panel,
        target: Target,
        look: Zoom,
        variable: str,
        selection: tuple[str, ...],
        notes: Notebook,
    ) -> None:
        """Ask a query with a variable at these values and record whose series came back."""
        labels = re.findall(rf"(\w+)\s*=~?\s*[\"']\$\{{?{re.escape(variable)}\b", target.expression)
        choice = records.Choice(
            self.dashboard.file, target.path, variable, selection, tuple(dict.fromkeys(labels))
        )
        try:
            request, step, text = self._prepared(panel, target, look, self.end)
            rows = self._sent(target, request, step, text)
        except (TooLarge, InputError) as error:
            notes.failed(CHOICE, _as_evidence(error))
        except ValueError as error:
            notes.add(replace(choice, error=str(error)))
        except Exception as error:
            if isinstance(error, EvidenceError) and _is_refused(error):
                notes.add(replace(choice, error=error.state))
            else:
                notes.failed(CHOICE, error)
        else:
            notes.add(replace(choice, expanded=text, series=tuple(drawn.labels for drawn in rows)))

    def _answered(self, panel: Panel, target: Target, look: Zoom) -> _Answered:
        """What a query gives. One for a single moment that shows nothing at rest is asked for one with traffic."""
        moments = (self.end, *(self.busy if target.instant else ()))
        given = []
        for moment in moments:
            request, step, text = self._prepared(panel, target, look, moment)
            rows = self._sent(target, request, step, text)
            given.append((request, step, text, rows))
            if any(value and not math.isnan(value) for row in rows for _, value in row.points):
                return given[-1]
        return given[0]

    def _prepared(self, panel: Panel, target: Target, look: Zoom, moment: float) -> tuple[Request, int, str]:
        end = round((self.times.epoch + moment) * 1000)
        seconds = look.seconds if moment == self.end else min(look.seconds, moment - self.begin)
        request = Request(end - round(seconds * 1000), end, panel.max_data_points or look.width)
        # An interval variable at auto follows the range as it is written, and is scaled like any fixed duration.
        values = with_auto(self.values, self.dashboard.variables, request.length * self.scale.factor)
        resolved = resolve(
            request,
            min_step=self._scaled(substitute(target.interval, values)),
            panel_interval=self._scaled(substitute(panel.interval, values)),
            source_interval=self._scaled(self.source_interval or DEFAULT_SCRAPES),
            interval_factor=target.interval_factor,
        )
        text = executed(substitute(target.expression, values), request, resolved, self.scale)
        return request, resolved.step, text

    def _scaled(self, duration: str) -> str:
        """A duration as Grafana writes them, scaled."""
        if self.scale.is_identity or not duration or duration in MACROS:
            return duration
        return format_milliseconds(self.scale.milliseconds(milliseconds(duration)))

    def _sent(self, target: Target, request: Request, step: int, text: str) -> tuple[records.Drawn, ...]:
        if target.instant:
            answer = self.prometheus.get(
                "/api/v1/query", {"query": text, "time": f"{request.end / 1000:.3f}"}
            )
            if answer["resultType"] == "scalar":
                return (records.Drawn({}, (self._point(answer["result"]),)),)
            return tuple(
                records.Drawn(row["metric"], (self._point(row["value"]),)) for row in answer["result"]
            )
        begin, end = request.begin // step * step, request.end // step * step
        answer = self.prometheus.get(
            "/api/v1/query_range",
            {
                "query": text,
                "start": f"{begin / 1000:.3f}",
                "end": f"{end / 1000:.3f}",
                "step": f"{step / 1000:g}",
            },
        )
        return tuple(
            records.Drawn(row["metric"], tuple(self._point(point) for point in row["values"]))
            for row in answer["result"]
        )

    def _point(self, point: Sequence[Any]) -> tuple[float, float]:
        return round(self.times.from_epoch(float(point[0])), 6), float(point[1])

    def _cause(self, panel: Panel, target: Target, text: str, notes: Notebook) -> None:
        cause = partial(records.PanelCause, self.dashboard.file, panel.title, target.path)
        try:
            questions = causes.relaxations(text)
        except ValueError as error:
            notes.add(cause(f"it cannot be taken apart: {error}"))
            return
        answers: dict[str, float | None] = {}
        for question in questions:
            try:
                found = self.prometheus.query(question.expression, at=self.times.epoch + self.end)
            except EvidenceError:
                continue
            numbers = [value for _, value in found if not math.isnan(value)]
            answers[question.expression] = max(numbers) if numbers else (0.0 if found else None)
        notes.add(cause(causes.name(questions, answers), answers))
