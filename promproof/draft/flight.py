"""Requests in flight: the gauges that rise while requests are open, and are back as soon as they are answered.

As with counts, nothing is guessed from a name. Several clients ask at once while the exposition is read; what is no
more than the requests that were open, and not more than at rest while only the connections are left, is in flight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promproof.draft.metrics import is_librarys
from promproof.draft.observed import Observed, Probe
from promproof.draft.recognise import STOOD_STILL, Counting, Source, source_of
from promproof.exposition import Exposition, Family, Labels


@dataclass(frozen=True)
class Crowd:
    """One probe, sent by several clients at once: readings meanwhile, and one when all was answered.

    The clients' connections are open at the last reading too: a gauge of connections reads the same as before it.
    """

    probe: Probe
    clients: int
    during: tuple[Exposition, ...]
    after: Exposition


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
        sources = {label: _source(label, told, probes <= set(seen), counting) for label in labels}
        found[name] = Counting(family, sources, told, own=own)
    return found


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
