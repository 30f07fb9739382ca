"""What a draft is made from: requests that were sent on purpose, and the exposition before, between and after them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from promproof.exposition import Exposition, Labels

COUNTED_SAMPLE = {"counter": "", "histogram": "_count", "summary": "_count"}
"""By type of a family, what its name is followed by in the sample that counts events."""

UNMATCHED = "unmatched"
"""The route of a request that no route matched."""


@dataclass(frozen=True)
class Probe:
    """One request that has the same answer each time. route: its path with `{placeholders}`, as a scenario has it."""

    method: str
    path: str
    route: str
    status: int

    @property
    def line(self) -> str:
        """Method and real path."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Batch:
    """A probe, answered `times` times as it was the first time, and the exposition after it.

    seconds: the client's latencies, added up, with that of the reading before. probe None: nothing was sent, so that
    the reading itself shows.
    """

    probe: Probe | None
    times: int
    seconds: float
    after: Exposition
    spoilt: bool = False
    """Some of the answers were others than the first time: nothing can be told from it."""


@dataclass(frozen=True)
class Observed:
    """Readings of one exposition in order of time."""

    before: Exposition
    batches: tuple[Batch, ...]
    asked: int | None = None
    """How many requests a service that was started for this can have seen at the first reading, with that one."""

    @property
    def last(self) -> Exposition:
        """The latest reading."""
        return self.batches[-1].after if self.batches else self.before

    @property
    def spoilt(self) -> frozenset[Probe]:
        """Probes whose answers are not always the same."""
        return frozenset(batch.probe for batch in self.batches if batch.spoilt and batch.probe is not None)

    def moves(self, sample: str) -> Iterator[tuple[Batch, dict[Labels, float]]]:
        """By batch, which series of a sample moved, and by how much."""
        readings = [self.before, *(batch.after for batch in self.batches)]
        for batch, (earlier, later) in zip(self.batches, pairwise(readings), strict=True):
            old = earlier.series(sample)
            changes = {labels: value - old.get(labels, 0.0) for labels, value in later.series(sample).items()}
            # what is NaN has not moved: it says that there is no figure
            yield (
                batch,
                {labels: change for labels, change in changes.items() if change and not math.isnan(change)},
            )

    @property
    def torn(self) -> tuple[str, ...]:
        """Families that only rise and fell between two readings, though the service was not started anew."""
        return tuple(
            family.name
            for family in self.last.families.values()
            if family.type in COUNTED_SAMPLE
            and any(
                change < 0
                for _, moved in self.moves(family.name + COUNTED_SAMPLE[family.type])
                for change in moved.values()
            )
        )
