"""What the panel checks look at: the recorded dashboards, their answers, and the phase of every scrape."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from promproof.contract.model import Metric
from promproof.contract.panels import DashboardClaim, PanelClaim
from promproof.evidence.evidence import Evidence, Gap, Scrape
from promproof.evidence.history import Record
from promproof.evidence.records import (
    AllScrapes,
    Dashboards,
    Latencies,
    Metadata,
    PanelAsked,
    PrometheusSaid,
    Targets,
)
from promproof.evidence.senders import late, ledger_of, scrape_ledger
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.exposition import Labels, label_set
from promproof.grafana.dashboard import Dashboard, Panel, Target
from promproof.grafana.provisioning import GrafanaFolder, read_all
from promproof.grafana.steps import DEFAULT_INTERVAL
from promproof.promql.versions import is_left_open
from promproof.truth.metrics import ZERO, Interval, between, sample_name
from promproof.truth.requests import told

LOOKBACK_SECONDS = 300.0
"""How far Prometheus looks back for a sample, unscaled (--query.lookback-delta)."""


def panel_query(dashboard: str, path: str) -> str:
    """How the record `observation_failed` names a panel's query."""
    return f"query {path} of {dashboard}"


@dataclass(frozen=True)
class Answered:
    """One answered query at one zoom. Points are (run time, value); `zoom`, `expanded` as recorded.

    `times` are the run times (s) for which it was asked.
    """

    target: Target
    zoom: str
    expanded: str
    step: float
    series: tuple[tuple[Labels, tuple[tuple[float, float], ...]], ...]
    times: tuple[float, ...]
    record: int


