"""Asking the observers and writing their answers into the history; nothing is judged here.

What could not be asked is recorded as such: a check then finds a gap, not a silence.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from functools import partial
from typing import Any

import requests

from promproof.config.durations import parse_duration
from promproof.contract.model import Contract
from promproof.contract.truths import TallyTruth
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.figures import Figures
from promproof.evidence.history import Recorder
from promproof.exposition import Exposition, parse, selector
from promproof.http import Session, reason
from promproof.observe import database
from promproof.observe.alertmanager import Alertmanager
from promproof.observe.asking import headers_of
from promproof.observe.inorder import in_order
from promproof.observe.prometheus import Prometheus, StoredSeries
from promproof.observe.webhook import Delivery
from promproof.promql.comparison import comparison_of
from promproof.stack.protocol import SentRequest
from promproof.stack.waiting import wait_until
from promproof.truth.metrics import sample_name

# Prometheus writes these for every target itself; they tell when each scrape began and how long it took.
SCRAPE_SERIES = ("up", "scrape_duration_seconds")
EXPOSITION_SECONDS = 5.0
# A page that is not there will not be there for Prometheus either, whoever waits for it.
NOT_THERE = (requests.codes.not_found, requests.codes.method_not_allowed, requests.codes.gone)
SCRAPED_AGAIN_SECONDS = 2.0
"""How long a target whose scrapes are cut off is asked for one that was not."""
APPEARS_SECONDS, ASK_AGAIN_SECONDS = 2.0, 0.5
"""How long a target that is healthy already may take to show its metrics."""


@contextmanager
def attempt(history: Recorder, what: str) -> Iterator[None]:
    """Observe one thing: whatever goes wrong is written down, and costs this thing only."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        history.failed(what, error)


def exposition(
    history: Recorder, url: str, label: str, headers: Mapping[str, str] | None = None, instance: str = ""
) -> Exposition | None:
    """Read the target's exposition directly; a failure is recorded and gives None.

    headers: those with which Prometheus asks. instance: of several instances the one that is read, empty for the first.
    """
    begin = history.now()
    status, page, text, failed, parsed, kind = None, False, "", None, None, None
    try:
        with Session(EXPOSITION_SECONDS) as session:
            answer = session.get(url, headers=headers or headers_of(""))
        status, page, kind = answer.status_code, _is_page(answer), answer.headers.get("Content-Type", "")
        answer.raise_for_status()
        text = answer.text
        parsed = parse(text)
    except (requests.RequestException, ValueError) as error:
        failed = reason(error)
    except Exception as error:
        failed = history.tracebacks.keep(f"reading {url}", error)
    read = records.ExpositionRead(label, begin, history.now(), text, status, page, failed, kind)
    _add(history, read, instance)
    return parsed


def exposed(url: str, headers: Mapping[str, str] | None = None) -> Exposition:
    """The target's exposition, which is not written down.

    Raises:
        EvidenceError: there is none.
    """
    try:
        with Session(EXPOSITION_SECONDS) as session:
            return parse(session.get(url, headers=headers or headers_of("")).text)
    except (requests.RequestException, ValueError) as error:
        raise EvidenceError("target", f"{url}: {error}", (), "look at its log") from error


def _add(history: Recorder, record: records.Kind, instance: str) -> None:
    """Write down what was read of the target, or of one of its instances after the first."""
    history.add(records.OfInstance.of(instance, record) if instance else record)


def asked_for_metrics(history: Recorder, instance: str = "") -> Callable[[SentRequest], None]:
    """Write down each request for the metrics whose exposition nobody kept: a target that counts them counts it."""

    def note(sent: SentRequest) -> None:
        begin, end = history.from_monotonic(sent.started), history.from_monotonic(sent.ended)
        _add(history, records.ExpositionRead("ready", begin, end, status=sent.status), instance)

    return note


