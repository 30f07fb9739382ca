"""Truths of the operating system: the machine's and the process's figures around each scrape.

A counter read by a scrape lies between the last reading before it and the first one after it, give or take a tick of
the kernel; a gauge lies between the readings around it, give or take the largest change between two readings nearby.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from promproof.contract.panels import MachineTruth, ProcessPanelTruth
from promproof.evidence.evidence import Gap, Scrape
from promproof.evidence.figures import BATCH, TICK
from promproof.exposition import Labels
from promproof.truth.counted import AtPoint, Bounds, window_of
from promproof.truth.metrics import Interval
from promproof.truth.phase import EDGE_SECONDS, extrapolated, increase, phase
from promproof.truth.views import Answered, Views

BOOT = 1.0
"""The kernel tells the machine's start in whole seconds, and a process's start from there."""
NEAR = 0.5
"""How far (s) from a scrape the readings still tell how fast a gauge moves there."""
FLEETING = 5.0
"""The same for descriptors: a connection, of a client or to a database, may come and go between two readings."""
DESCRIPTORS = 2
"""The target's own listing of its descriptors holds one, and a scraper's connection may come with the scrape."""
BY_FIGURE = {
    "cpu_used": (), "memory_used": (), "disk_used": ("mountpoint",), "cpu_modes": ("mode",), "memory_bytes": (),
    "disk_bytes": ("device",), "network_bytes": ("device",), "cpu_cores": (), "resident_bytes": (),
    "open_descriptors": (), "uptime": (),
}  # fmt: skip
Figure = Callable[[Any], float]


@dataclass(frozen=True)
class Readings:
    """Readings in order: run times before and after each, and what was read."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    rows: tuple[Any, ...]

    def around(self, scrape: Scrape) -> tuple[int, int] | None:
        """Indices of the last reading that ended before a scrape and the first that began after it."""
        low = bisect_right(self.after, scrape.begin) - 1
        high = bisect_left(self.before, scrape.end)
        return (low, high) if low >= 0 and high < len(self.rows) else None

    def counter(self, scrape: Scrape, figure: Figure, slip: float = 0.0) -> Interval | None:
        """Bounds of a figure that only grows."""
        found = self.around(scrape)
        if found is None:
            return None
        return Interval(figure(self.rows[found[0]]) - slip, figure(self.rows[found[1]]) + slip)

    def gauge(self, scrape: Scrape, figure: Figure, near: float = NEAR) -> Interval | None:
        """Bounds of a figure that goes both ways.

        Between two readings it may have been anywhere; how far is bounded by the largest step between neighbouring
        readings, of those at most `near` seconds away.
        """
        found = self.around(scrape)
        if found is None:
            return None
        low, high = found
        values = [figure(row) for row in self.rows[low : high + 1]]
        first = bisect_left(self.before, self.before[low] - near)
        last = bisect_right(self.after, self.after[high] + near)
        changes = pairwise(figure(row) for row in self.rows[first:last])
        slip = max((abs(later - earlier) for earlier, later in changes), default=0.0)
        return Interval(min(values) - slip, max(values) + slip)


def machine(views: Views, truth: MachineTruth, answer: Answered, ordinal: int) -> AtPoint:
    """A figure of the machine at each point; `ordinal` tells which of the panel's queries it is."""
    readings = _machine(views)
    by = BY_FIGURE[truth.figure]
    instance = _instance(answer)
    scrapes, failed = views.scrapes("", instance), views.failed("", instance)
    stamps = sorted(scrapes)
    match truth.figure:
        case "cpu_used" | "cpu_modes" | "disk_bytes" | "network_bytes":
            return _counters(views, truth.figure, answer, ordinal, readings, scrapes)
        case _:
            figures = _gauges(truth.figure, ordinal, readings)

    def at(t: float) -> Bounds:
        scrape = _latest(stamps, scrapes, failed, t)
        if scrape is None:
            return {}
        return {
            tuple((name, value) for name in by): readings.gauge(scrape, figure, math.inf)
            for value, figure in figures.items()
        }

    return at


def _gauges(name: str, ordinal: int, readings: Readings) -> dict[str, Figure]:
    if name == "memory_used":
        return {"": lambda row: 1 - row["memory"][1] / row["memory"][0]}
    if name == "memory_bytes":
        used: Figure = lambda row: float(row["memory"][0] - row["memory"][1])  # noqa: E731
        return {"": (lambda row: float(row["memory"][1])) if ordinal else used}
    mounts = sorted({mount for row in readings.rows for mount in row["files"]})

    def share(mount: str) -> Figure:
        def figure(row: Any) -> float:
            size, available = row["files"].get(mount, (1, 1))
            return 1 - available / size if size else 0.0

        return figure

    return {mount: share(mount) for mount in mounts}


