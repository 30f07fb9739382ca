"""Putting a conductor together from what a run has brought up."""

from __future__ import annotations

from collections.abc import Callable

from verification.contract import Alert, Contract
from verification.drills.conductor import Conductor, Watch
from verification.drills.polling import Pollers
from verification.drills.procfs import ProcFolder
from verification.drills.world import World
from verification.history import Recorder
from verification.run.bringup import Bench
from verification.run.prepare import Prepared


def world(
    bench: Bench, prepared: Prepared, say: Callable[[str], None], folder: ProcFolder | None = None
) -> World:
    """What drills can act on in this run."""
    return World(
        book=bench.undo,
        receiver=bench.receiver,
        stack=bench.stack,
        target=bench.app,
        port=bench.faults,
        folder=folder,
        job=prepared.contract.target.job,
        rendered=bench.rendered.prometheus_config if bench.rendered is not None else None,
        scrape=bench.scrape_interval,
        say=say,
    )


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
    return Conductor(world(bench, prepared, say, folder), history, watch, say)


def edges(contract: Contract, alert: Alert) -> tuple[float, ...]:
    """Bucket edges of the histogram that an alert looks at; none for another kind of metric."""
    return next(
        (one.buckets for one in contract.metrics if one.name in alert.metrics and one.buckets is not None), ()
    )
