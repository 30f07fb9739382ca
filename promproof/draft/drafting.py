"""From a running service and a folder to the texts of a draft: the steps, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from promproof.config.folder import Folder, find_prometheus, read_folder
from promproof.config.rules import Rule, loaded, recordings
from promproof.config.rules import read as read_rules
from promproof.config.urls import without_password
from promproof.draft import contract as texts
from promproof.draft import folder as monitoring
from promproof.draft import metrics, traffic
from promproof.draft.boards import Known, asked, panels
from promproof.draft.crowding import crowds
from promproof.draft.drills import drills
from promproof.draft.flight import candidates as gauges
from promproof.draft.flight import flights, held_in_crowds
from promproof.draft.job import ScrapeJob, named, of_folder, of_running, scraped, trees, written_labels
from promproof.draft.lines import comment
from promproof.draft.observed import Observed
from promproof.draft.ofmonitoring import Setup
from promproof.draft.probing import METRICS_PATHS, Target, Tried, find_openapi, observe, try_routes
from promproof.draft.recognise import Counting, Recognised, of_every_start, recognise
from promproof.draft.routes import Choice, Route, of_exposition, of_openapi
from promproof.draft.service import Running, figures
from promproof.draft.siblings import instances
from promproof.grafana.provisioning import parsed
from promproof.grafana.provisioning import texts as grafana_files
from promproof.observe.asking import TEXT_UTF8, is_utf8
from promproof.observe.prometheus import Prometheus

CONTRACT, SCENARIO = "contract.yaml", "traffic.yaml"
SETTLES = (0.05, 0.3)
"""Seconds between a request and the reading after it; the longer one when a count came later than the shorter."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wishes:
    """What a user asked for. openapi: URL or path of a document; routes: asked for by name."""

    app: str | None = None
    openapi: str | None = None
    metrics_path: str | None = None
    routes: tuple[Route, ...] = ()
    monitoring: Path | None = None
    prometheus: str | None = None
    job: str | None = None
    drafted_job: str | None = None
    """The job that a draft of before names: it ends a doubt."""
    health: str | None = None
    health_status: int = 200
    directory: str | None = None
    env_file: str | None = None
    name: str = "service"


@dataclass(frozen=True)
class Seen:
    """What the service showed."""

    observed: Observed
    found: Recognised
    tried: Tried
    metrics_path: str
    figures: frozenset[str] = field(default_factory=frozenset)
    job: ScrapeJob = field(default_factory=ScrapeJob)
    """Who reads it."""
    instances: tuple[str, ...] = ()
    """The URLs of several that run already, this one first."""


def look(service: Running, wishes: Wishes, say: Say) -> Seen:
    """Probe the service.

    Raises:
        EvidenceError: it has no metrics, or stops answering.
    """
    target = service.target
    if wishes.prometheus is not None and is_utf8(_version(wishes.prometheus)):
        target.format = TEXT_UTF8
    keys = scraped(has_prometheus(wishes.monitoring) if wishes.prometheus is None else None, wishes.job)
    # A path that a scrape job names is where its Prometheus reads, whatever else answers with metrics; where none names
    # /metrics, that is so of a usual one as well: what is mounted at /metrics answers at /metrics/ too.
    named_paths = [path for path in keys if path not in METRICS_PATHS or METRICS_PATHS[0] not in keys]
    usual = (*named_paths, *(path for path in METRICS_PATHS if path not in named_paths))
    first = target.find_metrics((wishes.metrics_path,) if wishes.metrics_path else usual, keys)
    own = sum(not metrics.is_librarys(name) for name in first.families)
    place = without_password(target.metrics_base) + target.metrics_path
    say(f"metrics at {place}: {_several(own, 'family', 'families')} of its own")
    document, where = find_openapi(target, wishes.openapi)
    if document is not None:
        choice = of_openapi(document, target.metrics_path)
        say(
            f"routes from {where}: {len(choice.routes)} that only read{'s' if len(choice.routes) == 1 else ''}"
            + "".join(f"\n  not sent: {route}, {why}" for route, why in choice.left if not choice.routes)
        )
    else:
        choice = of_exposition(first, target.metrics_path)
    tried = try_routes(target, Choice(choice.routes, choice.left), wishes.routes)
    lines = {f"{route.method} {route.path}" for route in wishes.routes}
    for route, why in tried.left:
        if route in lines:
            say(f"not sent: {route}, {why}")
    observed, found = _recognised(service, tried)
    found = _with_flights(target, observed, found)
    if wishes.app is not None:
        found = of_every_start(found, service.numbers)
    sent = sum(batch.times for batch in observed.batches)
    counted = len(found.counting)
    exactly = f"{_several(counted, 'metric')} count{'s' if counted == 1 else ''} them exactly"
    say(
        f"sent {_several(sent, 'request')} to {_several(len(tried.probes), 'route')}: {exactly}"
        if sent
        else "sent no requests: no route is known that only reads (--route /path names one)"
    )
    if observed.torn:
        names = ", ".join(observed.torn[:3]) + (" and others" if observed.torn[3:] else "")
        say(
            f"{names} go backwards between readings: several processes behind one port, each with its own counts;"
        )
        say(
            "  give them one registry (multiprocess mode of prometheus_client), or each a port, and draft again"
        )
    job = _job(observed, wishes, None if wishes.app is not None else target.metrics_base, place)
    several = instances(target, job, wishes.app is not None, say)
    return Seen(observed, found, tried, target.metrics_path, figures(service), job, several)


