"""Watching one target inside Locust's web UI: what the client, the API and Prometheus say, and the verdicts at the end.

Runs on Locust's own event loop, beside the requests. Whatever takes time is asked over the network, or computed on
a thread of its own, so that the generator stays honest; its lag is measured all the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gevent

from promproof.contract.model import Contract, seconds
from promproof.errors import EvidenceError, InputError
from promproof.live import charts
from promproof.live.alerts import as_rows, states
from promproof.live.drills import DrillDesk
from promproof.live.happened import Happened
from promproof.live.links import Part, answering
from promproof.live.switches import Switchboard
from promproof.load.account import Account
from promproof.load.asked import NOT_STORED, NOTHING_COUNTED, Questions
from promproof.load.conditions import parse_condition
from promproof.load.judgement import invalid, judge
from promproof.load.models import Scenario
from promproof.load.options import Options
from promproof.load.result import LoadResult
from promproof.observe.prometheus import Prometheus
from promproof.observe.readings import Readings
from promproof.report import load as report
from promproof.report.page.counts import unit_of
from promproof.truth.counts import Reading, Row, counted, rows, set_aside, total
from promproof.truth.metrics import Expected, between, sample_name

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LINKS_SECONDS = 10.0
CATCH_UP_SECONDS = 2.0
"""within which the ledger's file must have what was recorded at a reading"""
ROWS_AT_MOST = 50
"""label sets that differ are shown up to here"""
NOTHING = {
    "client": "0",
    "client_then": "0",
    "api": 0.0,
    "prometheus": 0.0,
    "api_difference": 0.0,
    "prometheus_difference": 0.0,
    "differing": 0,
    "label_sets": 0,
}
"""a metric that nobody has counted yet"""


@dataclass
class Run:
    """One run in the web UI. state: waiting, running, settling or ended."""

    number: int
    account: Account
    options: Options
    questions: Questions | None
    started: str
    state: str = "running"
    trouble: str = ""
    result: LoadResult | None = None
    report: Path | None = None


class Watch:
    """Everything that the page shows. `following` is the account's side of Locust's web UI (promproof.load.webui)."""

    def __init__(
        self,
        contract: Contract,
        contract_file: Path,
        prometheus: str | None,
        board: Switchboard,
        desk: DrillDesk,
        folder: Path,
        following: Any,
        history: Path | None = None,
        parts: Sequence[Part] = (),
    ) -> None:
        self.contract = contract
        self.board = board
        self.desk = desk
        self.run: Run | None = None
        self._contract_file = contract_file
        self._prometheus_url = prometheus
        self._prometheus = None if prometheus is None else Prometheus(prometheus)
        self._folder = folder
        self._following = following
        self._readings: Readings | None = None
        self._base: Reading | None = None
        self._shown: dict[str, Any] = {"counts": [], "differing": [], "others": []}
        self._alerts: list[dict[str, Any]] = []
        self._charts: dict[str, Any] = {"t": [], "charts": []}
        self._trouble: dict[str, str] = {}
        self._happened = Happened(history)
        self._runs = 0
        self._links = {"Prometheus": prometheus} if prometheus is not None else {}
        if prometheus is not None:
            following.more = [parse_condition(f"metric {metric.name}") for metric in counted(contract)]
        gevent.spawn(self._look_again_and_again)
        gevent.spawn(self._look_at_links, parts)

    @property
    def is_running(self) -> bool:
        """Whether a run of the web UI is under way, or not settled yet."""
        return self.run is not None and self.run.state in ("running", "settling")

    # the course of a run

    def begin(self, scenario: Scenario, target: str) -> None:
        """A run is about to begin: read what the counters stand at, before anything is sent."""
        self._runs += 1
        account = self._following.account
        options = Options(
            Path(), scenario, target, prometheus=self._prometheus_url, contract=self._contract_file
        )
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        run = self.run = Run(self._runs, account, options, None, started)
        self._readings = Readings(self.contract, target, self._prometheus)
        self._base = None
        self._shown, self._charts = {"counts": [], "differing": [], "others": []}, {"t": [], "charts": []}
        try:
            self._base = self._readings.api()
            run.questions = Questions(options, account)
            run.questions.begin()
        except (EvidenceError, InputError) as error:
            run.trouble = str(error)

    def end(self, stopped_for: str | None) -> None:
        """The run is over, and its ledger whole: judge, and keep the report. Once; safe to call again.

        stopped_for: who has ended it, if it may have been ended early and what was until then counts.
        """
        run = self.run
        if run is None or run.state != "running":
            return
        run.state = "settling"
        self._following.poll()
        reasons = invalid(run.account, stopped_for)
        judgements = judge(run.account, reasons)
        if run.questions is not None and not run.trouble:
            # nobody asked for these by name: a metric that this scenario does not move is no open question
            judgements += [
                answer
                for answer in run.questions.answers(reasons)
                if not answer.seen.startswith((NOTHING_COUNTED, NOT_STORED))
            ]
        elif self._prometheus is not None:
            reasons.append(run.trouble or "Prometheus was not asked")
        about = {
            "scenario": run.options.scenario.name,
            "target": run.options.target,
            "started": run.started,
        }
        self._look()
        result = LoadResult(run.account, f"run-{run.number}", about, judgements, reasons)
        run.result = replace(result, monitoring={"alerts": self._alerts, "counts": self._shown["counts"]})
        run.state = "ended"
        path = self._folder / f"report-{run.number}.html"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(report.html(run.result), encoding="utf-8")
            run.report = path
        except OSError as error:
            run.trouble = f"the report cannot be written: {error.strerror}"
            log.error("%s", run.trouble)

    # the page

    def state(self) -> dict[str, Any]:
        """All that the page shows, as JSON values."""
        run = self.run
        verdicts = (
            []
            if run is None or run.result is None
            else [verdict.as_json() for verdict in run.result.verdicts]
        )
        return {
            "run": {
                "number": 0 if run is None else run.number,
                "state": "waiting" if run is None else run.state,
                "scenario": "" if run is None else run.options.scenario.name,
                "seconds": 0.0 if run is None else round(run.account.seconds, 1),
                "headline": "" if run is None or run.result is None else report.headline(run.result),
                "invalid": [] if run is None or run.result is None else list(run.result.reasons),
                "report": run is not None and run.report is not None,
            },
            "trouble": [
                trouble
                for trouble in [*self._trouble.values(), "" if run is None else run.trouble]
                if trouble
            ],
            "verdicts": verdicts,
            "alerts": self._alerts,
            "events": self._happened.as_rows(time.monotonic() if run is None else run.account.began),
            "links": self._links,
            **self._shown,
            **self._charts,
            "faults": self.board.state(),
            "drills": self.desk.state(),
        }

    def shown(self) -> dict[str, Any]:
        """The counts alone."""
        return self._shown

    # looking

    def _look_again_and_again(self) -> None:
        while True:
            gevent.sleep(LOOK_SECONDS)
            try:
                self._look()
            except Exception:
                log.exception("internal error while watching")

    def _look_at_links(self, parts: Sequence[Part]) -> None:
        """On its own: a part that does not answer must not hold up what is looked at each second."""
        always = self._links
        while parts:
            self._links = {**always, **answering(parts)}
            gevent.sleep(LINKS_SECONDS)

    def _look(self) -> None:
        now = time.monotonic()
        if self._prometheus is not None:
            self._try("alerts", self._look_at_alerts)
            self._happened.alerts(self._alerts, now)
        self._happened.faults(self.board.state()["switches"], now)
        self._happened.notifications(now)
        if self.run is not None and self.run.state != "ended":
            self._try("counts", self._look_at_counts)
            self._try("charts", self._look_at_charts)

    def _try(self, what: str, look: Callable[[], None]) -> None:
        try:
            look()
            self._trouble.pop(what, None)
        except EvidenceError as error:
            self._trouble[what] = f"{what}: {said(error)}"

    def _look_at_alerts(self) -> None:
        assert self._prometheus is not None
        self._alerts = as_rows(states(self.contract, self._prometheus), time.time())

    def _look_at_counts(self) -> None:
        run, readings, base = self.run, self._readings, self._base
        if run is None or readings is None or base is None:
            return
        api, stored = readings.api(), readings.stored()
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while self._following.seen_until < api.end and time.monotonic() < deadline and not run.account.final:
            gevent.sleep(0.05)
            self._following.poll()
        view = run.account.everything()

        def compare() -> dict[str, Any]:
            return _counts(self.contract, base, view, api, stored)

        self._shown = gevent.get_hub().threadpool.apply(compare)

    def _look_at_charts(self) -> None:
        run = self.run
        if run is None or not run.account.slots:
            return
        interval = 1.0
        stored: dict[str, charts.Curve] = {}
        now = time.time()
        if self._prometheus is not None and self._readings is not None:
            interval = self._readings.scraped().interval
        window = charts.window_of(interval)
        if self._prometheus is not None:
            began = run.account.began + now - time.monotonic()
            step = max(interval, (now - began) / charts.POINTS_AT_MOST, 1.0)
            stored = charts.stored_curves(self.contract, self._prometheus, began, now, step, window)
        client = charts.client_curves(run.account, window)
        self._charts = charts.as_columns(charts.charts(client, stored))


