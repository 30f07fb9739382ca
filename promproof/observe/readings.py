"""Taking readings: the API's own exposition, and Prometheus' last scrape of it. They return, and never judge."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from promproof.config.jobs import address_of, instances
from promproof.config.timescale import parse_duration
from promproof.contract.model import Contract, Metric
from promproof.errors import EvidenceError
from promproof.evidence.identity import Scraping, scraping
from promproof.exposition import Labels, label_set, matcher, parse, selector
from promproof.http import Session
from promproof.observe.asking import headers_of
from promproof.observe.prometheus import Prometheus
from promproof.truth.counts import Reading, reading
from promproof.truth.metrics import sample_name

TIMEOUT_SECONDS = 5.0
LOOKBACK_SECONDS = 120.0
ADDED_BY_SCRAPE = ("job", "instance")


@dataclass(frozen=True)
class Scraped:
    """The target as Prometheus scrapes it: seconds between scrapes, and the labels that it adds."""

    interval: float
    healthy: bool
    labels: tuple[str, ...]


class Readings:
    """Both sides of one running target."""

    def __init__(self, contract: Contract, target: str, prometheus: Prometheus | None) -> None:
        self.contract = contract
        self._url = target.rstrip("/") + contract.target.metrics_path
        self._prometheus = prometheus
        self._session = Session(TIMEOUT_SECONDS)
        self._headers: dict[str, str] = {}
        self._selector = ""
        self._added: dict[str, str] = {}
        """The labels that the target has in Prometheus, beside those of every target."""
        self._scraping: Scraping | None = None
        """How its series are stored, where the job has metric_relabel_configs."""
        self._exposed_last: frozenset[tuple[str, Labels]] = frozenset()
        """The contract's series that the target has exposed at the last reading."""

    def api(self) -> Reading:
        """The target's exposition now.

        Raises:
            EvidenceError: it does not answer, or what it answers is no exposition.
        """
        begin = time.monotonic()
        try:
            answer = self._session.get(self._url, headers=self._asking())
            answer.raise_for_status()
            exposition = parse(answer.text)
        except (requests.RequestException, ValueError) as error:
            raise EvidenceError(
                "target", f"{self._url}: {error}", (), "look whether the API is up"
            ) from error
        names = {sample_name(metric) for metric in self.contract.metrics}
        self._exposed_last = frozenset(series for series in exposition.values if series[0] in names)
        return reading(exposition, begin, time.monotonic())

    def _asking(self) -> dict[str, str]:
        """The headers with which Prometheus asks; as long as it has not said its version, those of an older one."""
        if not self._headers:
            version = self._prometheus.told_version() if self._prometheus is not None else ""
            if not version:
                return headers_of("")
            self._headers = headers_of(version)
        return self._headers

    def scraped(self) -> Scraped:
        """How Prometheus scrapes the target.

        Raises:
            EvidenceError: Prometheus does not answer, or has no such target of the contract's job.
        """
        target = self._target()
        if target is None:
            job, url = self.contract.target.job, self._asked.url
            what = f"of job {job!r}" if job else f"at {address_of(self._url)}"
            raise EvidenceError("prometheus", f"no active target {what}", (), f"look at {url}/targets")
        interval = parse_duration(target["scrapeInterval"])
        return Scraped(interval, target["health"] == "up", tuple(target["labels"]))

    @property
    def _asked(self) -> Prometheus:
        assert self._prometheus is not None
        return self._prometheus

    def _target(self) -> dict[str, Any] | None:
        """The target as Prometheus lists it, of several instances the one at its address; None for a job without any.

        Raises:
            EvidenceError: Prometheus does not answer, or none of several instances is the target.
        """
        job, own = self.contract.target.job, address_of(self._url)
        targets = self._asked.targets()
        if not job:  # a contract that names none means the one that reads the target
            return next((each for each in targets if address_of(str(each["scrapeUrl"])) == own), None)
        found = [target for target in targets if target["labels"].get("job") == job]
        if len(instances(found, job)) < 2:
            return found[0] if found else None
        here = [target for target in found if address_of(str(target["scrapeUrl"])) == own]
        if not here:
            raise EvidenceError(
                "prometheus",
                f"job {job} has {len(found)} instances, each with its own counts, and none is {own}",
                (),
                "name one of them as the target",
            )
        return here[0]

    def _matchers(self) -> str:
        """What selects the target's series: its job, and its instance where Prometheus lists it.

        Raises:
            EvidenceError: Prometheus does not answer, or none of several instances is the target.
        """
        if not self._selector:
            target = self._target()
            labels = {} if target is None else target["labels"]
            named = {"job": self.contract.target.job, **labels}
            chosen = (
                "{" + ",".join(matcher(name, named[name]) for name in ADDED_BY_SCRAPE if name in named) + "}"
            )
            if target is None:
                return chosen
            self._selector = chosen
            self._added = {name: value for name, value in labels.items() if name not in ADDED_BY_SCRAPE}
            self._scraping = self._relabelled(target)
        return self._selector

    def stored(self) -> Reading | None:
        """Prometheus' last scrape that succeeded; None when it has none, or is not asked.

        Samples carry the time at which their scrape began; it had ended when its duration was over. A scrape that
        failed has a duration as well, and stores nothing of the target: nothing is what it says of a count, and not 0.

        Raises:
            EvidenceError: Prometheus does not answer.
        """
        if self._prometheus is None:
            return None
        job = self._matchers()
        to_monotonic = time.monotonic() - time.time()
        lasted = self._prometheus.samples(f"scrape_duration_seconds{job}", LOOKBACK_SECONDS)
        scrapes = self._prometheus.samples(f"up{job}", LOOKBACK_SECONDS)
        if not lasted or not scrapes:
            return None
        good = {stamp for stamp, value in scrapes[0].samples if value == 1}
        whole = [(stamp, duration) for stamp, duration in lasted[0].samples if stamp in good]
        if not whole:
            return None
        at, duration = whole[-1]
        kept = self._kept()
        values: dict[tuple[str, Labels], float] = {}
        for metric in self.contract.metrics:
            name = sample_name(metric)
            for asked in sorted({name, *(stored for (stored, _), (own, _) in kept.items() if own == name)}):
                for series in self._prometheus.samples(selector(asked, job[1:-1]), LOOKBACK_SECONDS):
                    # a sample of exactly this scrape: a series that ended before has none, one of the next is newer
                    found = [value for stamp, value in series.samples if abs(stamp - at) < 0.0005]
                    of = kept.get((asked, label_set(dict(series.labels))))
                    of = of or ((name, self._exposed(metric, series.labels)) if asked == name else None)
                    if found and of is not None and of[0] == name:
                        values[of] = values.get(of, 0.0) + found[-1]
        hidden = self._exposed_last - {*kept.values()} if self._scraping is not None else frozenset()
        return Reading(
            values, at + to_monotonic - 0.001, at + duration + to_monotonic + 0.001, frozenset(hidden)
        )

    def _relabelled(self, target: Mapping[str, Any]) -> Scraping | None:
        """How the target's series are stored; None where they are as exposed, or where the server does not say it."""
        try:
            configuration = self._asked.configuration()
            found = scraping(
                configuration, target["labels"].get("job", ""), [target], target["labels"].get("instance", "")
            )
        except (EvidenceError, ValueError):  # a long-term store, or a rule that only Prometheus can read
            return None
        return found if found.rules else None

    def _kept(self) -> dict[tuple[str, Labels], tuple[str, Labels]]:
        """What each exposed series is stored as, one by one; nothing without metric_relabel_configs."""
        if self._scraping is None:
            return {}
        one_by_one = self._scraping.origins(self._exposed_last)
        found = {}
        for name, labels in self._exposed_last:
            stored = self._scraping.stored(name, labels)
            if stored is None or stored not in one_by_one:
                continue
            own = {key: value for key, value in stored[1] if key in ADDED_BY_SCRAPE}
            if own == {key: self._scraping.target.get(key) for key in ADDED_BY_SCRAPE}:
                found[stored] = (name, labels)
        return found

    def _exposed(self, metric: Metric, stored: Labels) -> Labels:
        """The labels as the target exposes them: without its own in Prometheus, and under the names that it gave them.

        A label of its own that the contract has for the metric as well, and that was not set aside as `exported_...`,
        is the exposed one: the job has `honor_labels`.
        """
        told = {name: value for name, value in stored if name not in ADDED_BY_SCRAPE}
        for name, value in self._added.items():
            exposed = told.pop(f"exported_{name}", None)
            if exposed is not None:
                told[name] = exposed
            elif told.get(name) == value and name not in metric.labels:
                del told[name]
        return label_set(told)

    def close(self) -> None:
        self._session.close()
