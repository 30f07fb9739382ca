"""How fast a run goes: the intervals that its Prometheus has, and the durations of an alert's way to its receiver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.config.routing import Reached, reached
from promproof.config.rules import Rule
from promproof.config.timescale import TimeScale
from promproof.contract.model import Alert, Contract, seconds
from promproof.contract.settings import JobSettings, Settings
from promproof.drills.aging import seen_over
from promproof.errors import EvidenceError
from promproof.evidence.records import Timing
from promproof.run.prepared import Prepared


@dataclass(frozen=True)
class Pace:
    """Intervals in seconds, as deployed in the run. bin_seconds: the width of the ledgers' bins."""

    scale: TimeScale
    scrape_interval: float
    scrape_timeout: float
    evaluation_interval: float
    bin_seconds: float


def pace_of(prepared: Prepared) -> Pace:
    """The pace of a run, from the configuration that its Prometheus gets."""
    document, wanted = prepared.folder.prometheus, prepared.contract.target.job
    data = prepared.scale.prometheus(document.data, document.where, jobs=[wanted])
    shared = data.get("global") or {}
    jobs = data.get("scrape_configs") or ()
    job: dict[str, Any] = next((job for job in jobs if job.get("job_name") == wanted), {})
    interval = seconds(str(job.get("scrape_interval") or shared.get("scrape_interval") or "1m"))
    return Pace(
        scale=prepared.scale,
        scrape_interval=interval,
        scrape_timeout=seconds(str(job.get("scrape_timeout") or shared.get("scrape_timeout") or "10s")),
        evaluation_interval=seconds(str(shared.get("evaluation_interval") or "1m")),
        # two bins are doubtful in every window: a twentieth of four scrapes
        bin_seconds=min(1.0, interval / 10),
    )


def timing_of(prepared: Prepared, alert: Alert) -> Timing:
    """The durations of an alert and its way to its first receiver (s): as the contract says them, else as deployed.

    Raises:
        EvidenceError: no route of the configuration takes the alert.
    """
    file = prepared.folder.alertmanager
    config = prepared.scale.alertmanager(file.data, file.where) if file is not None else {}
    if prepared.routes is not None:
        config = dict(prepared.routes)
    return _timing(alert, config, pace_of(prepared), prepared)


def _timing(alert: Alert, config: Mapping[str, Any], pace: Pace, prepared: Prepared) -> Timing:
    contract = prepared.contract
    settings, job = contract.settings or Settings(), contract.target.job
    routes: list[Reached] = reached(config, _labels(alert))
    beat, again = _beat(config, contract, settings, pace.scale)
    if not routes:
        raise EvidenceError(
            "alertmanager", f"no route takes {alert.name}", (), "look at route in its configuration"
        )
    scale = pace.scale

    def stated(wanted: str | None, deployed: float) -> float:
        return deployed if wanted is None else seconds(scale.duration(wanted))

    def timers(key: str) -> list[float]:
        return [stated(settings.timer(key, route.receiver), getattr(route, key)) for route in routes]

    scrape = settings.jobs.get(job, JobSettings()).scrape_interval or settings.scrape_interval
    return Timing(
        threshold=alert.edge,
        window=scale.seconds(_window(alert, prepared.rules)),
        hold=scale.seconds(seconds(alert.hold)) if alert.hold is not None else 0.0,
        scrape=stated(scrape, pace.scrape_interval),
        evaluation=stated(settings.evaluation_interval, pace.evaluation_interval),
        group_wait=max(timers("group_wait")),
        group_interval=max(timers("group_interval")),
        repeat_interval=min(timers("repeat_interval")),
        scrape_timeout=pace.scrape_timeout,
        # ServiceDown's documented quantity is `up`; a drill's is whether the target is down
        fires_above=alert.fires_above,
        scale=scale.factor,
        short_window=scale.seconds(seconds(alert.short_window)) if alert.short_window else 0.0,
        beat=beat,
        again=again,
    )


def _window(alert: Alert, rules: Sequence[Rule]) -> float:
    """The range (s, unscaled) that a drill's doses fill; 0 for none, or where nobody promises which of several."""
    if alert.window:
        return seconds(alert.window)
    found = seen_over(alert, rules)
    return found[0] if len(found) == 1 else 0.0


def _labels(alert: Alert) -> dict[str, str]:
    """Those by which it is routed, as far as the contract says them."""
    return {"alertname": alert.name, **({"severity": alert.severity} if alert.severity else {})}


def _beat(
    config: Mapping[str, Any], contract: Contract, settings: Settings, scale: TimeScale
) -> tuple[float, float]:
    """The longest time (s) between two notifications of an alert that always fires, and until one is tried again.

    Alertmanager looks at each group interval whether the repeat interval is over. 0 where no alert always fires.
    """

    def timer(key: str, route: Reached) -> float:
        wanted = settings.timer(key, route.receiver)
        return float(getattr(route, key)) if wanted is None else seconds(scale.duration(wanted))

    routes = [route for alert in contract.alerts if alert.always for route in reached(config, _labels(alert))]
    pauses = [timer("repeat_interval", route) + timer("group_interval", route) for route in routes]
    return max(pauses, default=0.0), max((timer("group_interval", route) for route in routes), default=0.0)
