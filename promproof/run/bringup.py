"""Bringing a run up: target, receiver and stack, in an order that leaves nothing behind when a step fails.

The result is a `Bench`: what the driving needs, whoever started what is behind it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import requests

from promproof.config.discovered import of_job
from promproof.config.jobs import at_address, instances, of_one, shared
from promproof.config.relabel_exact import applied
from promproof.config.rules import read
from promproof.config.scrape_auth import authorization
from promproof.config.timescale import NOT_SCALED, TimeScale
from promproof.config.yamlfile import load
from promproof.drills.needs import needs_of
from promproof.errors import EvidenceError
from promproof.evidence import records
from promproof.faults.kind import Need
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from promproof.observe import panels, recording
from promproof.observe.asking import headers_of
from promproof.observe.prometheus import Prometheus
from promproof.observe.webhook import NO_ANSWER, Receiver
from promproof.render.monitoring import Rendered
from promproof.run import routed, static, versions
from promproof.run.backend import configuration
from promproof.run.bench import Bench, Monitoring, Service, Tools
from promproof.run.frame import Ground
from promproof.run.housekeeping import opened
from promproof.run.liveness import Component, Liveness, of_stack
from promproof.run.options import wish_of
from promproof.run.pace import pace_of
from promproof.run.places import Place, places
from promproof.run.prepared import Prepared
from promproof.run.programs import programs_for
from promproof.run.secrecy import private_folder, publish
from promproof.run.sender import Sender
from promproof.run.shared import own_alerts
from promproof.run.sidebyside import beside, files_checked
from promproof.run.target import Target
from promproof.stack.backend import Backend, Site, WantedStack
from promproof.stack.choice import Can, abilities, choose
from promproof.stack.journal import Journal
from promproof.stack.protocol import NODE_EXPORTER, PROMETHEUS, ComponentState, SentRequest, Stack, Status

FIRST_SCRAPE_SECONDS = 30.0
Say = Callable[[str], None]


def bring_up(ground: Ground, cleanup: ExitStack, procfs: Path | None = None) -> Bench:
    """Start what the options ask for; everything ends with `cleanup`, but for containers that are to be kept.

    procfs: a folder that Node Exporter reads in place of /proc.

    Raises:
        InputError: a program is missing, or an option cannot be used.
        EvidenceError: a component did not come up.
    """
    prepared, history, say = ground.prepared, ground.history, ground.say
    journal = cleanup.enter_context(opened(say))
    book = cleanup.enter_context(UndoBook())
    private = cleanup.enter_context(private_folder(ground.folder, journal, prepared.masker, ground.keep, say))
    backend = choose(wish_of(prepared.options, prepared.contract.deployment), say)
    cleanup.enter_context(backend.open(Site(ground.folder, private, journal, ground.keep, say)))
    binaries = programs_for(prepared, say, is_local=backend.local)
    pace = pace_of(prepared)
    receiver = Receiver(history.now, on_delivery=recording.delivery(history))
    cleanup.callback(receiver.close)
    routed.listen(prepared.options.stack, prepared.contract, prepared.routes, receiver, history, say)
    found = places(prepared)
    further: list[list[SentRequest]] = [[] for _ in found[1:]]
    reads = [recording.asked_for_metrics(history), *(sent.append for sent in further)]
    said = partial(static.check_files, prepared, binaries, history)
    with files_checked(said, binaries if backend.local else None):
        targets = [
            _target_of(ground, place, journal, pace.bin_seconds, backend, read)
            for place, read in zip(found, reads, strict=True)
        ]

        def start() -> None:
            for target in targets:
                target.start(cleanup, say)

        def addresses() -> list[str]:
            return [target.address for target in targets]

        def stack_of() -> Stack:
            urls, rendered = _receivers(prepared, receiver, targets[0].sender), private / "rendered"
            configure = configuration(prepared, rendered, urls, addresses(), readers=backend.readers)
            return backend.stack(WantedStack(prepared.scale, configure, binaries, procfs))

        if backend.local and targets[0].app is not None:
            stack = beside(stack_of, start, addresses, cleanup)
        else:
            start()
            gateway = backend.gateway()
            if gateway is not None:
                receiver.listen(gateway)  # Alertmanager's container can't reach this machine's loopback
                for target in targets:
                    target.open_to(gateway, cleanup, say)
            stack = cleanup.enter_context(stack_of())
    # what the files hold may show a secret that checking them has told
    panels.files(history, prepared.dashboards, panels.scrape_intervals(prepared.folder.prometheus.data))
    components = [component for target in targets for component in _target(target)]
    liveness = Liveness([*components, *of_stack(stack)], book, say)
    cleanup.callback(liveness.stop)
    liveness.start()
    _tell_rendered(ground, stack.rendered, private)
    monitoring = _monitoring(prepared, backend.name, stack, liveness, cleanup)
    version = monitoring.prometheus.told_version()
    services = [
        _service(place.prepared, target, None if number else target.faults(cleanup, book), version)
        for number, (place, target) in enumerate(zip(found, targets, strict=True))
    ]
    service = replace(services[0], others=tuple(services[1:]), balanced=any(place.behind for place in found))
    bench = Bench(
        _among(prepared, monitoring, service),
        monitoring,
        pace,
        Tools(history, journal, book, receiver, liveness, binaries),
    )
    history.add(describe(prepared, bench))
    if stack.rendered is None and (
        own := own_alerts(monitoring.prometheus, prepared.contract, prepared.rules)
    ):
        history.add(own)  # others may have alerts of the same names there
    for other, sent in zip(bench.service.others, further, strict=True):
        note = recording.asked_for_metrics(history, other.instance)
        for request in sent:
            note(request)
    return bench


def _target_of(
    ground: Ground,
    place: Place,
    journal: Journal,
    bin_seconds: float,
    backend: Backend,
    read: Callable[[SentRequest], None],
) -> Target:
    """One of the run's targets, which is not started."""
    return Target(
        place.prepared,
        ground.folder / "target",
        journal,
        bin_seconds,
        backend,
        read,
        name=place.name,
        behind=place.behind,
    )


