"""What was read of the target's metrics, and of what they should say. Written by the observers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pydantic import TypeAdapter

from promproof.evidence.figures import Figures
from promproof.evidence.records.base import STRICT, Json, Kind, Part
from promproof.evidence.records.changes import MARK, differences, whole
from promproof.evidence.records.columns import Columns, NamedRows, Table

Samples = tuple[tuple[float, float], ...]
"""(time stamp as run time (s), value)"""
Cell = int | float | str | None
"""a value of a database's row"""


def number(cell: Cell) -> float:
    """A cell as a number.

    Raises:
        ValueError: it is none.
    """
    if cell is None:
        raise ValueError("NULL in place of a number")
    return float(cell)


@dataclass(frozen=True)
class ExpositionRead(Kind, kind="exposition"):
    """A direct reading of the target's exposition; run times (s) around it."""

    label: str
    """`ready` (its text is not kept), `baseline`, `outage`, `recovered`, `rest`, `rest-later` or `restart`"""
    begin: float
    """before it was read"""
    end: float
    """after it was read"""
    text: str = ""
    """the exposition; empty without one"""
    status: int | None = None
    """of the HTTP answer; None without one"""
    page: bool = False
    """whether it was a web page for people"""
    error: str | None = None
    """why it could not be read"""
    content_type: str | None = None
    """of the HTTP answer, as it was sent; None where nobody looked"""


@dataclass(frozen=True)
class Series(Part):
    """The samples that a server stored of one series."""

    name: str
    """of the metric"""
    labels: dict[str, str]
    """without the name"""
    samples: Samples
    """(run time (s), value)"""


@dataclass(frozen=True)
class StoredSamples(Kind):
    """All samples of a selector that Prometheus stored during the run."""

    selector: str
    """as it was asked for"""
    series: tuple[Series, ...]
    """those that it selects"""


@dataclass(frozen=True)
class Stored(StoredSamples, kind="stored"):
    """All samples of a selector that Prometheus stored during the run: documented metrics, `up`, `ALERTS`."""


@dataclass(frozen=True)
class StoredBuckets(StoredSamples, kind="stored_buckets"):
    """The stored samples of a histogram's buckets, for the drills that make requests slow."""


@dataclass(frozen=True)
class StoredNode(StoredSamples, kind="stored_node"):
    """The stored samples of Node Exporter, for the drills of CPU and memory."""


@dataclass(frozen=True)
class StoredMonitoring(StoredSamples, kind="stored_monitoring"):
    """The stored samples of the monitoring's own metrics, for drills about it."""


@dataclass(frozen=True)
class AllScrapes(Kind, kind="all_scrapes"):
    """When every target of the server was scraped (`up`), or for how long (`scrape_duration_seconds`)."""

    name: str
    """`up` or `scrape_duration_seconds`"""
    series: tuple[Series, ...]
    """one for each target"""


@dataclass(frozen=True)
class Expression(Kind, kind="expression"):
    """The run times at which an alert's expression was true, as the server computes it from what it stored."""

    alert: str
    """the alert's name"""
    true: tuple[float, ...]
    """in steps of half an evaluation interval, or longer ones where the run is long"""
    quantity: Samples = ()
    """what the rule compares, at the same steps; of several series the one that is nearest to firing"""
    comparator: str = ""
    """of the rule; empty where it compares nothing with a number"""
    threshold: float = 0.0
    """of the rule, in terms of its quantity"""


@dataclass(frozen=True)
class Rows(Kind, kind="rows"):
    """The first column of a query to the target's database, for a metric or for the ids of a subject."""

    what: str
    """the metric's name, or `ids of SUBJECT`"""
    label: str
    """when it was: `rest`, `restart`"""
    query: str
    """the SQL that was asked"""
    values: tuple[str, ...]
    """the first column, as texts"""


@dataclass(frozen=True)
class Sums(Kind, kind="sums"):
    """The answer of the target's database for a counter: rows of a label's value and a sum."""

    what: str
    """the metric's name"""
    label: str
    """`ready` (its text is not kept), `baseline`, `rest`"""
    rows: tuple[tuple[Cell, ...], ...]
    """the label's value and its sum"""


@dataclass(frozen=True)
class PanelRows(Kind, kind="panel_rows"):
    """The rows of the target's database behind a panel: label, end (epoch seconds), figure."""

    what: str
    """the panel's subject: `UID/SLUG`"""
    rows: tuple[tuple[Cell, ...], ...]
    """one for each event"""


