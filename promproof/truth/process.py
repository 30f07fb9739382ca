"""process: a figure of the kernel for the target's process."""

from __future__ import annotations

from typing import Literal

from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.figures import BATCH, TICK, Figures
from promproof.evidence.records import ClockOffset, Kernel, Machine
from promproof.exposition import Labels
from promproof.truth.metrics import Interval
from promproof.truth.panel import AtPoint, Bounds, Truth, register, window_of
from promproof.truth.phase import extrapolated, phase
from promproof.truth.resources import NEAR, Readings, latest
from promproof.truth.views import Answered, Views

BOOT = 1.0
"""The kernel tells the machine's start in whole seconds, and a process's start from there."""
FLEETING = 5.0
"""How far (s) from a scrape readings of descriptors tell how fast they change there: a connection, of a client or to a
database, may come and go between two readings."""
DESCRIPTORS = 2
"""The target's own listing of its descriptors holds one, and a scraper's connection may come with the scrape."""


@register
class ProcessPanelTruth(Truth):
    """A figure of the target's process."""

    kind: Literal["process"]
    figure: Literal["cpu_cores", "resident_bytes", "open_descriptors", "uptime"]
    tolerance = "the kernel's readings around each scrape, and one tick"

    def beyond(self, evidence: Evidence) -> str:
        """The process must be on this machine."""
        if evidence.run.pid is None:
            return "the target's process is not on this machine, so the kernel cannot be asked"
        return ""

    def key(self, labels: Labels) -> Labels:
        """There is one process."""
        return ()

    @property
    def about(self) -> str:
        """The figure."""
        return f"{self.figure} as the kernel has it"

    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """The figure around each scrape."""
        if self.figure == "uptime":
            return _uptime(views)
        rows = views.evidence.need(Kernel).data.figures
        readings = Readings(tuple(row.before for row in rows), tuple(row.after for row in rows), rows)
        scrapes = views.target_scrapes
        failed = views.failed(views.evidence.contract.target.job, views.evidence.run.instance)
        stamps = sorted(scrapes)
        column = "cpu_seconds" if self.figure == "cpu_cores" else self.figure
        batches = BATCH * max((reading.threads for reading in rows), default=1)
        below, above = {"resident_bytes": (batches, batches)}.get(self.figure, (0, DESCRIPTORS))
        near = FLEETING if self.figure == "open_descriptors" else NEAR

        def figure(row: Figures) -> float:
            return float(getattr(row, column))

        def gauge(t: float) -> Bounds:
            scrape = latest(stamps, scrapes, failed, t)
            bounds = readings.gauge(scrape, figure, near) if scrape is not None else None
            if scrape is None or bounds is None:
                return {} if scrape is None else {(): None}
            return {(): Interval(bounds.low - below, bounds.high + above)}

        if self.figure != "cpu_cores":
            return gauge
        length = window_of(answer)

        def rate(t: float) -> Bounds:
            seen = phase(stamps, t, length, left_open=views.left_open)
            if seen is None:
                return {}
            first = readings.counter(scrapes[seen.first], figure, TICK)
            last = readings.counter(scrapes[seen.last], figure, TICK)
            if first is None or last is None:
                return {(): None}
            bounds = extrapolated(seen, Interval(max(first.low, 0.0), first.high), last)
            return {(): Interval(bounds.low / length, bounds.high / length)}

        return rate


def _uptime(views: Views) -> AtPoint:
    record = views.evidence.need(Machine)
    started = record.data.process_started
    if started is None:
        raise Gap("when the target's process started is not known")
    begin = views.evidence.history.from_epoch(started)
    offset = views.evidence.need(ClockOffset).data

    def at(t: float) -> Bounds:
        return {(): Interval(t - offset.high - begin - BOOT, t - offset.low - begin + BOOT)}

    return at