def _recognised(service: Running, tried: Tried) -> tuple[Observed, Recognised]:
    """The observation that shows more; a second one, with longer pauses, only where the first leaves requests open."""
    observed = observe(service.target, tried.probes, SETTLES[0])
    found = recognise(observed)
    if found.counting and not found.uncounted:
        return observed, found
    again = observe(service.target, tried.probes, SETTLES[1])
    later = recognise(again)
    better = (len(later.counting), -len(later.uncounted)) > (len(found.counting), -len(found.uncounted))
    return (again, later) if better else (observed, found)


def _with_flights(target: Target, observed: Observed, found: Recognised) -> Recognised:
    """What is known with the gauges of requests in flight, which only requests that are open at once can show."""
    if not gauges(observed):
        return found
    probes = {batch.probe: None for batch in observed.batches if batch.probe is not None}
    sent = crowds(target, [probe for probe in probes if probe not in observed.spoilt])
    found = held_in_crowds(found, sent)
    told = flights(observed, sent, found.counting, target.metrics_path)
    shown = {name: flight for name, flight in told.items() if isinstance(flight, Counting)}
    why = {name: reason for name, reason in told.items() if isinstance(reason, str)}
    others = {name: reason for name, reason in found.others.items() if name not in shown}
    return replace(found, flights=shown, others={**others, **why})


def files(seen: Seen, wishes: Wishes, proofs: Mapping[str, str], say: Say) -> dict[str, str]:
    """The texts of the draft by file name."""
    folder = has_prometheus(wishes.monitoring)
    probes = [probe for probe in seen.tried.probes if probe not in seen.observed.spoilt]
    left = [
        *seen.tried.left,
        *((probe.line, "does not always answer the same") for probe in seen.observed.spoilt),
    ]
    service = texts.Service(
        wishes.name,
        wishes.app,
        seen.job.name,
        seen.metrics_path,
        SCENARIO if probes else "",
        {
            "instances": list(seen.instances) or None,
            "directory": wishes.directory,
            "env_file": wishes.env_file,
            "health": wishes.health,
            "health_status": wishes.health_status if wishes.health_status != 200 else None,
        },
        metrics.stamped(seen.observed.last),
    )
    unseen = (
        wishes.health if any(probe.path == wishes.health for probe in seen.found.uncounted) else None
    ) or ""
    sections: list[Sequence[str]] = [
        metrics.metrics(
            seen.observed, seen.found, seen.metrics_path, seen.figures, unseen, _read(wishes, folder)
        ),
        metrics.unpromised(seen.observed, seen.found, seen.figures),
    ]
    if wishes.prometheus is not None:
        rules = loaded_rules(wishes.prometheus, say)
        sections.append(monitoring.alerts(None, rules, {}, _edges(seen)))
    elif folder is not None:
        sections += _of_folder(folder, seen, proofs, say)
    else:
        other = monitoring.elsewhere(wishes.monitoring.parent) if wishes.monitoring is not None else ""
        if other:
            say(f"{other}/ has a configuration of Prometheus: --monitoring {other} drafts its alerts too")
        sections.append(
            comment(
                "There is no prometheus.yml: the run makes one that scrapes the service. With a monitoring folder "
                "(`promproof init --monitoring DIR`) its alerts and dashboards are drafted too."
            )
        )
    if seen.job.is_open:
        sections.append(
            comment(f"{seen.job.doubt}. Say which: `job: NAME` under `target`, or promproof init --job NAME")
        )
    drafted = {CONTRACT: texts.contract(service, sections)}
    if probes:
        drafted[SCENARIO] = traffic.scenario(wishes.name, probes, seen.found, left)
    if (
        folder is not None and folder.alertmanager is not None and probes
    ):  # without one nobody is told, live or not
        rules = read_rules(folder.rules)
        setup = Setup(folder.jobs, seen.job.mine, monitoring.heartbeats(folder, rules))
        drafted |= drills(rules, seen.found, probes, started=wishes.app is not None, setup=setup)
    return drafted