@dataclass(frozen=True)
class Kernel(Kind, kind="kernel"):
    """The kernel's figures of the target's process, reading by reading."""

    readings: tuple[tuple[float, float, float, int, int, int], ...]
    """rows in the order of the fields of `Figures`"""

    @classmethod
    def large(cls, data: Json) -> tuple[Json, Json]:
        """The readings apart, in arrays."""
        rows = (_FIGURES.validate_python(tuple(row)) for row in data["readings"])
        return {**data, "readings": []}, {"readings": Table(rows, 3, 3)}

    @property
    def figures(self) -> tuple[Figures, ...]:
        """The readings by name."""
        return tuple(Figures(*row) for row in self.readings)


@dataclass(frozen=True, slots=True)
class MachineReading(Part):
    """One reading of the machine's figures; run times (s) around it, sizes in bytes."""

    before: float
    """before it was read"""
    after: float
    """after it was read"""
    cpu: dict[str, float]
    """seconds by mode over all CPUs"""
    cpus: int
    """how many CPUs there are"""
    memory: tuple[int, ...]
    """total, available"""
    disks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """read, written by device"""
    networks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """received, sent by interface"""
    files: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """size, available by mount point"""


class MachineReadings(Columns[MachineReading]):
    """Those of a large record, in arrays."""

    def __init__(self, readings: Iterable[MachineReading]) -> None:
        """Raises OverflowError when an integer does not fit into 64 bits."""
        self._rows = NamedRows()
        for each in readings:
            integers, groups = (each.cpus, *each.memory), (each.disks, each.networks, each.files)
            self._rows.append(((each.before, each.after), each.cpu, integers, groups))

    def __len__(self) -> int:
        return len(self._rows)

    def _at(self, place: int) -> MachineReading:
        (before, after), cpu, (cpus, *memory), groups = self._rows.at(place)
        return MachineReading(before, after, dict(cpu), cpus, tuple(memory), *map(dict, groups))


AT_ONCE = 500
"""Readings of a large record that are read at once."""
_READINGS: TypeAdapter[tuple[MachineReading, ...]] = TypeAdapter(tuple[MachineReading, ...])
_FIGURES: TypeAdapter[tuple[float, float, float, int, int, int]] = TypeAdapter(
    tuple[float, float, float, int, int, int], config=STRICT
)


def _in_turn(rows: Iterable[Json]) -> Iterator[MachineReading]:
    rest = iter(rows)
    while chunk := list(islice(rest, AT_ONCE)):
        yield from _READINGS.validate_json(json.dumps(chunk))


@dataclass(frozen=True)
class Machine(Kind, kind="machine"):
    """The kernel's figures of the machine: the truth of what Node Exporter exposes.

    In the file, `"changes":true` at the end says that each reading holds what differs from the one before (None: gone).
    """

    readings: tuple[MachineReading, ...]
    """one for each look, in their order"""
    process_started: float | None
    """when the target's process started (epoch seconds)"""

    @classmethod
    def packed(cls, data: Json) -> Json:
        """Only what has changed of each reading: most of a machine's devices stand still."""
        rows = list(differences(data["readings"], ("before", "after")))
        return {**data, "readings": rows, MARK: True}

    @classmethod
    def unpacked(cls, data: Json) -> Json:
        """Whole readings again."""
        found = {key: value for key, value in data.items() if key != MARK}
        return {**found, "readings": list(whole(data["readings"]))}

    @classmethod
    def large(cls, data: Json) -> tuple[Json, Json]:
        """The readings apart, in arrays."""
        rows = whole(data["readings"]) if MARK in data else data["readings"]
        rest = {key: value for key, value in data.items() if key != MARK}
        return {**rest, "readings": []}, {"readings": MachineReadings(_in_turn(rows))}


@dataclass(frozen=True)
class Metadata(Kind, kind="metadata"):
    """The type of each metric by name, as the server scraped it."""

    types: dict[str, str | None]
    """`counter`, `gauge` and so on; None for a metric that the server does not know"""


@dataclass(frozen=True)
class ClockOffset(Kind, kind="clock_offset"):
    """Bounds (s) of the server's clock minus the clock of the run."""

    low: float
    """at least"""
    high: float
    """at most"""


@dataclass(frozen=True)
class Targets(Kind, kind="targets"):
    """The active targets as Prometheus lists them (`/api/v1/targets`)."""

    targets: tuple[Json, ...]
    """as the server gives them"""