def need_exposition(history: Recorder, url: str, headers: Mapping[str, str] | None = None) -> None:
    """Read the exposition before anything is sent; what can't come later either is said at once, as the cause.

    A target that refuses us, is busy or hangs may still answer Prometheus: then the run goes on.

    Raises:
        EvidenceError: there is no such page, or it is one for people.
    """

    def unmet() -> str:
        exposition(history, url, "baseline", headers)
        record = history.last(records.ExpositionRead)
        if record is None:
            return ""
        if record.data.status in NOT_THERE:
            return f"GET {url} answers {record.data.status}: there are no metrics to judge"
        return f"GET {url} answers with a web page and not with metrics" if record.data.page else ""

    try:
        wait_until(unmet, APPEARS_SECONDS, pause=lambda _: time.sleep(ASK_AGAIN_SECONDS))
    except TimeoutError as error:
        todo = "look at target.metrics_path in the contract, and at what the target serves"
        raise EvidenceError("target", str(error), (), todo) from None


def _is_page(answer: requests.Response) -> bool:
    return answer.ok and answer.text.lstrip()[:14].lower().startswith(("<!doctype html", "<html"))


def rows(history: Recorder, contract: Contract, url: str, label: str) -> None:
    """Ask the target's database what the contract says that it knows."""
    wanted = {metric.name: metric.truth.query for metric in contract.metrics if metric.truth.kind == "rows"}
    wanted |= {
        f"ids of {metric.truth.subject}": metric.truth.ids
        for metric in contract.metrics
        if isinstance(metric.truth, TallyTruth)
    }
    for what, query in wanted.items():
        with attempt(history, f"rows of {what}"):
            history.add(records.Rows(what, label, query, tuple(database.ask(url, query))))


def stored(history: Recorder, prometheus: Prometheus, contract: Contract, selectors: Sequence[str]) -> None:
    """All samples of the run by selector of an instance: the documented metrics, the scrapes themselves, and ALERTS."""
    names = [*SCRAPE_SERIES]
    for metric in contract.metrics:
        names.append(sample_name(metric))
    asked = [selector(name, matchers) for matchers in selectors for name in names]
    samples(history, prometheus, records.Stored, [*asked, "ALERTS"])


def samples(
    history: Recorder, prometheus: Prometheus, kind: type[records.StoredSamples], expressions: Iterable[str]
) -> None:
    """All stored samples of the run of each selector, as records of this kind."""
    seconds, asked = history.now() + 1, list(expressions)
    answers = in_order([partial(prometheus.samples, expression, seconds) for expression in asked])
    for expression, answer in zip(asked, answers, strict=True):
        with attempt(history, expression):
            found = answer.result()
            history.add(kind(expression, tuple(in_run_time(history, series) for series in found)))


def in_run_time(history: Recorder, series: StoredSeries) -> records.Series:
    """A series as the history keeps it: time stamps in run time (s)."""
    samples = tuple((round(history.from_epoch(t), 6), value) for t, value in series.samples)
    return records.Series(series.name, dict(series.labels), samples)


def expressions(history: Recorder, prometheus: Prometheus, step: float, rules: Mapping[str, str]) -> None:
    """When each rule's expression was true, and what it compared, as the server computes it now from what it stored."""
    now = history.now()
    begin, end, step = history.epoch, history.epoch + now, max(step / 2, now / 10000)
    for name, expression in rules.items():
        with attempt(history, f"expression of {name}"):
            true = tuple(
                round(history.from_epoch(t), 6) for t in prometheus.true_at(expression, begin, end, step)
            )
            found = comparison_of(expression)
            quantity: list[tuple[float, float]] = []
            if found is not None:
                with suppress(EvidenceError):  # a drawing lacks its line; what is judged is not missing
                    greatest = found.comparator.startswith(">")
                    quantity = prometheus.extremes_at(found.quantity, begin, end, step, greatest)
            history.add(
                records.Expression(
                    name,
                    true,
                    tuple((round(history.from_epoch(t), 6), float(f"{value:.6g}")) for t, value in quantity),
                    found.comparator if found is not None else "",
                    found.threshold if found is not None else 0.0,
                )
            )


