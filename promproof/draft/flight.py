"""Requests in flight: the gauges that rise while requests are open, and are back as soon as they are answered.

As with counts, nothing is guessed from a name. Several clients ask at once while the exposition is read; what is no
more than the requests that were open, and not more than at rest while only the connections are left, is in flight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promproof.draft.metrics import is_librarys
from promproof.draft.observed import COUNTED_SAMPLE, Observed, Probe
from promproof.draft.recognise import STOOD_STILL, Counting, Recognised, Source, source_of
from promproof.exposition import Exposition, Family, Labels

OTHER_WORK = re.compile(r"(^|_)(queue[ds]?|tasks?|threads?)(_|$)")
"""What is up while requests are open and at other times too: a scheduler's work, a reading's own."""
CROWDED = (
    "counts {seen:g} of {sent} {line} that {clients} clients sent at once: connections, perhaps, or pauses"
)


@dataclass(frozen=True)
class Crowd:
    """One probe, sent by several clients at once: readings meanwhile, and one when all was answered.

    The clients' connections are open at the last reading too: a gauge of connections reads the same as before it.
    before: the reading before the first was sent; times: how many each client sent.
    """

    probe: Probe
    clients: int
    during: tuple[Exposition, ...]
    after: Exposition
    before: Exposition | None = None
    times: int = 0


def candidates(observed: Observed) -> dict[str, Labels | None]:
    """Gauges that read 0 whenever nothing was open: by name the series that reads 1, since a reading is a request.

    None where no series does.
    """
    found: dict[str, Labels | None] = {}
    readings = [observed.before, *(batch.after for batch in observed.batches)]
    for family in observed.last.families.values():
        if family.type != "gauge" or is_librarys(family.name):
            continue
        shown = [
            {labels: value for labels, value in reading.series(family.name).items() if value}
            for reading in readings
        ]
        if not observed.last.series(family.name) or any(rest != shown[0] for rest in shown):
            continue
        if OTHER_WORK.search(family.name):
            continue
        if not shown[0] or (len(shown[0]) == 1 and set(shown[0].values()) == {1.0}):
            found[family.name] = next(iter(shown[0]), None)
    return found


def flights(
    observed: Observed,
    crowds: Sequence[Crowd],
    counting: Mapping[str, Counting],
    metrics_path: str,
) -> dict[str, Counting | str]:
    """The candidates as gauges of requests in flight, or why one is none.

    counting: the metrics that count requests, whose labels explain those of the same name.
    """
    probes = frozenset(batch.probe for batch in observed.batches if batch.probe) - observed.spoilt
    found: dict[str, Counting | str] = {}
    for name, own in candidates(observed).items() if crowds else ():
        seen = _raised(name, own, crowds)
        # a reading that is under a label for itself is seen in flight, whatever else is too quick for it
        if seen == {} and metrics_path not in dict(own or ()).values():
            seen = STOOD_STILL
        if isinstance(seen, str):
            found[name] = seen
            continue
        told = dict(seen)
        if own is not None:
            told[Probe("GET", metrics_path, metrics_path, 200)] = own
        family: Family = observed.last.families[name]
        labels = dict.fromkeys(label for given in told.values() for label, _ in given)
        there = observed.last.series(name)
        sources = {label: _source(label, told, probes <= set(seen), counting) for label in labels}
        several = {label for label in labels if len({dict(given).get(label, "") for given in there}) > 1}
        # what other series say something else of is no constant
        sources.update({label: "anything" for label in several if sources[label] == "constant"})
        found[name] = Counting(family, sources, told, own=own)
    return found


def held_in_crowds(found: Recognised, crowds: Sequence[Crowd]) -> Recognised:
    """What is recognised without what counts requests one after another, and others when several come at once.

    A proxy's count of connections that were used again is such a one. A crowd that it leaves out says nothing of it.
    """
    others = dict(found.others)
    for name, counting in found.counting.items():
        sample = name + COUNTED_SAMPLE.get(counting.family.type, "")
        for crowd in crowds:
            seen = _counted(sample, crowd, counting)
            sent = crowd.clients * crowd.times
            if crowd.before is not None and crowd.probe in counting.seen and seen != sent:
                others[name] = CROWDED.format(
                    seen=seen, sent=sent, line=crowd.probe.line, clients=crowd.clients
                )
                break
    kept = {name: counting for name, counting in found.counting.items() if name not in others}
    return replace(found, counting=kept, others=others)


def _counted(sample: str, crowd: Crowd, counting: Counting) -> float:
    """By how much a metric rose for a crowd, without the readings that it counts."""
    before, after = (crowd.before or crowd.after).series(sample), crowd.after.series(sample)
    rises = sum(value - before.get(labels, 0.0) for labels, value in after.items())
    return rises - (len(crowd.during) + 1 if counting.own is not None else 0)


def _raised(name: str, own: Labels | None, crowds: Sequence[Crowd]) -> dict[Probe, Labels] | str:
    """By probe the series that it raised while it was open; a text: why this is no gauge of requests in flight."""
    rest = {own: 1.0} if own is not None else {}
    seen: dict[Probe, Labels] = {}
    for crowd in crowds:
        if {labels: value for labels, value in crowd.after.series(name).items() if value} != rest:
            return f"is not back at rest when {crowd.probe.line} is answered"
        raised: set[Labels] = set()
        for reading in crowd.during:
            rises = {
                labels: value - rest.get(labels, 0.0)
                for labels, value in reading.series(name).items()
                if value != rest.get(labels, 0.0)
            }
            if not all(rise > 0 and rise.is_integer() for rise in rises.values()):
                return f"reads other than a number of requests while {crowd.probe.line} is open"
            if sum(rises.values()) > crowd.clients:
                return f"rises by more than the {crowd.clients} {crowd.probe.line} that were open"
            raised |= set(rises)
        if len(raised) > 1:
            return f"{crowd.probe.line} raises {len(raised)} of its series"
        if raised:
            seen[crowd.probe] = raised.pop()
    return seen


def _source(
    label: str, told: Mapping[Probe, Labels], is_whole: bool, counting: Mapping[str, Counting]
) -> Source:
    """Where a label comes from; anything where that isn't certain: then its series are added up.

    is_whole: whether every probe was seen. A request that is open has no status yet.
    """
    values = {probe: dict(labels).get(label, "") for probe, labels in told.items()}
    source = source_of(values)
    if source in ("method", "method_lower") or (is_whole and source in ("route", "constant")):
        return source
    alike = {other.sources[label] for other in counting.values() if _agrees(other, label, values)}
    return "constant" if alike == {"constant"} else "anything"


def _agrees(other: Counting, label: str, values: Mapping[Probe, str]) -> bool:
    """Whether a metric has a label of that name, with the same value for every probe."""
    if label not in other.sources:
        return False
    theirs = other.values(label)
    return set(theirs.values()) == set(values.values())
