"""Bringing a run up: target, receiver and stack, in an order that leaves nothing behind when a step fails.

The result is a `Bench`: addresses and handles that the driving needs, whoever started what is behind them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests
import yaml

from verification.contract import Alert, seconds
from verification.dashboards import record
from verification.dashboards.record import scrape_intervals
from verification.drills.faults import FaultPort
from verification.drills.plan import Timing
from verification.errors import EvidenceError, InputError
from verification.history import Recorder
from verification.observe.prometheus import Prometheus
from verification.observe.webhook import Receiver
from verification.render import Rendered, render
from verification.routing import Reached, reached
from verification.rules import read
from verification.run import recording, static
from verification.run.prepare import Prepared
from verification.run.sender import Sender
from verification.stack import compose, containers
from verification.stack.app import ManagedApp, SentRequest
from verification.stack.binaries import Binaries, find_binaries
from verification.stack.containers import ContainerApp, ContainerStack
from verification.stack.external import ExternalStack
from verification.stack.journal import Journal, clear_leftovers
from verification.stack.processes import Ports, ProcessStack
from verification.stack.project import ContainerProject
from verification.stack.protocol import NODE_EXPORTER, Endpoints, Stack
from verification.timescale import NOT_SCALED, TimeScale
from verification.yamlfile import load

FIRST_SCRAPE_SECONDS = 30.0
_DURATION = re.compile(r"\{duration:([^}]+)\}")
Say = Callable[[str], None]
App = ManagedApp | ContainerApp


@dataclass
class Bench:
    """What a run works with. `app` is None for a target that runs already; URLs have no slash at the end."""

    target_url: str
    metrics_url: str
    pid: int | None
    app: App | None
    database: str | None
    faults: FaultPort | None
    sender: Sender
    receiver: Receiver
    stack: Stack
    prometheus: Prometheus
    alertmanager_url: str | None
    alertmanager_target: str | None
    """Its URL as Prometheus sees it: in containers it is another one."""
    grafana_url: str | None
    node_exporter_net: Path | None
    """The kernel's file of the network interfaces that Node Exporter sees; None when it is not known to run here."""
    alertmanager_configuration: dict[str, Any]
    receivers_wanted: list[str]
    binaries: Binaries
    journal: Journal
    scale: TimeScale
    target_scale: TimeScale
    scrape_interval: float
    scrape_timeout: float
    evaluation_interval: float
    instance: str
    selector: str
    bin_seconds: float

    def watch(self) -> None:
        """Raise when something that the run depends on has died.

        Raises:
            EvidenceError: with its last log lines.
        """
        self.stack.raise_if_dead()
        if self.app is not None:
            self.app.raise_if_dead()

    def timing(self, alert: Alert) -> Timing:
        """The deployed durations of an alert's way to its first receiver, in seconds.

        Raises:
            EvidenceError: no route of the configuration takes the alert.
        """
        labels = {"alertname": alert.name, "severity": alert.severity}
        routes: list[Reached] = reached(self.alertmanager_configuration, labels)
        if not routes:
            raise EvidenceError(
                "alertmanager", f"no route takes {alert.name}", (), "look at route in its configuration"
            )
        return Timing(
            threshold=alert.boundary.threshold,
            window=self.scale.seconds(seconds(alert.window)) if alert.window else 0.0,
            hold=self.scale.seconds(seconds(alert.hold)),
            scrape=self.scrape_interval,
            evaluation=self.evaluation_interval,
            group_wait=max(route.group_wait for route in routes),
            group_interval=max(route.group_interval for route in routes),
        )