class Views:
    """Views of one run's evidence, each computed once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.memo: dict[object, Any] = {}
        """What a truth has found out, for the next query that asks the same."""
        self._bases: dict[str, dict[Labels, float]] = {}
        self._counts: dict[tuple[str, float, bool], dict[Labels, Interval]] = {}

    @cached_property
    def folder(self) -> GrafanaFolder:
        """The dashboards as they were when the run began."""
        data = self.evidence.need(Dashboards).data
        return GrafanaFolder(
            read_all(data.files, data.sources, data.providers), data.sources, data.providers, data.problems
        )

    def scrape_interval(self, expression: str) -> int:
        """The scrape interval (ms) of the jobs that a query names, or else the longest of all; unscaled."""
        intervals: dict[str, int] = self.evidence.need(Dashboards).data.scrape_intervals
        named = [ms for job, ms in intervals.items() if f'"{job}"' in expression]
        return max(named or intervals.values(), default=DEFAULT_INTERVAL)

    def cut_off(self, expression: str, times: Sequence[float] = ()) -> str:
        """Why an answer may be empty at this time scale alone; empty where there is no such reason.

        The scaled time-out cut off scrapes of a job that the query asks; one that names no job may ask any.
        times: run times (s) for which it was asked; none for the whole run.
        """
        begin = min(times) - LOOKBACK_SECONDS / self.evidence.scale.factor if times else -inf
        jobs = self.evidence.need(Dashboards).data.scrape_intervals
        named = [job for job in jobs if f'"{job}"' in expression]
        reasons = self.evidence.cut_off_between(begin, max(times, default=inf)).items()
        return next((why for job, why in reasons if not named or job in named), "")

    def dashboard(self, claim: DashboardClaim) -> Dashboard | None:
        """The file of a documented dashboard: by uid."""
        return next((dashboard for dashboard in self.folder.dashboards if dashboard.uid == claim.uid), None)

    def claimed(self, subject: str) -> tuple[DashboardClaim, PanelClaim, Dashboard, Panel]:
        """The documented panel of a claim's subject `uid/slug`, with its file.

        Raises:
            Gap: the file or the panel is missing; the inventory says so.
        """
        uid, _, slug = subject.partition("/")
        wanted = next(dashboard for dashboard in self.evidence.contract.dashboards if dashboard.uid == uid)
        dashboard = self.dashboard(wanted)
        if dashboard is None:
            raise Gap(f"no dashboard file has the uid {uid!r}")
        panel = next((panel for panel in dashboard.panels if panel.slug == slug), None)
        if panel is None:
            raise Gap(f"{dashboard.file} has no panel {wanted.panel(slug).title!r}")
        return wanted, wanted.panel(slug), dashboard, panel

    def records(self, dashboard: Dashboard, panel: Panel) -> list[Record[PanelAsked]]:
        """The recorded queries of a panel.

        Raises:
            Gap: one could not be asked, which says nothing of the panel.
        """
        paths = {target.path for target in panel.targets}
        for path in paths:
            if why := self.evidence.why_missing(panel_query(dashboard.file, path)):
                raise Gap(f"{path} could not be asked{why}")
        return [record for record in self._asked.get(dashboard.file, ()) if record.data.path in paths]

    @cached_property
    def _asked(self) -> dict[str, list[Record[PanelAsked]]]:
        """The recorded queries of all panels, by the dashboard's file."""
        found: dict[str, list[Record[PanelAsked]]] = {}
        for record in self.evidence.history.of(PanelAsked):
            found.setdefault(record.data.dashboard, []).append(record)
        return found

    def need_answers(self) -> None:
        """Raises Gap when no panel's query was run at all: the run ended before."""
        if self.evidence.history.last(PanelAsked) is None and any(
            list(dashboard.queries()) for dashboard in self.folder.dashboards
        ):
            raise Gap(f"the panels' queries were not run{self.evidence.why_missing('panel')}")

    def answers(self, dashboard: Dashboard, panel: Panel) -> list[Answered]:
        """The answered queries of a panel, in recorded order."""
        targets = {target.path: target for target in panel.targets}
        return [
            Answered(
                targets[record.data.path],
                record.data.zoom,
                record.data.expanded,
                record.data.step / 1000,
                tuple((label_set(drawn.labels), drawn.points) for drawn in record.data.series),
                self._times(record.data),
                record.number,
            )
            for record in self.records(dashboard, panel)
            if record.data.series is not None
        ]

    def _times(self, asked: PanelAsked) -> tuple[float, ...]:
        """Grafana aligns begin and end of a range to the step; an instant query is about the end as it is."""
        begin, end, step = asked.begin, asked.end, asked.step
        stamps = [end] if asked.instant else range(begin // step * step, end // step * step + 1, step)
        return tuple(round(self.evidence.history.from_epoch(ms / 1000), 6) for ms in stamps)

    def type_of(self, name: str) -> str | None:
        """A metric's type: the contract's word, then the server's."""
        for metric in self.evidence.contract.metrics:
            if metric.name == name:
                return metric.type
        record = self.evidence.history.last(Metadata)
        found = record.data.types.get(name) if record is not None else None
        return str(found) if found else None

    @cached_property
    def served(self) -> frozenset[str]:
        """The names of the families that the target exposes or the server knows, also those without a series yet."""
        record = self.evidence.history.last(Metadata)
        found = set(record.data.types) if record is not None else set()
        with suppress(Gap):
            found |= set(self.evidence.rest.exposition.families)
        return frozenset(found)

    @cached_property
    def known(self) -> frozenset[str]:
        """The names that are served or documented: a documented one that is not there is the target's all the same."""
        return self.served | {metric.name for metric in self.evidence.contract.metrics}

    @cached_property
    def absent_jobs(self) -> tuple[str, ...]:
        """The jobs of the folder that have no target in this run, which brings none of their programs up."""
        targets = self.evidence.history.last(Targets)
        if targets is None:
            return ()
        there = {target["labels"].get("job") for target in targets.data.targets}
        return tuple(job for job in self.evidence.need(Dashboards).data.scrape_intervals if job not in there)

    @cached_property
    def left_open(self) -> bool:
        """Whether the server's windows leave their left edge out: Prometheus 3 and later."""
        return is_left_open(str(self.evidence.need(PrometheusSaid).data.version))

    # scrapes

    @cached_property
    def _jobs(self) -> dict[tuple[str, str], dict[float, Scrape]]:
        """All scrapes, by (job, instance) and stamp."""
        found: dict[str, dict[tuple[str, str], dict[float, float]]] = {}
        for record in self.evidence.history.of(AllScrapes):
            for series in record.data.series:
                key = (series.labels.get("job", ""), series.labels.get("instance", ""))
                found.setdefault(record.data.name, {})[key] = dict(series.samples)
        durations = found.get("scrape_duration_seconds", {})
        return {
            key: self.evidence.scrapes_of(ups, durations.get(key, {}), self._interval(key[0]))
            for key, ups in found.get("up", {}).items()
        }

    def _interval(self, job: str) -> float:
        """The scrape interval of a job in the run, in seconds."""
        record = self.evidence.history.last(Dashboards)
        if record is None or job not in record.data.scrape_intervals:
            return self.evidence.interval
        return self.evidence.scale.milliseconds(record.data.scrape_intervals[job]) / 1000

    def scrapes(self, job: str, instance: str | None = None) -> dict[float, Scrape]:
        """Scrapes of a target by stamp (run time, server's clock); an empty job is any. Failed ones stored nothing.

        Raises:
            Gap: none were recorded.
        """
        return {stamp: scrape for stamp, scrape in self._of(job, instance).items() if scrape.up == 1}

    def failed(self, job: str, instance: str | None = None) -> list[float]:
        """Stamps of a target's scrapes that failed: its series end there."""
        return sorted(stamp for stamp, scrape in self._of(job, instance).items() if scrape.up != 1)

    def _of(self, job: str, instance: str | None) -> dict[float, Scrape]:
        for (own, where), found in self._jobs.items():
            if job in ("", own) and instance in (None, where):
                return found
        raise Gap(f"no scrapes of {job or 'a job'} at {instance or 'any address'} were recorded")

    @cached_property
    def target_scrapes(self) -> dict[float, Scrape]:
        """Scrapes of the target."""
        return self.scrapes(self.evidence.contract.target.job, self.evidence.run.instance)

    def stamps(self, name: str) -> dict[Labels, Sequence[float]]:
        """When each series of a metric was sampled, by label set without job and instance."""
        if ("stamps", name) not in self.memo:
            stored = self.evidence.stored(name)
            # those that were sampled at the same times share them
            shared: dict[tuple[float, ...], tuple[float, ...]] = {}
            found = {labels: tuple(t for t, _ in samples) for labels, samples in stored.items()}
            self.memo["stamps", name] = {
                labels: shared.setdefault(stamps, stamps) for labels, stamps in found.items()
            }
        kept: dict[Labels, Sequence[float]] = self.memo["stamps", name]
        return kept

    @cached_property
    def silent(self) -> LedgerView:
        """The ledgers of senders that keep no latencies over time: the harness's own requests."""
        told = {record.data.source for record in self.evidence.history.of(Latencies)}
        ledgers = [
            LedgerView.from_json(record.data.view)
            for record in self.evidence.ledgers
            if record.data.source not in told
        ]
        return merge(ledgers) if ledgers else LedgerView(self.evidence.ledger.bin_seconds)

    def ledger_for(self, metric: Metric) -> LedgerView:
        """All senders' ledgers, with the requests for the metrics where the metric counts them."""
        if ("ledger", metric.name) not in self.memo:
            self.memo["ledger", metric.name] = ledger_of(self.evidence, metric)
        found: LedgerView = self.memo["ledger", metric.name]
        return found

    def _silent_for(self, metric: Metric) -> LedgerView:
        if self.ledger_for(metric) is self.evidence.ledger:
            return self.silent
        if ("silent", metric.name) not in self.memo:
            self.memo["silent", metric.name] = merge([self.silent, scrape_ledger(self.evidence)])
        found: LedgerView = self.memo["silent", metric.name]
        return found

    def late(self, metric: Metric) -> float:
        """How long (s) after its answer a request may be uncounted."""
        if ("late", metric.name) not in self.memo:
            self.memo["late", metric.name] = late(self.evidence, metric)
        found: float = self.memo["late", metric.name]
        return found

    def _base(self, name: str) -> dict[Labels, float]:
        """Values of a target that ran before the run: rate() sees them in its first value."""
        if name not in self._bases:
            self._bases[name] = {
                labels: value for (metric, labels), value in self.evidence.baseline.items() if metric == name
            }
        return self._bases[name]

    def _told_base(self, metric: Metric) -> dict[Labels, float]:
        if ("base", metric.name) not in self.memo:
            self.memo["base", metric.name] = told(metric, self._base(sample_name(metric)))
        found: dict[Labels, float] = self.memo["base", metric.name]
        return found

    def counts(self, metric_name: str, stamp: float, *, silent: bool = False) -> dict[Labels, Interval]:
        """What the ledger says of a metric at this stamp's scrape, by label set; silent: of silent senders only."""
        key = (metric_name, stamp, silent)
        if key not in self._counts:
            scrape = self.target_scrapes.get(stamp)
            if scrape is None:
                raise Gap(f"a sample at {stamp:.3f} s belongs to no scrape that was recorded")
            offset = self.evidence.history.monotonic
            metric = self.evidence.contract.metric(metric_name)
            found = between(
                metric,
                self._silent_for(metric) if silent else self.ledger_for(metric),
                scrape.begin + offset - self.late(metric),
                scrape.end + offset,
                self.evidence.longest_handler,
                self.stamps(sample_name(metric)),
            )
            for labels, value in self._told_base(metric).items() if not silent else ():
                found[labels] = found.get(labels, ZERO) + Interval(value, value)
            self._counts[key] = found
        return self._counts[key]


def views(evidence: Evidence) -> Views:
    """The views of a run's evidence; the same object for the same evidence."""
    if "views" not in evidence.memo:
        evidence.memo["views"] = Views(evidence)
    found: Views = evidence.memo["views"]
    return found
