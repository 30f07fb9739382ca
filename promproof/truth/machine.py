"""machine: a figure of the kernel for the machine, read from /proc and statvfs while the run lasts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from promproof.evidence.evidence import Evidence, Gap, Scrape
from promproof.evidence.figures import TICK
from promproof.evidence.records import Machine, MachineReading
from promproof.exposition import Labels
from promproof.truth.metrics import Interval
from promproof.truth.panel import AtPoint, Bounds, Truth, register, window_of
from promproof.truth.phase import extrapolated, increase, phase
from promproof.truth.resources import Figure, Readings, latest
from promproof.truth.views import Answered, Views

T = TypeVar("T")
SEGMENT_BYTES = 512 * 2**20
BY_FIGURE = {
    "cpu_used": (),
    "memory_used": (),
    "disk_used": ("mountpoint",),
    "cpu_modes": ("mode",),
    "memory_bytes": (),
    "disk_bytes": ("device",),
    "network_bytes": ("device",),
}
"""The labels by which a figure's groups are told apart."""


@register
class MachineTruth(Truth):
    """A figure of the machine. Its series are Node Exporter's."""

    kind: Literal["machine"]
    figure: Literal[
        "cpu_used", "memory_used", "disk_used", "cpu_modes", "memory_bytes", "disk_bytes", "network_bytes"
    ]
    tolerance = "the kernel's readings around each scrape, and one tick"
    of_target = False
    unmoved = "the kernel counted nothing of it on this machine during the run"

    def beyond(self, evidence: Evidence) -> str:
        """The exporter must be on this machine."""
        if evidence.need(Machine).data.readings:
            return ""
        return "Node Exporter is not known to run on this machine, so the kernel cannot be asked"

    def key(self, labels: Labels) -> Labels:
        """Device, mount or mode, where the figure has one."""
        given = dict(labels)
        return tuple((name, given.get(name, "")) for name in BY_FIGURE[self.figure])

    @property
    def complete(self) -> bool:
        """Devices and mounts may be filtered."""
        return not BY_FIGURE[self.figure]

    @property
    def about(self) -> str:
        """The figure."""
        return f"{self.figure} as the kernel has it"

    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """The figure around each scrape."""
        readings = _machine(views)
        by = BY_FIGURE[self.figure]
        instance = _instance(answer)
        scrapes, failed = views.scrapes("", instance), views.failed("", instance)
        stamps = sorted(scrapes)
        if self.figure in ("cpu_used", "cpu_modes", "disk_bytes", "network_bytes"):
            return _counters(views, self.figure, answer, ordinal, readings, scrapes)
        figures = _kept(
            views, ("gauges", self.figure, ordinal), lambda: _gauges(self.figure, ordinal, readings)
        )

        disk = self.figure == "disk_used"
        sizes: dict[str, float] = _kept(views, "sizes", lambda: _sizes(readings)) if disk else {}

        # programs reserve files of hundreds of megabytes and cut them again at once, two of them at a time too
        def at(t: float) -> Bounds:
            scrape = latest(stamps, scrapes, failed, t)
            if scrape is None:
                return {}
            bounds = {
                value: readings.gauge(scrape, figure, math.inf, together=disk)
                for value, figure in figures.items()
            }
            return {
                tuple((name, value) for name in by): reserved(bound, sizes[value])
                if disk and bound is not None
                else bound
                for value, bound in bounds.items()
            }

        return at


def reserved(bounds: Interval, size: float) -> Interval:
    """A share of a file system of so many bytes that is used, with what may be reserved in no reading at all.

    Prometheus and promtool reserve a segment for the chunks of each block that they write, and cut it again at once
    (`DefaultChunkSegmentSize` in tsdb/chunks/chunks.go). The run has both, and they may do so at the same time.
    """
    return Interval(bounds.low, bounds.high + (2 * SEGMENT_BYTES / size if size else 0.0))


def _sizes(readings: Readings) -> dict[str, float]:
    """The largest size that each file system had, in bytes."""
    found: dict[str, float] = {}
    for row in readings.rows:
        for mount, figures in row.files.items():
            found[mount] = max(found.get(mount, 0.0), float(figures[0]))
    return found


def _gauges(name: str, ordinal: int, readings: Readings) -> dict[str, Figure]:
    if name == "memory_used":
        return {"": lambda row: 1 - row.memory[1] / row.memory[0]}
    if name == "memory_bytes":
        used: Figure = lambda row: float(row.memory[0] - row.memory[1])  # noqa: E731
        return {"": (lambda row: float(row.memory[1])) if ordinal else used}
    mounts = sorted({mount for row in readings.rows for mount in row.files})

    def share(mount: str) -> Figure:
        def figure(row: MachineReading) -> float:
            size, available = row.files.get(mount, (1, 1))
            return 1 - available / size if size else 0.0

        return figure

    return {mount: share(mount) for mount in mounts}


def _counters(
    views: Views, name: str, answer: Answered, ordinal: int, readings: Readings, scrapes: dict[float, Scrape]
) -> AtPoint:
    length = window_of(answer)
    stamps = sorted(scrapes)
    devices, lasting = _kept(views, "devices", lambda: _devices(readings))
    slip = TICK * max(int(readings.rows[0].cpus), 1)

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
                for mode in readings.rows[0].cpu
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


def _devices(readings: Readings) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """All devices by kind, and those that no reading lacks: one that comes or goes has a phase of its own."""
    kinds = ("disks", "networks")
    devices = {kind: {name for row in readings.rows for name in getattr(row, kind)} for kind in kinds}
    lasting = {kind: set.intersection(*(set(getattr(row, kind)) for row in readings.rows)) for kind in kinds}
    return devices, lasting


def _of(kind: str, key: str, index: int | None = None) -> Figure:
    def figure(row: MachineReading) -> float:
        value = getattr(row, kind).get(key, 0 if index is None else (0, 0))
        return float(value if index is None else value[index])

    return figure


def _cpu_used(readings: Readings, first: Scrape, last: Scrape, slip: float) -> Interval | None:
    ends = [readings.counter(end, _of("cpu", "idle"), slip) for end in (first, last)]
    alls = [readings.counter(end, lambda row: float(sum(row.cpu.values())), slip) for end in (first, last)]
    if None in ends or None in alls:
        return None
    idle, total = increase(ends[0], ends[1]), increase(alls[0], alls[1])  # type: ignore[arg-type]
    if total.low <= 0:
        return None
    return Interval(max(0.0, 1 - idle.high / total.low), min(1.0, 1 - idle.low / total.high))


def _machine(views: Views) -> Readings:
    rows = views.evidence.need(Machine).data.readings
    if not rows:
        raise Gap("the machine's figures were not read")
    return _kept(
        views,
        "machine",
        lambda: Readings(tuple(row.before for row in rows), tuple(row.after for row in rows), rows),
    )


def _kept(views: Views, key: object, make: Callable[[], T]) -> T:
    """What is the same for every query, made once."""
    if key not in views.memo:
        views.memo[key] = make()
    found: T = views.memo[key]
    return found


def _instance(answer: Answered) -> str:
    """The instance that the series are about."""
    instances = {dict(labels).get("instance") for labels, _ in answer.series}
    if len(instances) != 1:
        raise Gap(
            f"{answer.target.path}: series of {len(instances)} instances; the truth is that of this machine"
        )
    return instances.pop() or ""
