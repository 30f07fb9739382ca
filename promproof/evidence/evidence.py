"""What a check may look at: the contract and the history of one run, with the views that several checks need.

Everything here is computed from records; nothing asks a network or a clock. A missing record raises `Gap`, which the
judge turns into an unknown verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from promproof.config.durations import parse_duration
from promproof.config.jobs import instances, others
from promproof.config.timescale import TimeScale
from promproof.contract.model import Contract, seconds
from promproof.evidence.history import History, K, Record
from promproof.evidence.identity import Scraping, filled, scraping
from promproof.evidence.records import (
    AllScrapes,
    ClockOffset,
    ExpositionRead,
    Ledger,
    ObservationFailed,
    Phase,
    Prepared,
    PrometheusSaid,
    Run,
    Stored,
    Targets,
)
from promproof.evidence.records.traffic import UNFILLED
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.exposition import Exposition, Labels, parse

Samples = tuple[tuple[float, float], ...]
# Labels that Prometheus puts on every scraped series; they are the target's identity, not the metric's.
IDENTITY = ("job", "instance")
READINGS = ("baseline", "rest", "rest-later")
LOST_SHARE = 0.5
"""Chosen: with half of the scrapes good, a window of four or more still has the two that a rate needs."""
LEDGER_OF = "ledger of "
"""How the record `observation_failed` begins to name a ledger."""


class Gap(Exception):
    """Evidence that a check needs is not in the history: the verdict is unknown."""


class NotShown(Gap):
    """No run of this set-up has the evidence, and that is no mistake: the claim is not verified."""


@dataclass(frozen=True)
class Scrape:
    """One scrape by Prometheus: run time (seconds) when it began and by when it had ended."""

    begin: float
    end: float
    up: float
    seconds: float
    """How long it took, as Prometheus measured it."""


@dataclass(frozen=True)
class Shot:
    """A direct reading of the target's exposition: run times around it, the parsed text, its record."""

    label: str
    begin: float
    end: float
    exposition: Exposition
    record: int

    @property
    def span(self) -> tuple[float, float]:
        """Run times of its begin and end."""
        return self.begin, self.end


