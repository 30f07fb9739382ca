"""Bringing a run up: target, receiver and stack, in an order that leaves nothing behind when a step fails.

The result is a `Bench`: addresses and handles that the driving needs, whoever started what is behind them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from promproof.config.routing import Reached, reached
from promproof.config.rules import read
from promproof.config.timescale import NOT_SCALED, TimeScale
from promproof.config.yamlfile import load
from promproof.contract.model import Alert, seconds
from promproof.drills.plan import Timing
from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.exposition import matcher
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from promproof.observe import panels, recording
from promproof.observe.prometheus import Prometheus
from promproof.observe.webhook import NO_ANSWER, Receiver
from promproof.render.monitoring import Rendered
from promproof.run import static
from promproof.run.backend import configuration
from promproof.run.housekeeping import opened
from promproof.run.liveness import Component, Liveness, of_stack
from promproof.run.options import wish_of
from promproof.run.prepare import Prepared
from promproof.run.secrecy import private_folder, publish
from promproof.run.sender import Sender
from promproof.run.target import Target
from promproof.stack.backend import Site, WantedStack
from promproof.stack.binaries import Binaries, find_binaries
from promproof.stack.choice import choose
from promproof.stack.journal import Journal
from promproof.stack.protocol import NODE_EXPORTER, PROMETHEUS, App, ComponentState, Stack, Status

FIRST_SCRAPE_SECONDS = 30.0
Say = Callable[[str], None]


@dataclass
class Bench:
    """What a run works with. `app` is None for a target that runs already; URLs have no slash at the end."""

    target_url: str
    metrics_url: str
    pid: int | None
    app: App | None
    database: str | None
    faults: FaultPort | None
    undo: UndoBook
    rendered: Rendered | None
    """None for a stack that runs already."""
    sender: Sender
    receiver: Receiver
    backend: str
    stack: Stack
    prometheus: Prometheus
    alertmanager_url: str | None
    alertmanager_target: str | None
    """Its URL as Prometheus sees it: in containers it is another one."""
    grafana_url: str | None
    node_exporter_net: Path | None
    """The kernel's file of the network interfaces that Node Exporter sees; None when it is not known to run here."""
    receivers_wanted: list[str]
    binaries: Binaries
    history: Recorder
    journal: Journal
    scale: TimeScale
    target_scale: TimeScale
    scrape_interval: float
    scrape_timeout: float
    evaluation_interval: float
    instance: str
    selector: str
    bin_seconds: float
    liveness: Liveness

    def watch(self) -> None:
        """Raise when something that the run depends on has died, or works no longer.

        Raises:
            EvidenceError: with its last log lines.
        """
        self.history.raise_if_broken()
        self.stack.raise_if_dead()
        self.receiver.raise_if_dead()
        if self.app is not None:
            self.app.raise_if_dead()
        self.liveness.raise_if_frozen()


def timing_of(prepared: Prepared, alert: Alert) -> Timing:
    """The deployed durations of an alert's way to its first receiver, in seconds.

    Raises:
        EvidenceError: no route of the configuration takes the alert.
    """
    file = prepared.folder.alertmanager
    config = prepared.scale.alertmanager(file.data, file.where) if file is not None else {}
    return _timing(alert, config, prepared.scale, _intervals(prepared))


def _timing(
    alert: Alert, config: Mapping[str, Any], scale: TimeScale, intervals: tuple[float, float, float]
) -> Timing:
    routes: list[Reached] = reached(config, {"alertname": alert.name, "severity": alert.severity})
    if not routes:
        raise EvidenceError(
            "alertmanager", f"no route takes {alert.name}", (), "look at route in its configuration"
        )
    scrape, timeout, evaluation = intervals
    return Timing(
        threshold=alert.boundary.threshold,
        window=scale.seconds(seconds(alert.window)) if alert.window else 0.0,
        hold=scale.seconds(seconds(alert.hold)),
        scrape=scrape,
        evaluation=evaluation,
        group_wait=max(route.group_wait for route in routes),
        group_interval=max(route.group_interval for route in routes),
        repeat_interval=min(route.repeat_interval for route in routes),
        scrape_timeout=timeout,
        # ServiceDown's documented quantity is `up`; a drill's is whether the target is down
        fires_above=alert.boundary.fires_when == "above",
        scale=scale.factor,
    )