def _service(prepared: Prepared, target: Target, faults: FaultPort | None, version: str) -> Service:
    return Service(
        url=target.url,
        metrics_url=target.metrics_url,
        instance=prepared.options.target.instance or _instance(prepared, target.address),
        pid=target.pid,
        app=target.app,
        database=target.database,
        faults=faults,
        sender=target.sender,
        scale=prepared.scale if target.app is not None else TimeScale(1),
        headers=headers_of(version, authorization(_job(prepared), prepared.folder.prometheus.path.parent)),
    )


def _job(prepared: Prepared) -> dict[str, Any]:
    """The target's scrape job as the file has it; empty where it is in a file of its own."""
    jobs = prepared.folder.prometheus.data.get("scrape_configs") or ()
    name = prepared.contract.target.job
    return next((dict(job) for job in jobs if job.get("job_name") == name), {})


def _instance(prepared: Prepared, address: str) -> str:
    """The target's instance label in Prometheus: its address, unless the job's relabelling says otherwise."""
    config, name = _job(prepared), prepared.contract.target.job
    discovered = of_job(config, prepared.folder.prometheus.path, address)
    own = discovered.labels
    path, scheme = str(config.get("metrics_path", "/metrics")), str(config.get("scheme", "http"))
    given = {"job": name, "__address__": address, "__metrics_path__": path, "__scheme__": scheme, **own}
    try:
        found = applied(discovered.rules(config), given)
    except ValueError:
        return address
    return (found or {}).get("instance", address)


def _among(prepared: Prepared, monitoring: Monitoring, service: Service) -> Service:
    """The target with its place among the instances of its job, as a Prometheus that runs already lists them.

    Raises:
        InputError: it lists several, and none is the target's.
    """
    job, named = prepared.contract.target.job, prepared.options.target.instance
    if prepared.options.stack.prometheus is None:
        return service
    try:
        targets = monitoring.prometheus.targets()
    except EvidenceError:  # the checks say that it lists no targets
        return service
    listed = instances(targets, job)
    if not service.others:
        own = named or at_address(targets, job, service.instance)
        return replace(service, instance=own, siblings=of_one(job, listed, own))
    every = [replace(each, instance=at_address(targets, job, each.instance)) for each in service.every]
    mine = {each.instance for each in every}
    siblings = tuple(instance for instance in listed if instance not in mine)
    return replace(every[0], others=tuple(every[1:]), siblings=siblings, balanced=service.balanced)


def _monitoring(
    prepared: Prepared, backend: str, stack: Stack, liveness: Liveness, cleanup: ExitStack
) -> Monitoring:
    prometheus = Prometheus(stack.endpoints.prometheus, before=lambda: liveness.raise_if_stopped(PROMETHEUS))
    cleanup.callback(prometheus.close)
    return Monitoring(
        backend=backend,
        stack=stack,
        prometheus=prometheus,
        alertmanager_url=stack.endpoints.alertmanager,
        grafana_url=prepared.options.stack.grafana or stack.endpoints.grafana,
        node_exporter_net=_node_exporter_net(stack),
    )