def bring_up(
    prepared: Prepared,
    folder: Path,
    history: Recorder,
    cleanup: ExitStack,
    say: Say,
    keep: Callable[[], bool] = lambda: False,
) -> Bench:
    """Start what the options ask for; everything started ends with `cleanup`, containers unless `keep` says otherwise.

    Raises:
        InputError: a program is missing, or an option cannot be used.
        EvidenceError: a component did not come up.
    """
    options, contract, scale = prepared.options, prepared.contract, prepared.scale
    for left in clear_leftovers():
        say(f"cleared what a killed run left: {left}")
    backend = _backend(prepared, say)
    binaries = find_binaries(options.binaries, say=say)
    journal = cleanup.enter_context(Journal())
    project = _project(prepared, folder, journal, keep, cleanup, say) if backend == "containers" else None
    static.check_files(prepared, binaries, history)
    intervals = scrape_intervals(prepared.folder.prometheus.data)
    record.files(history, prepared.dashboards, intervals)
    interval, timeout, evaluation = _intervals(prepared)
    receiver = Receiver(history.now, on_delivery=recording.delivery(history))
    cleanup.callback(receiver.close)
    bin_seconds = min(
        1.0, interval / 10
    )  # two bins are doubtful in every window: a twentieth of four scrapes
    target = _Target(prepared, folder / "target", journal, bin_seconds, project)
    target.start(cleanup, say)
    if project is not None:
        receiver.listen(project.gateway())  # Alertmanager's container can't reach this machine's loopback
    urls = _receivers(prepared, receiver, target.sender)
    stack = _stack(prepared, folder, binaries, journal, project, urls, target, say)
    cleanup.enter_context(stack)
    prometheus = Prometheus(stack.endpoints.prometheus)
    cleanup.callback(prometheus.close)
    rendered = None if isinstance(stack, ExternalStack) else stack.rendered
    _record_rendered(prepared, rendered, history)
    if rendered is not None:
        (folder / "changes.diff").write_text(rendered.diff, encoding="utf-8")
        say(
            f"run copy of {options.monitoring.name}/: {len(rendered.changes)} declared changes, in changes.diff"
        )
    config = rendered.alertmanager_config if rendered is not None else None
    bench = Bench(
        target_url=target.url,
        metrics_url=target.url + contract.target.metrics_path,
        pid=target.pid,
        app=target.app,
        database=target.database,
        faults=target.faults(cleanup, folder),
        sender=target.sender,
        receiver=receiver,
        stack=stack,
        prometheus=prometheus,
        alertmanager_url=stack.endpoints.alertmanager,
        alertmanager_target=f"http://{containers.INNER_ADDRESSES['alertmanager']}"
        if project is not None
        else stack.endpoints.alertmanager,
        grafana_url=options.grafana or stack.endpoints.grafana,
        node_exporter_net=_node_exporter_net(stack),
        alertmanager_configuration=yaml.safe_load(config.read_text(encoding="utf-8"))
        if config is not None
        else {},
        receivers_wanted=prepared.folder.receivers,
        binaries=binaries,
        journal=journal,
        scale=scale,
        target_scale=scale if target.app is not None else TimeScale(1),
        scrape_interval=interval,
        scrape_timeout=timeout,
        evaluation_interval=evaluation,
        instance=target.address,
        selector=f'instance="{target.address}"',
        bin_seconds=bin_seconds,
    )
    history.add("run", describe(prepared, bench, rendered))
    return bench


def describe(prepared: Prepared, bench: Bench, rendered: Rendered | None) -> dict[str, Any]:
    """The record `run`: what was run, on what, and how it differs from what is shipped."""
    return {
        "service": prepared.contract.service,
        "time_scale": prepared.scale.factor,
        "not_scaled": list(NOT_SCALED),
        "target_scale": bench.target_scale.factor,
        "scrape_interval": bench.scrape_interval,
        "scrape_timeout": bench.scrape_timeout,
        "managed": bench.app is not None,
        "pid": bench.pid,
        "database": bench.database is not None,
        "faults": bench.faults is not None,
        "instance": bench.instance,
        "binaries": str(bench.binaries).splitlines(),
        "changes": [str(change) for change in rendered.changes] if rendered is not None else [],
        "diff": rendered.diff if rendered is not None else "",
    }


