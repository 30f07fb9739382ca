"""Putting a conductor together from what a run has brought up."""

from __future__ import annotations

from collections.abc import Callable

import requests

from promproof.drills.drill import Drill
from promproof.evidence.history import Recorder
from promproof.faults.procfs import ProcFolder
from promproof.faults.site import Site
from promproof.observe.polling import Pollers
from promproof.run.bench import Bench
from promproof.run.conductor import Conductor, Part, Watch
from promproof.run.pace import timing_of
from promproof.run.prepared import Prepared
from promproof.run.world import World


def world(bench: Bench, prepared: Prepared, folder: ProcFolder | None = None) -> World:
    """What drills can act on in this run."""
    rendered = bench.monitoring.stack.rendered
    site = Site(
        book=bench.tools.undo,
        stack=bench.monitoring.stack,
        target=bench.service.app,
        port=bench.service.faults,
        folder=folder,
        job=prepared.contract.target.job,
        rendered=rendered.prometheus_config if rendered is not None else None,
        scrape=bench.pace.scrape_interval,
        url=bench.service.url,
        send=_sending(bench),
        receiver=bench.tools.receiver,
    )
    return World(site, bench.tools.receiver)


def _sending(bench: Bench) -> Callable[[str, str, str], int | None]:
    """Requests of a fault to the target, in the harness's own ledger."""

    def send(method: str, endpoint: str, path: str) -> int | None:
        try:
            return bench.service.sender.request(method, endpoint, path, allow_redirects=False).status_code
        except requests.RequestException:
            return None

    return send


def conductor(
    bench: Bench,
    prepared: Prepared,
    history: Recorder,
    pollers: Pollers,
    alive: Callable[[], None],
    say: Callable[[str], None],
    folder: ProcFolder | None = None,
) -> Conductor:
    """The conductor of this run. alive: raises EvidenceError when something that drills depend on has died."""
    watch = Watch(alive, pollers.was_active, pollers.state, lambda: pollers.longest)
    return Conductor(world(bench, prepared, folder), history, watch, say)


def part(prepared: Prepared, bench: Bench, drill: Drill) -> Part:
    """What a drill is driven with. A stack that runs already tells its own receivers, and this run's when it says so.

    Raises:
        EvidenceError: no route of the configuration takes the alert.
    """
    alert = prepared.contract.alert(drill.alert)
    told = bench.monitoring.stack.rendered is not None or prepared.options.stack.receiver is not None
    receivers = (drill.receivers or alert.receivers) if told else ()
    return Part(drill, alert, drill.timed(timing_of(prepared, alert)), receivers)