def bring_up(
    prepared: Prepared,
    folder: Path,
    history: Recorder,
    cleanup: ExitStack,
    say: Say,
    keep: Callable[[], bool] = lambda: False,
    procfs: Path | None = None,
) -> Bench:
    """Start what the options ask for; everything started ends with `cleanup`, containers unless `keep` says otherwise.

    procfs: a folder that Node Exporter reads in place of /proc.

    Raises:
        InputError: a program is missing, or an option cannot be used.
        EvidenceError: a component did not come up.
    """
    options, contract, scale = prepared.options, prepared.contract, prepared.scale
    journal = cleanup.enter_context(opened(say))
    book = cleanup.enter_context(UndoBook())
    private = cleanup.enter_context(private_folder(folder, journal, prepared.masker, keep, say))
    backend = choose(wish_of(options, contract.deployment), say)
    cleanup.enter_context(backend.open(Site(folder, private, journal, keep, say)))
    binaries = find_binaries(options.binaries, say=say)
    static.check_files(prepared, binaries, history)
    panels.files(history, prepared.dashboards, panels.scrape_intervals(prepared.folder.prometheus.data))
    interval, timeout, evaluation = _intervals(prepared)
    receiver = Receiver(history.now, on_delivery=recording.delivery(history))
    cleanup.callback(receiver.close)
    # two bins are doubtful in every window: a twentieth of four scrapes
    bin_seconds = min(1.0, interval / 10)
    target = Target(prepared, folder / "target", journal, bin_seconds, backend)
    target.start(cleanup, say)
    gateway = backend.gateway()
    if gateway is not None:
        receiver.listen(gateway)  # Alertmanager's container can't reach this machine's loopback
        target.open_to(gateway, cleanup, say)
    urls = _receivers(prepared, receiver, target.sender)
    configure = configuration(prepared, private / "rendered", urls, target.address, readers=backend.readers)
    stack = backend.stack(WantedStack(scale, configure, binaries, procfs))
    cleanup.enter_context(stack)
    liveness = Liveness([*_target(target), *of_stack(stack)], book, say)
    cleanup.callback(liveness.stop)
    liveness.start()
    prometheus = Prometheus(stack.endpoints.prometheus, before=lambda: liveness.raise_if_stopped(PROMETHEUS))
    cleanup.callback(prometheus.close)
    rendered = stack.rendered
    _record_rendered(prepared, rendered, history)
    publish(private, folder, prepared.masker)
    if rendered is not None:
        (folder / "changes.diff").write_text(rendered.diff, encoding="utf-8")
        say(
            f"run copy of {options.monitoring.name}/: {len(rendered.changes)} declared changes, in changes.diff"
        )
    bench = Bench(
        target_url=target.url,
        metrics_url=target.url + contract.target.metrics_path,
        pid=target.pid,
        app=target.app,
        database=target.database,
        faults=target.faults(cleanup, book),
        undo=book,
        rendered=rendered,
        sender=target.sender,
        receiver=receiver,
        backend=backend.name,
        stack=stack,
        prometheus=prometheus,
        alertmanager_url=stack.endpoints.alertmanager,
        alertmanager_target=stack.inner.alertmanager,
        grafana_url=options.grafana or stack.endpoints.grafana,
        node_exporter_net=_node_exporter_net(stack),
        receivers_wanted=prepared.folder.receivers,
        binaries=binaries,
        history=history,
        journal=journal,
        scale=scale,
        target_scale=scale if target.app is not None else TimeScale(1),
        scrape_interval=interval,
        scrape_timeout=timeout,
        evaluation_interval=evaluation,
        instance=options.instance or target.address,
        selector=matcher("instance", options.instance or target.address),
        bin_seconds=bin_seconds,
        liveness=liveness,
    )
    history.add("run", describe(prepared, bench, rendered))
    return bench


def _target(target: Target) -> list[Component]:
    """The target, as far as its process is on this machine."""
    app, pid = target.app, target.pid
    if app is not None:
        return [Component("target", app.state, app.log_tail)]
    return [] if pid is None else [Component("target", lambda: ComponentState("target", Status.RUNNING, pid))]


