"""Taking readings: the API's own exposition, and Prometheus' last scrape of it. They return, and never judge."""

from __future__ import annotations

import time
from dataclasses import dataclass

import requests

from promproof.config.timescale import parse_duration
from promproof.contract.model import Contract
from promproof.errors import EvidenceError
from promproof.exposition import ACCEPT, Labels, label_set, matcher, parse
from promproof.http import Session
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

    def api(self) -> Reading:
        """The target's exposition now.

        Raises:
            EvidenceError: it does not answer, or what it answers is no exposition.
        """
        begin = time.monotonic()
        try:
            answer = self._session.get(self._url, headers={"Accept": ACCEPT})
            answer.raise_for_status()
            exposition = parse(answer.text)
        except (requests.RequestException, ValueError) as error:
            raise EvidenceError(
                "target", f"{self._url}: {error}", (), "look whether the API is up"
            ) from error
        return reading(exposition, begin, time.monotonic())

    def scraped(self) -> Scraped:
        """How Prometheus scrapes the target.

        Raises:
            EvidenceError: Prometheus does not answer, or has no target of the contract's job.
        """
        job = self.contract.target.job
        assert self._prometheus is not None
        for target in self._prometheus.targets():
            if target["labels"].get("job") == job:
                interval = parse_duration(target["scrapeInterval"])
                return Scraped(interval, target["health"] == "up", tuple(target["labels"]))
        raise EvidenceError(
            "prometheus", f"no active target of job {job!r}", (), f"look at {self._prometheus.url}/targets"
        )

    def stored(self) -> Reading | None:
        """Prometheus' last scrape that succeeded; None when it has none, or is not asked.

        Samples carry the time at which their scrape began; it had ended when its duration was over. A scrape that
        failed has a duration as well, and stores nothing of the target: nothing is what it says of a count, and not 0.

        Raises:
            EvidenceError: Prometheus does not answer.
        """
        if self._prometheus is None:
            return None
        job = f"{{{matcher('job', self.contract.target.job)}}}"
        to_monotonic = time.monotonic() - time.time()
        values: dict[tuple[str, Labels], float] = {}
        lasted = self._prometheus.samples(f"scrape_duration_seconds{job}", LOOKBACK_SECONDS)
        scrapes = self._prometheus.samples(f"up{job}", LOOKBACK_SECONDS)
        if not lasted or not scrapes:
            return None
        good = {stamp for stamp, value in scrapes[0].samples if value == 1}
        whole = [(stamp, duration) for stamp, duration in lasted[0].samples if stamp in good]
        if not whole:
            return None
        at, duration = whole[-1]
        for metric in self.contract.metrics:
            name = sample_name(metric)
            for series in self._prometheus.samples(f"{name}{job}", LOOKBACK_SECONDS):
                labels = label_set({k: v for k, v in series.labels if k not in ADDED_BY_SCRAPE})
                # a sample of exactly this scrape: a series that ended before has none, and one of the next is newer
                found = [value for stamp, value in series.samples if abs(stamp - at) < 0.0005]
                if found:
                    values[(name, labels)] = values.get((name, labels), 0.0) + found[-1]
        return Reading(values, at + to_monotonic - 0.001, at + duration + to_monotonic + 0.001)

    def close(self) -> None:
        self._session.close()