def _read(wishes: Wishes, folder: Folder | None) -> frozenset[str] | None:
    """The histograms whose buckets somebody reads: other edges of any other one are no mistake."""
    if wishes.prometheus is not None:
        return None  # its dashboards and recording rules are not seen here
    if folder is None:
        return frozenset()
    boards = parsed(grafana_files(folder.root)).dashboards
    return monitoring.read_buckets(folder, read_rules(folder.rules), boards)


def _of_folder(folder: Folder, seen: Seen, proofs: Mapping[str, str], say: Say) -> list[Sequence[str]]:
    rules = read_rules(folder.rules)
    boards = parsed(grafana_files(folder.root)).dashboards
    alerts, shows = _several(len(rules), "alert"), _several(len(boards), "dashboard")
    say(f"{folder.root.name}/: {alerts}, {shows}")
    still, limits = metrics.still(seen.observed, seen.found), monitoring.limits(rules)
    shown_labels = {label for counting in seen.found.counting.values() for label in counting.sources}
    written = written_labels(folder) - shown_labels
    known = Known(seen.found.counting, still, limits, written, recordings(folder.rules))
    shown = {board.uid: panels(board, known) for board in boards}
    return [monitoring.alerts(folder, rules, proofs, _edges(seen)), monitoring.dashboards(boards, shown)]


def _job(observed: Observed, wishes: Wishes, url: str | None, place: str) -> ScrapeJob:
    """Who reads the service. url: of one that runs already; place: the URL of its metrics.

    Raises:
        InputError: the Prometheus that runs already has no job of the name that is asked for.
        EvidenceError: it does not answer.
    """
    folder = has_prometheus(wishes.monitoring)
    if wishes.prometheus is not None:
        prometheus = Prometheus(wishes.prometheus)
        try:
            targets = prometheus.targets()
        finally:
            prometheus.close()
        found = of_running(targets, place, wishes.name, wishes.job)
        if found.is_open and wishes.drafted_job in found.there:
            found = of_running(targets, place, wishes.name, wishes.drafted_job)
        return found
    if folder is None:
        return ScrapeJob(wishes.job or "")
    if wishes.job is not None:
        return named(folder, wishes.job)
    own = [family for family in observed.last.families if not metrics.is_librarys(family)]
    boards = parsed(grafana_files(folder.root)).dashboards
    queries = [*trees(read_rules(folder.rules)), *(node for board in boards for node in asked(board))]
    found = of_folder(folder, wishes.name, url, own, queries)
    if found.is_open and wishes.drafted_job in folder.jobs:
        return named(folder, str(wishes.drafted_job))
    return found


def _edges(seen: Seen) -> dict[str, list[float]]:
    """The buckets of the histograms of durations, by name."""
    return {
        name: metrics.edges(counting.family, seen.observed.last)
        for name, counting in seen.found.counting.items()
        if counting.durations
    }


def _version(url: str) -> str:
    """That of a running Prometheus; empty where it does not tell."""
    prometheus = Prometheus(url)
    try:
        return prometheus.told_version()
    finally:
        prometheus.close()


def loaded_rules(url: str, say: Say) -> list[Rule]:
    """The alerting rules that a Prometheus runs.

    Raises:
        EvidenceError: it does not answer.
    """
    prometheus = Prometheus(url)
    try:
        rules = loaded(prometheus.rules())
    finally:
        prometheus.close()
    place = without_password(url)
    say(f"{place}: {_several(len(rules), 'alert')}; its dashboards and routes are in files: --monitoring DIR")
    return rules


def _several(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def has_prometheus(path: Path | None) -> Folder | None:
    """The monitoring folder; None where it has no Prometheus configuration.

    Raises:
        InputError: one of its files is broken.
    """
    return read_folder(path) if path is not None and find_prometheus(path) is not None else None
