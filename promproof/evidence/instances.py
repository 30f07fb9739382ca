"""A run over several instances: its evidence as one of them has it, and as all of them together have it.

What was read of an instance stands in records of its own (`of_instance`); everything else is that of the whole run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from promproof.evidence.evidence import Evidence, Samples, Scrape, Shot
from promproof.evidence.history import History, Record
from promproof.evidence.records import (
    ExpositionRead,
    Kernel,
    Latencies,
    Ledger,
    OfInstance,
    Run,
    StimulusConnections,
    StimulusCpu,
    StimulusMemory,
    StimulusOutage,
)
from promproof.evidence.records.base import Kind
from promproof.exposition import Exposition, Labels, label_set

SENT = (Ledger, Latencies)
"""Kinds that tell what was sent to all of the instances."""
OF_FIRST = (ExpositionRead, Kernel, StimulusConnections, StimulusCpu, StimulusMemory, StimulusOutage)
"""Kinds that tell what was read of the first instance, or done to it."""


def instances(evidence: Evidence) -> tuple[str, ...]:
    """The instances that take part in a run, where there are several; none for a target of one."""
    run = evidence.history.last(Run)
    found = run.data.instances if run is not None else ()
    return found if len(found) > 1 else ()


def idle(evidence: Evidence) -> frozenset[str]:
    """Those of several instances that have neither the requests nor the faults of a drill: all but the first."""
    return frozenset(instances(evidence)) - {evidence.run.instance} if instances(evidence) else frozenset()


def nobody_knows(number: int) -> str:
    """Why nothing can be said of one of so many instances by itself."""
    return f"what stands in front of {number} instances decides which of them answers, and nobody tells"


def of_each(evidence: Evidence) -> dict[str, Evidence]:
    """What was seen of each of several instances, as if it were the target alone; nothing for a target of one."""
    if "instances" not in evidence.memo:
        evidence.memo["instances"] = {
            instance: Evidence(evidence.contract, of_instance(evidence.history, instance))
            for instance in instances(evidence)
        }
    found: dict[str, Evidence] = evidence.memo["instances"]
    return found


def together(evidence: Evidence) -> Together:
    """What was seen of several instances in one, the same object for the same evidence."""
    if "together" not in evidence.memo:
        evidence.memo["together"] = Together(evidence)
    found: Together = evidence.memo["together"]
    return found


class Together(Evidence):
    """Several instances in one: what they expose is added up, what Prometheus stored of each stays apart."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.contract, evidence.history)
        self.parts = tuple(of_each(evidence).values())

    def shot(self, label: str) -> Shot:
        """The readings of all instances under this label: values of a series are added up."""
        shots = [part.shot(label) for part in self.parts]
        begin, end = min(shot.begin for shot in shots), max(shot.end for shot in shots)
        return Shot(label, begin, end, added(shot.exposition for shot in shots), shots[0].record)

    def stored(self, name: str) -> dict[Labels, Samples]:
        """Every sample that was stored of a metric, by label set and instance."""
        return {
            label_set({**dict(labels), "instance": part.run.instance}): samples
            for part in self.parts
            for labels, samples in part.stored(name).items()
        }

    @cached_property
    def scrapes(self) -> tuple[Scrape, ...]:
        """The scrapes of all instances, in order of time."""
        return tuple(
            sorted((s for part in self.parts for s in part.scrapes), key=lambda scrape: scrape.begin)
        )


def added(expositions: Iterable[Exposition]) -> Exposition:
    """Several expositions in one: the values of a series are added up, whatever its type."""
    parts = list(expositions)
    values: dict[tuple[str, Labels], float] = {}
    for part in parts:
        for series, value in part.values.items():
            values[series] = values.get(series, 0.0) + value
    families = {name: family for part in reversed(parts) for name, family in part.families.items()}
    duplicates = tuple(text for part in parts for text in part.duplicates)
    return Exposition(families, values, duplicates, tuple(text for part in parts for text in part.stamped))


def of_instance(history: History, instance: str) -> History:
    """The history that this instance has."""
    return History(history.run, history.monotonic, history.epoch, list(_records(history, instance)))


def _records(history: History, instance: str) -> Iterator[Record[Kind]]:
    run = history.last(Run)
    is_first = run is not None and run.data.instance == instance
    left_out = SENT if is_first else (*SENT, *OF_FIRST)
    for record in list(history.records):
        data = record.data
        if isinstance(data, OfInstance):
            if data.instance == instance:
                yield Record(record.number, record.t, data.read())
        elif isinstance(data, Run):
            yield Record(record.number, record.t, replace(data, instance=instance, instances=(instance,)))
        elif not isinstance(data, left_out):
            yield record