def _counters(
    views: Views, name: str, answer: Answered, ordinal: int, readings: Readings, scrapes: dict[float, Scrape]
) -> AtPoint:
    length = window_of(answer)
    stamps = sorted(scrapes)
    devices = {kind: {one for row in readings.rows for one in row[kind]} for kind in ("disks", "networks")}
    slip = TICK * max(int(readings.rows[0]["cpus"]), 1)
    # A device that comes or goes has a phase of its own.
    lasting = {
        kind: set.intersection(*(set(row[kind]) for row in readings.rows)) for kind in ("disks", "networks")
    }

    def per_second(first: Scrape, last: Scrape, seen: Any, figure: Figure, slip: float) -> Interval | None:
        low, high = readings.counter(first, figure, slip), readings.counter(last, figure, slip)
        if low is None or high is None:
            return None
        bounds = extrapolated(seen, Interval(max(low.low, 0.0), max(low.high, 0.0)), high)
        return Interval(bounds.low / length, bounds.high / length)

    def at(t: float) -> Bounds:
        seen = phase(stamps, t, length, left_open=views.left_open)
        if seen is None:
            return {}
        first, last = scrapes[seen.first], scrapes[seen.last]
        if name == "cpu_used":
            return {(): _cpu_used(readings, first, last, slip)}
        if name == "cpu_modes":
            return {
                (("mode", mode),): per_second(first, last, seen, _of("cpu", mode), slip)
                for mode in readings.rows[0]["cpu"]
                if mode != "idle"
            }
        kind = "disks" if name == "disk_bytes" else "networks"
        return {
            (("device", device),): per_second(first, last, seen, _of(kind, device, ordinal), 0.0)
            if device in lasting[kind]
            else None
            for device in devices[kind]
        }

    return at


def _of(kind: str, key: str, index: int | None = None) -> Figure:
    def figure(row: Any) -> float:
        value = row[kind].get(key, 0 if index is None else (0, 0))
        return float(value if index is None else value[index])

    return figure


def _cpu_used(readings: Readings, first: Scrape, last: Scrape, slip: float) -> Interval | None:
    ends = [readings.counter(one, _of("cpu", "idle"), slip) for one in (first, last)]
    alls = [readings.counter(one, lambda row: float(sum(row["cpu"].values())), slip) for one in (first, last)]
    if None in ends or None in alls:
        return None
    idle, total = increase(ends[0], ends[1]), increase(alls[0], alls[1])  # type: ignore[arg-type]
    if total.low <= 0:
        return None
    return Interval(max(0.0, 1 - idle.high / total.low), min(1.0, 1 - idle.low / total.high))


def process(views: Views, truth: ProcessPanelTruth, answer: Answered) -> AtPoint:
    """A figure of the target's process at each point."""
    if truth.figure == "uptime":
        return _uptime(views)
    record = views.evidence.need("kernel")
    rows = tuple(record.data["readings"])
    readings = Readings(tuple(row[0] for row in rows), tuple(row[1] for row in rows), rows)
    scrapes = views.target_scrapes
    failed = views.failed(views.evidence.contract.target.job, views.evidence.run["instance"])
    stamps = sorted(scrapes)
    column = {"cpu_cores": 2, "resident_bytes": 3, "open_descriptors": 4}[truth.figure]
    batches = BATCH * max((row[5] for row in rows), default=1)
    below, above = {"resident_bytes": (batches, batches)}.get(truth.figure, (0, DESCRIPTORS))
    near = FLEETING if truth.figure == "open_descriptors" else NEAR

    def figure(row: Any) -> float:
        return float(row[column])

    def gauge(t: float) -> Bounds:
        scrape = _latest(stamps, scrapes, failed, t)
        bounds = readings.gauge(scrape, figure, near) if scrape is not None else None
        if scrape is None or bounds is None:
            return {} if scrape is None else {(): None}
        return {(): Interval(bounds.low - below, bounds.high + above)}

    if truth.figure != "cpu_cores":
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
    record = views.evidence.need("machine")
    started = record.data.get("process_started")
    if started is None:
        raise Gap("when the target's process started is not known")
    begin = views.evidence.history.from_epoch(float(started))
    offset = views.evidence.need("clock_offset").data

    def at(t: float) -> Bounds:
        return {(): Interval(t - offset["high"] - begin - BOOT, t - offset["low"] - begin + BOOT)}

    return at


def _machine(views: Views) -> Readings:
    rows = tuple(views.evidence.need("machine").data["readings"])
    if not rows:
        raise Gap("the machine's figures were not read")
    return Readings(tuple(row["before"] for row in rows), tuple(row["after"] for row in rows), rows)


def _instance(answer: Answered) -> str:
    """The instance that the series are about."""
    instances = {dict(labels).get("instance") for labels, _ in answer.series}
    if len(instances) != 1:
        raise Gap(
            f"{answer.target.path}: series of {len(instances)} instances; the truth is that of this machine"
        )
    return instances.pop() or ""


def _latest(
    stamps: Sequence[float], scrapes: dict[float, Scrape], failed: Sequence[float], t: float
) -> Scrape | None:
    """The scrape whose values are shown at `t`; None before the first one, and after one that failed."""
    index = bisect_right(stamps, t + EDGE_SECONDS) - 1
    if index < 0 or bisect_right(failed, t + EDGE_SECONDS) > bisect_right(failed, stamps[index]):
        return None
    return scrapes[stamps[index]]


def labels_of(figure: str, labels: Labels) -> Labels:
    """The part of a series' labels that a figure's groups are told apart by."""
    given = dict(labels)
    return tuple((name, given.get(name, "")) for name in BY_FIGURE[figure])