def await_scrape(bench: Bench, say: Say) -> None:
    """Wait until the target's first scrape is stored; discovery ticks every 5 s whatever the time scale."""
    say("waiting for the first scrape")
    deadline = time.monotonic() + FIRST_SCRAPE_SECONDS
    while time.monotonic() < deadline:
        bench.watch()
        if bench.prometheus.query(f"up{{{bench.selector}}}"):
            return
        time.sleep(0.1)
    # Not an end: that the target is not scraped is what the checks will say.
    say(f"no scrape of {bench.instance} within {FIRST_SCRAPE_SECONDS:g} s")


class _Target:
    """The API under test: started from a command, or found at a URL."""

    def __init__(
        self,
        prepared: Prepared,
        workdir: Path,
        journal: Journal,
        bin_seconds: float,
        project: ContainerProject | None,
    ) -> None:
        self._prepared = prepared
        options, wanted = prepared.options, prepared.contract.target
        self.app: App | None = None
        self.database: str | None = None
        self.pid: int | None = None
        if options.target is not None:
            self.url = options.target.rstrip("/")
            self.sender = Sender(self.url, bin_seconds=bin_seconds)
            return
        command = options.app or wanted.app
        if command is None:
            raise InputError(
                "no target is named",
                "--app or --target",
                '--app "CMD {port}" or --target URL',
                "name one of them",
            )
        if project is not None:
            self.app = ContainerApp(
                project, workdir, env=self._environment(), health=wanted.health, sent=self._record
            )
        else:
            self.app = ManagedApp(
                command, workdir, journal, env=self._environment(), health=wanted.health, sent=self._record
            )
        self.url = self.app.url
        self.sender = Sender(self.url, bin_seconds=bin_seconds)
        if wanted.database is not None:
            self.database = wanted.database.replace("{workdir}", str(workdir.absolute()))

    @property
    def address(self) -> str:
        """As Prometheus scrapes it."""
        if isinstance(self.app, ContainerApp):
            return self.app.address
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    def start(self, cleanup: ExitStack, say: Say) -> None:
        """Start it, or ask a running one once for its health."""
        if self.app is not None:
            say("starting the target")
            cleanup.enter_context(self.app)
            self.url = self.app.url  # its port may have been chosen anew
            self.sender.base_url = self.url
            self.pid = self.app.pid
            return
        health = self._prepared.contract.target.health
        try:
            status = self.sender.request("GET", health).status_code
        except requests.RequestException as error:
            raise InputError(
                f"the target does not answer: {error}", self.url, "a running service", "start it"
            ) from error
        if status != requests.codes.ok:
            raise EvidenceError(
                "target", f"{self.url}{health} answers {status}", (), "look at the target's log"
            )
        self.pid = _local_pid(self.url)

    def faults(self, cleanup: ExitStack, folder: Path) -> FaultPort | None:
        """The fault port, when the target has one."""
        options = self._prepared.options
        if options.fault_url is not None and options.fault_token is not None:
            port = FaultPort(options.fault_url, options.fault_token, folder / "undo.json")
        elif self.app is not None and "{fault_port}" in (
            options.app or self._prepared.contract.target.app or ""
        ):
            port = FaultPort(self.app.fault_url, self.app.token, folder / "undo.json")
        else:
            return None
        cleanup.callback(port.heal)
        return port

    def _environment(self) -> dict[str, str]:
        wanted = self._prepared.contract.target.environment
        return {key: self._scaled(value, f"target.environment.{key}") for key, value in wanted.items()}

    def _scaled(self, text: str, where: str) -> str:
        scale = self._prepared.scale
        return _DURATION.sub(lambda match: scale.duration(match.group(1), where), text)

    def _record(self, one: SentRequest) -> None:
        # without an answer its fate is unknown: it may have been counted
        self.sender.record(one.method, one.path, one.status or 0, one.started, one.ended)


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
            return 502

    return {
        name: receiver.add(
            name, forward if webhook is not None and any(webhook in url for url in urls) else None
        )
        for name, urls in configured.items()
    }