class Evidence:
    """Read-only views of a run."""

    def __init__(self, contract: Contract, history: History) -> None:
        self.contract = contract
        self.history = history
        self.memo: dict[object, Any] = {}
        """What checks have worked out of this evidence, for those that ask the same."""

    @cached_property
    def run(self) -> Run:
        """What was run, on what, how."""
        return self.need(Run).data

    @cached_property
    def scale(self) -> TimeScale:
        """The time scale of the run."""
        return TimeScale(self.need(Prepared).data.time_scale)

    @property
    def target_scale(self) -> TimeScale:
        """The time scale of the target's own windows: 1 for a target that the run did not start."""
        return TimeScale(self.run.target_scale)

    def is_cut_off(self, target: dict[str, Any]) -> bool:
        """Whether a target's last scrape ended at the scaled time-out, which says nothing of the deployed one."""
        return not self.scale.is_identity and "deadline exceeded" in target.get("lastError", "")

    @cached_property
    def cut_off(self) -> dict[str, str]:
        """Why the scrapes of a job tell nothing of the deployed one, by job: the scaled time-out cut some of them off.

        A job whose last scrape failed in another way is left out: that is a failure at every time scale.
        """
        record = self.history.last(Targets)
        if record is None or self.scale.is_identity:
            return {}
        found, broken = {}, set()
        for target in record.data.targets:
            job = target["labels"].get("job", "")
            if target["health"] != "up" and not self.is_cut_off(target):
                broken.add(job)
            limit = parse_duration(target.get("scrapeTimeout") or "0s")
            took = self._cut_off_after(target, limit)
            if took is not None:
                found[job] = (
                    f"a scrape of job {job} took {took:.3f} s, its time-out at time scale {self.scale} is "
                    f"{limit:.3f} s, documented {limit * self.scale.factor:.3g} s: use a smaller time scale"
                )
        return {job: why for job, why in found.items() if job not in broken}

    def cut_off_between(self, begin: float, end: float) -> dict[str, str]:
        """As `cut_off`, for jobs that lost at least half of their scrapes between two run times (s).

        A few lost scrapes explain no answer that is empty as a whole: a window has more scrapes than the two it needs.
        """
        return {job: why for job, why in self.cut_off.items() if self._lost(job, begin, end) >= LOST_SHARE}

    def _lost(self, job: str, begin: float, end: float) -> float:
        """The share of failed scrapes, of the job's worst target; 1 where no scrape is known."""
        shares = []
        for record in self.history.of(AllScrapes):
            for series in record.data.series if record.data.name == "up" else ():
                values = [value for t, value in series.samples if begin <= t <= end]
                if series.labels.get("job") == job and values:
                    shares.append(sum(value != 1 for value in values) / len(values))
        return max(shares, default=1.0)

    def _cut_off_after(self, target: dict[str, Any], limit: float) -> float | None:
        """How long (s) the longest scrape of a target took that its time-out cut off; None when there was none."""
        kept: dict[str, dict[float, float]] = {}
        for record in self.history.of(AllScrapes):
            for series in record.data.series:
                if all(series.labels.get(name) == target["labels"].get(name) for name in IDENTITY):
                    kept[record.data.name] = dict(series.samples)
        durations = kept.get("scrape_duration_seconds", {})
        failed = [durations.get(t, 0.0) for t, value in kept.get("up", {}).items() if value != 1]
        long = [took for took in failed if limit and took >= limit]
        if target["health"] != "up" and self.is_cut_off(target):
            long.append(float(target.get("lastScrapeDuration", limit)))
        return max(long, default=None)

    @cached_property
    def ledger(self) -> LedgerView:
        """All senders' ledgers in one."""
        if not self.ledgers:
            raise Gap("no ledger was recorded: nothing is known of what was sent")
        return merge([LedgerView.from_json(record.data.view) for record in self.ledgers])

    def need_all_ended(self) -> None:
        """What a request caused is known from its answer.

        Raises:
            Gap: some were still open when their sender ended.
        """
        if left := sum(self.ledger.open.values()):
            raise Gap(f"{left} requests were still open at the end: what they have caused is not known")

    @cached_property
    def ledgers(self) -> tuple[Record[Ledger], ...]:
        """The records of the ledgers.

        Raises:
            Gap: one could not be read; the others are not the whole truth.
        """
        for record in self.history.of(ObservationFailed):
            if record.data.what.startswith(LEDGER_OF):
                raise Gap(f"the {record.data.what} could not be read: {record.data.error}")
        return tuple(self.history.of(Ledger))

    @cached_property
    def ledger_records(self) -> tuple[int, ...]:
        """Record numbers of the ledgers."""
        return tuple(record.number for record in self.ledgers)

    @cached_property
    def unplayed(self) -> str:
        """Why some of the planned requests may not have been sent, in words; empty where all were.

        A session ends with an answer that its scenario does not expect; what needs a pool without items is left out.
        """
        for record in self.ledgers:
            for problem in record.data.problems:
                if problem.startswith(UNFILLED):
                    return f"{record.data.source} played a part of its scenario only: {problem}"
        for record in self.ledgers:
            for told in record.data.surprises if record.data.source != "drill" else ():
                return (
                    f"{record.data.source} played a part of its scenario only: "
                    f"{told.method} {told.endpoint}: {told.what}"
                )
        return ""

    def need(self, kind: type[K], **fields: object) -> Record[K]:
        """The newest record of a kind whose fields have these values.

        Raises:
            Gap: there is none.
        """
        for record in reversed(list(self.history.of(kind))):
            if all(getattr(record.data, key) == value for key, value in fields.items()):
                return record
        wanted = f" with {', '.join(f'{key}={value}' for key, value in fields.items())}" if fields else ""
        raise Gap(f"the history has no record '{kind.kind}'{wanted}{self.why_missing(kind.kind)}")

    def why_missing(self, what: str) -> str:
        """What the run wrote down when it could not observe something, as a clause to append."""
        for record in self.history.of(ObservationFailed):
            if record.data.what == what:
                return f": {record.data.error.splitlines()[0]}"
        return ""

    def shot(self, label: str) -> Shot:
        """The direct reading of the exposition that was taken under this label."""
        record = self.need(ExpositionRead, label=label)
        if record.data.error:
            raise Gap(f"the exposition could not be read ({label}): {record.data.error}")
        try:
            parsed = parse(record.data.text)
        except ValueError as error:
            raise Gap(f"the exposition ({label}) is malformed: {error}") from error
        return Shot(label, record.data.begin, record.data.end, parsed, record.number)

    @cached_property
    def rest(self) -> Shot:
        """The exposition at rest, after quiescence."""
        return self.shot("rest")

    @cached_property
    def baseline(self) -> dict[tuple[str, Labels], float]:
        """Values to subtract: those before the first ledgered request. Nothing for a target that the run started."""
        return {} if self.run.managed else self.shot("baseline").exposition.values

    def stored(self, name: str) -> dict[Labels, Samples]:
        """Every sample that Prometheus stored of a metric during the run, by label set without job and instance."""
        if not self._stored:
            raise Gap("no stored samples were recorded")
        failed = self._not_stored.get(name)
        if failed is not None:
            raise Gap(f"the stored samples of {name} could not be read: {failed}")
        if not self._was_asked(name):
            raise Gap(f"the run ended before the stored samples of {name} were read")
        found = self._stored.get(name, {})
        if not found and self.scraping.drops(name, self._exposed):
            job = self.contract.target.job
            raise NotShown(f"metric_relabel_configs of job {job} drop or rename {name}: Prometheus has none")
        return found

    def _was_asked(self, name: str) -> bool:
        selectors = (record.data.selector for record in self.history.of(Stored))
        return name in self._stored or any(selector.partition("{")[0] == name for selector in selectors)

    @cached_property
    def _not_stored(self) -> dict[str, str]:
        """Why samples could not be asked for, by metric: an answer that is missing is not an empty one."""
        return {
            record.data.what.partition("{")[0]: record.data.error.splitlines()[0]
            for record in self.history.of(ObservationFailed)
        }

    @cached_property
    def scraping(self) -> Scraping:
        """How Prometheus stores what the target exposes."""
        said, targets = self.history.last(PrometheusSaid), self.history.last(Targets)
        run = self.history.last(Run)
        return scraping(
            said.data.configuration if said is not None else "",
            self.contract.target.job,
            targets.data.targets if targets is not None else (),
            run.data.instance if run is not None else "",
        )

    @cached_property
    def siblings(self) -> tuple[str, ...]:
        """The other instances of the target's job, where Prometheus reads several, but for those that take part."""
        record = self.history.last(Targets)
        targets = record.data.targets if record is not None else ()
        found = others(instances(targets, self.contract.target.job), self.run.instance)
        return tuple(instance for instance in found if instance not in self.run.instances)

    @cached_property
    def _exposed(self) -> tuple[tuple[str, Labels], ...]:
        """Every promised series that a direct reading met, as the last one has it; an empty label is none."""
        names = {metric.sample for metric in self.contract.metrics}
        found: dict[tuple[str, Labels], tuple[str, Labels]] = {}
        for record in self.history.of(ExpositionRead):
            if record.data.label in READINGS and not record.data.error:
                with suppress(Gap):
                    values = self.shot(record.data.label).exposition.values
                    found |= {(key[0], filled(key[1])): key for key in values if key[0] in names}
        return tuple(found.values())

    @cached_property
    def _stored(self) -> dict[str, dict[Labels, Samples]]:
        found: dict[str, dict[Labels, Samples]] = defaultdict(dict)
        origins = self.scraping.origins(self._exposed)
        own = next((run.data.instance for run in self.history.of(Run) if run.data.instances), None)
        for record in self.history.of(Stored):
            for series in record.data.series:
                stored = (series.name, tuple(sorted(series.labels.items())))
                if series.name == "ALERTS":  # those of several instances are told apart
                    kept = tuple(pair for pair in stored[1] if own is not None or pair[0] not in IDENTITY)
                elif own is not None and series.labels.get("instance") != own:
                    continue  # of another instance that takes part
                else:
                    kept = origins[stored] if stored in origins else self.scraping.exposed(series.labels)
                found[series.name][kept] = series.samples
        return dict(found)

    @property
    def stored_records(self) -> tuple[int, ...]:
        """Record numbers of the stored samples."""
        return tuple(record.number for record in self.history.of(Stored))

    @cached_property
    def scrapes(self) -> tuple[Scrape, ...]:
        """All scrapes of the target during the run.

        A scrape's samples carry the time at which it began (Prometheus aligns it by up to 2 ms, `scrape/scrape.go`);
        its duration is a series of its own. The bounds are widened by the uncertainty of the two clocks.
        """
        return tuple(self._scrape_by_stamp.values())

    def scrapes_of(
        self, ups: Mapping[float, float], durations: Mapping[float, float], interval: float | None = None
    ) -> dict[float, Scrape]:
        """Scrapes by the time stamp of their samples, from those of one target's `up` and `scrape_duration_seconds`.

        One without a duration may have taken the whole interval (s), the target's if none is given.
        """
        offset = self.need(ClockOffset).data
        longest = self.interval if interval is None else interval
        align = 0.002
        return {
            t: Scrape(
                t - offset.high - align,
                t - offset.low + durations.get(t, longest) + align,
                value,
                durations.get(t, longest),
            )
            for t, value in ups.items()
        }

    @property
    def interval(self) -> float:
        """The target's scrape interval in the run, in seconds."""
        return self.run.scrape_interval

    @property
    def longest_handler(self) -> float:
        """The longest time a handler may take, in seconds; not scaled."""
        return seconds(self.contract.target.longest_handler)

    def scrape_at(self, t: float) -> Scrape | None:
        """The scrape whose samples carry the time stamp `t` (run time, server's clock)."""
        return self._scrape_by_stamp.get(t)

    @cached_property
    def _scrape_by_stamp(self) -> dict[float, Scrape]:
        # one from before the run says nothing about it
        ups = {t: value for t, value in self._target_series("up").items() if t >= 0}
        return self.scrapes_of(ups, self._target_series("scrape_duration_seconds"))

    def _target_series(self, name: str) -> dict[float, float]:
        series = self.stored(name)
        return {t: value for samples in series.values() for t, value in samples}

    def phase(self, name: str) -> tuple[float, float]:
        """Run times of the begin and end of a phase.

        Raises:
            Gap: the phase did not begin, or did not end.
        """
        begin = self.need(Phase, name=name, edge="begin").t
        end = self.need(Phase, name=name, edge="end").t
        return begin, end