def await_stored(history: Recorder, prometheus: Prometheus, selector: str, seconds: float) -> None:
    """Wait until a scrape that ended before now can be read, at most so long; what is not there then is a gap."""
    wanted = history.epoch + history.now()

    def unmet() -> str:
        rows = prometheus.query(f"timestamp(up{{{selector}}})")
        return "" if any(value >= wanted for _, value in rows) else "no later scrape is stored"

    with suppress(TimeoutError, EvidenceError):
        wait_until(unmet, seconds)


def job_series(prometheus: Prometheus, seconds: float) -> dict[str, float]:
    """How many series each job brought of each metric in so many seconds, by job and metric, a blank between them."""
    rows = prometheus.query(f'count by (job, __name__) (last_over_time({{job!=""}}[{math.ceil(seconds)}s]))')
    return {
        " ".join(str(dict(labels).get(key)) for key in ("job", "__name__")): value for labels, value in rows
    }


def server(history: Recorder, prometheus: Prometheus) -> None:
    """Targets, rules, configuration, flags and version as the server tells them, and the offset of its clock.

    A server that only speaks the query part of the API (a long-term store) leaves gaps.
    """

    asked: dict[str, Callable[[], records.Kind]] = {
        "clock_offset": lambda: records.ClockOffset(*prometheus.clock_offset()),
        "targets": lambda: records.Targets(told_targets(prometheus.targets)),
        "job_series": lambda: records.JobSeries(job_series(prometheus, history.now())),
        "rules": lambda: records.RulesLoaded(tuple(prometheus.rules())),
        "prometheus": lambda: records.PrometheusSaid(
            prometheus.version(), prometheus.flags(), prometheus.configuration()
        ),
    }
    for what, ask in asked.items():
        with attempt(history, what):
            history.add(ask())


def told_targets(ask: Callable[[], Sequence[dict[str, Any]]]) -> tuple[dict[str, Any], ...]:
    """Active targets, asked again for a while where the last scrape of one was cut off at its time-out.

    What was cut off says nothing: of a service that is gone a busy machine's name server may answer too late as well. A
    later scrape may tell why.
    """
    deadline = time.monotonic() + SCRAPED_AGAIN_SECONDS
    while any(map(_is_soon_scraped_again, found := tuple(ask()))) and time.monotonic() < deadline:
        time.sleep(ASK_AGAIN_SECONDS)
    return found


def _is_soon_scraped_again(target: Mapping[str, Any]) -> bool:
    """Whether a target's last scrape was cut off, and the next one is a moment away."""
    is_cut_off = target.get("health") != "up" and "deadline exceeded" in target.get("lastError", "")
    interval = target.get("scrapeInterval") if is_cut_off else None
    return interval is not None and parse_duration(interval) < SCRAPED_AGAIN_SECONDS


def receivers(url: str) -> list[str]:
    """Names of the receivers that an Alertmanager has loaded."""
    observer = Alertmanager(url)
    try:
        return [str(receiver["name"]) for receiver in observer.configuration().get("receivers") or ()]
    finally:
        observer.close()


def alertmanager(
    history: Recorder,
    prometheus: Prometheus,
    url: str | None,
    receivers_wanted: list[str],
    target: str | None,
) -> None:
    """Whether Prometheus is connected to the run's Alertmanager, and which receivers that one has loaded.

    url: where the harness asks it; target: the same one's URL as Prometheus sees it.
    """
    with attempt(history, "alertmanager"):
        active: tuple[str, ...] = ()
        loaded: tuple[str, ...] = ()
        if url is not None:
            active, loaded = tuple(prometheus.alertmanagers()), tuple(receivers(url))
        history.add(records.AlertmanagerSaid(target, tuple(receivers_wanted), active, loaded))


def delivery(history: Recorder) -> Callable[[Delivery], None]:
    """A listener for the webhook receiver that writes each notification down."""

    def write(seen: Delivery) -> None:
        history.add(records.Delivery(seen.receiver, seen.status, seen.body), t=seen.t)

    return write


def kernel(history: Recorder, readings: list[Figures]) -> None:
    """The kernel's readings, one row for each in the order of the fields of `Figures`."""
    history.add(records.Kernel(tuple(astuple(reading) for reading in readings)))