def _stack(
    prepared: Prepared,
    folder: Path,
    binaries: Binaries,
    journal: Journal,
    project: ContainerProject | None,
    receivers: dict[str, str],
    target: _Target,
    say: Say,
) -> ProcessStack | ContainerStack | ExternalStack:
    options = prepared.options
    if options.prometheus is not None:
        return ExternalStack(Endpoints(options.prometheus.rstrip("/"), options.alertmanager))
    how = "processes" if project is None else f"containers, project {project.name}"
    say(f"starting Prometheus, Alertmanager and Node Exporter as {how}")
    jobs = prepared.folder.jobs

    def configure(components: Mapping[str, str]) -> Rendered:
        node = components["node_exporter"]
        by_job = {**components, "node": node, "node-exporter": node}
        addresses = {job: address for job, address in by_job.items() if job in jobs}
        if prepared.contract.target.job in jobs:
            addresses[prepared.contract.target.job] = target.address
        return render(
            options.monitoring,
            folder / "rendered",
            scale=prepared.scale,
            addresses=addresses,
            alertmanager=components["alertmanager"],
            receivers=receivers,
        )

    if project is not None:
        ports = containers.DOCUMENTED if options.documented_ports else None
        return ContainerStack(project, configure, prepared.scale, ports=ports)

    def of_processes(ports: Ports) -> Rendered:
        return configure({name: ports.address(name) for name in containers.INNER_ADDRESSES})

    return ProcessStack(binaries, of_processes, folder / "stack", prepared.scale, journal)


def _backend(prepared: Prepared, say: Say) -> str:
    """The backend of this run; `auto` says which and why, an explicit choice never falls back.

    Raises:
        InputError: containers are asked for, and cannot be had.
    """
    options = prepared.options
    if options.prometheus is not None:
        return "external"
    if options.stack in ("processes", "external"):
        return "processes"
    lacking = containers.lacking(prepared.options.monitoring / containers.COMPOSE_FILE)
    if options.stack == "containers":
        if lacking is not None:
            raise lacking
        return "containers"
    if options.app is not None or options.target is not None:
        say("stack: processes, since the target is not a service of the compose file")
        return "processes"
    say(
        f"stack: processes, since {lacking.what}"
        if lacking is not None
        else "stack: containers, since an engine answers"
    )
    return "processes" if lacking is not None else "containers"


def _project(
    prepared: Prepared,
    folder: Path,
    journal: Journal,
    keep: Callable[[], bool],
    cleanup: ExitStack,
    say: Say,
) -> ContainerProject:
    file = prepared.options.monitoring / containers.COMPOSE_FILE
    project = ContainerProject(file, folder / "project", journal, keep)
    for left in compose.clear_containers(project.client):
        say(f"cleared what a killed run left: {left}")
    cleanup.enter_context(project)
    return project


def _node_exporter_net(stack: ProcessStack | ContainerStack | ExternalStack) -> Path | None:
    """Where Node Exporter's interfaces are: a container has its own."""
    if isinstance(stack, ExternalStack):
        return None
    pid = stack.pid(NODE_EXPORTER)
    return None if pid is None else Path(f"/proc/{pid}/net/dev")


def _record_rendered(prepared: Prepared, rendered: Rendered | None, history: Recorder) -> None:
    files = rendered.rule_files if rendered is not None else [one.path for one in prepared.folder.rules]
    rules = read(load(path, "a rule file") for path in files)
    history.add("rendered_rules", {"rules": [vars(rule) for rule in rules]})


def _local_pid(url: str) -> int | None:
    """The process that listens at a loopback URL, when this user may see it."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        return None
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return None
    for one in connections:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr[1] == parts.port:
            return one.pid
    return None
