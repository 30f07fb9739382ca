"""Three ledgers of one fault: what it injected, what the clients saw, and what Prometheus stored.

When they do not agree within the derived bound, nobody knows what the alert was shown: the verdict is unknown, whatever
the alert did. Here is what the ledgers of all kinds need; each kind compares its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promproof.evidence.evidence import Evidence, Gap, Samples
from promproof.evidence.records import FaultEnded, StoredSamples
from promproof.exposition import Labels


@dataclass(frozen=True)
class Agreement:
    """What was compared, in words, and what did not agree."""

    shown: str
    troubles: tuple[str, ...]


@dataclass(frozen=True)
class Phase:
    """A dose that was held, from the moment it was in effect to the moment it was asked to change (run time)."""

    begin: float
    end: float
    dose: float


@dataclass(frozen=True)
class Held:
    """A drill as its fault sees it: run times of its begin and end, its doses, and what they decide on.

    below, above: the shares, 0 for none. decided: events a second. restarted: whether the drill restarts the target.
    """

    drill: str
    alert: str
    begun: float
    ended: float
    phases: Sequence[Phase]
    below: float
    above: float
    decided: float | None
    restarted: bool


def increase(series: dict[Labels, Samples], wanted: dict[str, str], begun: float, ended: float) -> float:
    """Growth of counters between two instants, from raw samples: a value below the one before began anew."""
    total = 0.0
    for labels, samples in series.items():
        if not wanted.items() <= dict(labels).items():
            continue
        before = [value for t, value in samples if t <= begun]
        previous = before[-1] if before else 0.0
        for _, value in ((t, v) for t, v in samples if begun < t <= ended):
            total += value - previous if value >= previous else value
            previous = value
    return total


def injections(evidence: Evidence, drill: str, kind: str) -> list[FaultEnded]:
    """Final counts of each dose of a drill's fault, as the fault port told them."""
    return [
        record.data
        for record in evidence.history.of(FaultEnded)
        if record.data.drill == drill
        and record.data.fault == kind
        and "/metrics" not in str(record.data.routes)
    ]


def series_of(evidence: Evidence, kind: type[StoredSamples], name: str) -> dict[Labels, Samples]:
    """Every sample of a metric in records of a kind.

    Raises:
        Gap: none was recorded.
    """
    found = {
        tuple(sorted(series.labels.items())): series.samples
        for record in evidence.history.of(kind)
        for series in record.data.series
        if series.name == name
    }
    if not found:
        raise Gap(f"no stored samples of {name} were recorded")
    return found