def _counts(
    contract: Contract, base: Reading, view: Any, api: Reading, stored: Reading | None
) -> dict[str, Any]:
    settle = seconds(contract.target.longest_handler)
    every: list[dict[str, Any]] = []
    differing: list[dict[str, Any]] = []
    for metric in counted(contract):
        client = between(metric, view, api.begin, api.end, settle, api.of(metric))
        then: Expected = {}
        if stored is not None:
            then = between(metric, view, stored.begin, stored.end, settle, stored.of(metric))
        found, _ = set_aside(rows(metric, base, client, api, then, stored), metric, contract, view)
        summed = total(found)
        wrong = [row for row in found if row.differs]
        if summed is not None:
            every.append({**_shown(summed), "differing": len(wrong), "label_sets": len(found)})
        else:
            every.append({**NOTHING, "metric": metric.name})
        differing += [_shown(row) for row in wrong]
    names = {sample_name(metric) for metric in counted(contract)}
    others = [
        {
            "metric": metric.name,
            "unit": unit_of(metric),
            "api": _value(api, metric.name),
            "prometheus": _value(stored, metric.name),
        }
        for metric in contract.metrics
        if sample_name(metric) not in names
    ]
    return {"counts": every, "differing": differing[:ROWS_AT_MOST], "others": others}


def _shown(row: Row) -> dict[str, Any]:
    return {
        "metric": row.series,
        "client": str(row.client),
        "client_then": str(row.client_then),
        "api": row.api,
        "prometheus": row.prometheus,
        "api_difference": row.api_differs,
        "prometheus_difference": row.prometheus_differs,
    }


def _value(side: Reading | None, name: str) -> float | None:
    found = [] if side is None else [value for (sample, _), value in side.values.items() if sample == name]
    return sum(found) if found else None


def said(error: EvidenceError) -> str:
    """Trouble for people who look at a page: a server that is not there is told without the library's words."""
    if "connection refused" in error.state.lower():
        return f"{error.component} does not run there; {error.todo}" if error.todo else error.state
    return f"{error.component}: {error.state}"