def _tell_rendered(ground: Ground, rendered: Rendered | None, private: Path) -> None:
    """Write down the rules that are in use, and show the run copy and how it differs from what is shipped."""
    prepared = ground.prepared
    files = rendered.rule_files if rendered is not None else [rules.path for rules in prepared.folder.rules]
    rules = read(load(path, "a rule file") for path in files)
    ground.history.add(records.RenderedRules(tuple(rules)))
    publish(private, ground.folder, prepared.masker)
    if rendered is not None:
        (ground.folder / "changes.diff").write_text(rendered.diff, encoding="utf-8")
        name, count = prepared.options.monitoring.name, len(rendered.changes)
        ground.say(f"run copy of {name}/: {count} declared changes, in changes.diff")


def _target(target: Target) -> list[Component]:
    """The target, as far as its process is on this machine."""
    app, pid = target.app, target.pid
    if app is not None:
        return [Component(target.name, app.state, app.log_tail)]
    return [] if pid is None else [Component("target", lambda: ComponentState("target", Status.RUNNING, pid))]


def describe(prepared: Prepared, bench: Bench) -> records.Run:
    """The record `run`: what was run, on what, and how it differs from what is shipped."""
    rendered = bench.monitoring.stack.rendered
    return records.Run(
        service=prepared.contract.service,
        time_scale=prepared.scale.factor,
        not_scaled=tuple(NOT_SCALED),
        target_scale=bench.service.scale.factor,
        scrape_interval=bench.pace.scrape_interval,
        scrape_timeout=bench.pace.scrape_timeout,
        backend=bench.monitoring.backend,
        niceness=os.getpriority(os.PRIO_PROCESS, 0),
        managed=bench.service.app is not None,
        pid=bench.service.pid,
        database=bench.service.database is not None,
        faults=bench.service.faults is not None,
        no_drill=no_drill(prepared, bench),
        instance=bench.service.instance,
        binaries=tuple(str(bench.tools.binaries).splitlines()),
        changes=tuple(str(change) for change in rendered.changes) if rendered is not None else (),
        diff=rendered.diff if rendered is not None else "",
        instances=tuple(each.instance for each in bench.service.every) if bench.service.others else (),
        balanced=bench.service.balanced,
    )


def no_drill(prepared: Prepared, bench: Bench) -> str:
    """Why the run takes no alert live; empty when it does."""
    if prepared.drill is None:
        return "the live drill was left out (--no-drill)"
    if bench.service.others:
        return (
            f"the live drill is one of a service of one instance, and this one has {len(bench.service.every)}"
        )
    if bench.service.siblings:
        return shared(prepared.contract.target.job, bench.service.siblings)
    needs, able = needs_of(prepared.drill.plan)
    if Need.FAULT_PORT in needs and bench.service.faults is None:
        return "the target has no fault port that the drill could ask; name one with --fault-url"
    if Need.TARGET in needs and bench.service.app is None:
        return "the drill ends the target's process, and this run has not started it"
    if Can.PROCFS in able:
        return "the drill moves a figure of the machine: promproof drill does that"
    if not able <= abilities(wish_of(prepared.options, prepared.contract.deployment)):
        return "the drill needs a stack that the run has started"
    return ""


def await_scrape(bench: Bench, say: Say) -> None:
    """Wait until the target's first scrape is stored; discovery ticks every 5 s whatever the time scale."""
    say("waiting for the first scrape")
    deadline = time.monotonic() + FIRST_SCRAPE_SECONDS
    last = ""
    wanted = [service.selector for service in bench.service.every]
    while time.monotonic() < deadline:
        bench.watch()
        try:
            found = [bench.monitoring.prometheus.query(f"up{{{selector}}}") for selector in wanted]
            if all(found):
                _refuse_names(bench, [value for rows in found for _, value in rows])
                return
            last = ""
        except EvidenceError as error:
            last = f": {error.state}"
        time.sleep(0.1)
    # Not an end: that the target is not scraped is what the checks will say.
    say(f"no scrape of {bench.service.instance} within {FIRST_SCRAPE_SECONDS:g} s{last}")


def _refuse_names(bench: Bench, up: Sequence[float]) -> None:
    """Refuse a target that the run's own Prometheus is too old to read; of any other that is down the checks tell.

    Raises:
        InputError: its names are of a newer Prometheus.
        EvidenceError: Prometheus or the target does not answer.
    """
    if all(up) or bench.monitoring.backend != "processes":
        return
    ours = {service.instance: service for service in bench.service.every}
    for target in bench.monitoring.prometheus.targets():
        service = ours.get(str(target["labels"].get("instance")))
        if service is not None and target["health"] != "up":
            exposition = recording.exposed(service.metrics_url, service.headers)
            error = str(target.get("lastError", ""))
            versions.refuse_names(error, exposition, bench.tools.binaries.prometheus)


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