def describe(prepared: Prepared, bench: Bench, rendered: Rendered | None) -> dict[str, Any]:
    """The record `run`: what was run, on what, and how it differs from what is shipped."""
    return {
        "service": prepared.contract.service,
        "time_scale": prepared.scale.factor,
        "not_scaled": list(NOT_SCALED),
        "target_scale": bench.target_scale.factor,
        "scrape_interval": bench.scrape_interval,
        "scrape_timeout": bench.scrape_timeout,
        "backend": bench.backend,
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
        "managed": bench.app is not None,
        "pid": bench.pid,
        "database": bench.database is not None,
        "faults": bench.faults is not None,
        "no_drill": _no_drill(prepared, bench),
        "instance": bench.instance,
        "binaries": str(bench.binaries).splitlines(),
        "changes": [str(change) for change in rendered.changes] if rendered is not None else [],
        "diff": rendered.diff if rendered is not None else "",
    }


def _no_drill(prepared: Prepared, bench: Bench) -> str:
    """Why the run takes no alert live; empty when it does."""
    if prepared.drill is None:
        return "the live drill was left out (--no-drill)"
    if bench.faults is None:
        return "the target has no fault port that the drill could ask; name one with --fault-url"
    return ""


def await_scrape(bench: Bench, say: Say) -> None:
    """Wait until the target's first scrape is stored; discovery ticks every 5 s whatever the time scale."""
    say("waiting for the first scrape")
    deadline = time.monotonic() + FIRST_SCRAPE_SECONDS
    last = ""
    while time.monotonic() < deadline:
        bench.watch()
        try:
            if bench.prometheus.query(f"up{{{bench.selector}}}"):
                return
            last = ""
        except EvidenceError as error:
            last = f": {error.state}"
        time.sleep(0.1)
    # Not an end: that the target is not scraped is what the checks will say.
    say(f"no scrape of {bench.instance} within {FIRST_SCRAPE_SECONDS:g} s{last}")


def _intervals(prepared: Prepared) -> tuple[float, float, float]:
    """The target's scrape interval and time-out, and the evaluation interval in the run, in seconds."""
    data = prepared.scale.prometheus(prepared.folder.prometheus.data, prepared.folder.prometheus.where)
    shared = data.get("global") or {}
    job: dict[str, Any] = next(
        (
            one
            for one in data.get("scrape_configs") or ()
            if one.get("job_name") == prepared.contract.target.job
        ),
        {},
    )
    scrape = job.get("scrape_interval") or shared.get("scrape_interval") or "1m"
    timeout = job.get("scrape_timeout") or shared.get("scrape_timeout") or "10s"
    return (
        seconds(str(scrape)),
        seconds(str(timeout)),
        seconds(str(shared.get("evaluation_interval") or "1m")),
    )


def _receivers(prepared: Prepared, receiver: Receiver, sender: Sender) -> dict[str, str]:
    """Put the recorder in front of every receiver; what was meant for the target goes on to it."""
    webhook = prepared.contract.target.webhook
    configured = static.receiver_urls(
        prepared.folder.alertmanager.path if prepared.folder.alertmanager is not None else None
    )

    def forward(body: bytes) -> int:
        assert webhook is not None
        try:
            return sender.request(
                "POST", webhook, data=body, headers={"Content-Type": "application/json"}
            ).status_code
        except requests.RequestException:
            return NO_ANSWER

    return {
        name: receiver.add(
            name, forward if webhook is not None and any(webhook in url for url in urls) else None
        )
        for name, urls in configured.items()
    }


def _node_exporter_net(stack: Stack) -> Path | None:
    """Where Node Exporter's interfaces are: a container has its own."""
    pid = stack.pid(NODE_EXPORTER)
    return None if pid is None else Path(f"/proc/{pid}/net/dev")


def _record_rendered(prepared: Prepared, rendered: Rendered | None, history: Recorder) -> None:
    files = rendered.rule_files if rendered is not None else [one.path for one in prepared.folder.rules]
    rules = read(load(path, "a rule file") for path in files)
    history.add("rendered_rules", {"rules": [vars(rule) for rule in rules]})
