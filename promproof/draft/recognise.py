"""Which metrics count requests, and where each of their labels comes from: found out, never guessed from a name.

A family counts requests when each batch of known requests raises exactly one of its series by exactly their number.
A label's source is what explains its value for every probe: method, status, status class, route, or a constant;
of requests in flight also anything, where nothing explains it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from promproof.draft.observed import COUNTED_SAMPLE, UNMATCHED, Observed, Probe
from promproof.draft.spelling import outcome, says_status, says_success, spelling
from promproof.exposition import Family, Labels

Source = Literal["method", "method_lower", "status", "status_class", "route", "constant", "anything"]
RELEASE = re.compile(r"(^|_)(version|commit|revision|sha|build|release|image|tag)(_|$)", re.IGNORECASE)
"""Names of labels that say which release runs."""
RELEASED = re.compile(r"v?\d+(\.\d+)+([.+-][\w.+-]+)?|[0-9a-f]{7,64}|[\w./-]+:[\w.-]+", re.IGNORECASE)
"""What they say: a version, a commit, an image with its tag."""
SLACK = 0.002
"""Seconds by which two clocks may differ for one request."""
SIZES = ("byte", "size")
UNITS = (
    (re.compile(r"_(ms|msec|millis|milliseconds)(_|$)"), "milliseconds", 1e3),
    (re.compile(r"_(us|usec|micros|microseconds)$"), "microseconds", 1e6),
    (re.compile(r"_(ns|nsec|nanos|nanoseconds)$"), "nanoseconds", 1e9),
)
"""What a name says of a unit that isn't seconds, and how many are one."""

TORN = "goes backwards between readings: several processes behind one port, each with its own counts"
MORE = "counted {more:g} more than were sent when it was started: something beside it sends requests"
READINGS = "counts the readings of the metrics, and no request"
STOOD_STILL = "stood still, also while requests were open"
"""Why a gauge is none of requests in flight, as far as anybody can see."""


@dataclass(frozen=True)
class Counting:
    """A family that counts requests. sources: by label; seen: by probe the label set that it raised.

    durations: what is observed is how long they took; unit: in what, where it isn't seconds. doubt: what is odd about
    that, in words. own: whether it also counts the requests that read the exposition. left: the requests that it
    does not count, by a part of them (method, status, route) and its values.
    """

    family: Family
    sources: Mapping[str, Source]
    seen: Mapping[Probe, Labels]
    durations: bool = False
    unit: str = ""
    doubt: str = ""
    own: Labels | None = None
    left: tuple[str, tuple[str, ...]] | None = None
    failed: bool = False
    """Whether it counts the requests alone that the service failed (5xx)."""

    def values(self, label: str) -> dict[Probe, str]:
        """What a label says for each probe; empty where it is not there."""
        return {probe: dict(labels).get(label, "") for probe, labels in self.seen.items()}


@dataclass(frozen=True)
class Recognised:
    """Families by what is known of them: those that count requests, and why the others don't, in words."""

    counting: Mapping[str, Counting] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    uncounted: frozenset[Probe] = frozenset()
    """Probes that no family counts."""
    flights: Mapping[str, Counting] = field(default_factory=dict)
    """Gauges of requests in flight."""


def recognise(observed: Observed) -> Recognised:
    """What the probes say about each family of the last reading."""
    found: dict[str, Counting] = {}
    others: dict[str, str] = {}
    torn = observed.torn
    families = list(observed.last.families.values())
    # the second time, what the first has explained of others explains what one request alone doesn't
    for family in [*families, *families]:
        if family.name in found:
            continue
        told = TORN if family.name in torn else _counting(family, observed, list(found.values()))
        if isinstance(told, str):
            others[family.name] = told
        else:
            found[family.name] = told
            others.pop(family.name, None)
    probes = {batch.probe for batch in observed.batches if batch.probe is not None} - observed.spoilt
    kept = _told_apart(found)
    for name, counting in found.items():
        if name not in kept:
            missed = set().union(*(other.seen for other in found.values())) - set(counting.seen)
            line = next(iter(sorted(probe.line for probe in missed)))
            others[name] = f"counts some requests and not others, {line} say"
    counted = set().union(*(counting.seen for counting in kept.values()))
    return Recognised(kept, others, frozenset(probes - counted) if kept else frozenset())


def of_every_start(found: Recognised, numbers: Collection[int]) -> Recognised:
    """What stays true when the service is started anew. numbers: ports and process ids, which are then others.

    A label that always says one of them is no constant: its series are added up.
    """
    pattern = re.compile("|".join(rf"(?<!\d){number}(?!\d)" for number in numbers) or r"(?!)")

    def loosened(counting: Counting) -> Counting:
        sources: dict[str, Source] = {
            name: "anything"
            if source == "constant" and any(pattern.search(value) for value in counting.values(name).values())
            else source
            for name, source in counting.sources.items()
        }
        return replace(counting, sources=sources)

    counted = {name: loosened(counting) for name, counting in found.counting.items()}
    return replace(
        found, counting=counted, flights={name: loosened(flight) for name, flight in found.flights.items()}
    )


def _told_apart(found: Mapping[str, Counting]) -> dict[str, Counting]:
    """The families with what each leaves out of all that some family counts; without those where nothing tells why.

    Where that would cost the one that counts most, only what that one counts is meant, and families of others go.
    """
    most = max((set(counting.seen) for counting in found.values()), key=len, default=set())
    every = most.union(*(counting.seen for counting in found.values()))
    if any(set(counting.seen) == most and _with_left(counting, every) is None for counting in found.values()):
        every = most
    told = {
        name: _with_left(counting, every) for name, counting in found.items() if set(counting.seen) <= every
    }
    return {name: counting for name, counting in told.items() if counting is not None}


def _with_left(counting: Counting, every: set[Probe]) -> Counting | None:
    """The family with what it leaves out of these requests; None where nothing tells that from the others."""
    seen = set(counting.seen)
    missed = every - seen
    if not missed:
        return counting
    if _counts_failures(seen, missed):
        return replace(counting, failed=True)
    apart = _apart(seen, missed)
    return None if apart is None else replace(counting, left=apart)


def _counts_failures(seen: set[Probe], missed: set[Probe]) -> bool:
    """Whether it was raised by what the service failed, and by nothing else: one such request is enough to see it."""
    return all(probe.status >= 500 for probe in seen) and all(probe.status < 500 for probe in missed)


def _apart(seen: set[Probe], missed: set[Probe]) -> tuple[str, tuple[str, ...]] | None:
    """What tells the requests that are not counted from the others: a part of them, and its values; None for nothing.

    Of paths that no route matched that is why they are left, whatever their status. One probe alone tells nothing.
    """
    parts: tuple[tuple[str, Callable[[Probe], str]], ...] = (
        ("method", lambda probe: probe.method),
        ("status", lambda probe: str(probe.status)),
        ("route", lambda probe: probe.route),
    )
    unmatched = {probe.route for probe in missed} == {UNMATCHED}
    for part, of in reversed(parts) if unmatched else parts:
        counted, left = {of(probe) for probe in seen}, {of(probe) for probe in missed}
        # one request alone doesn't tell a route from a status; that its method is another one is why a body is counted
        if not counted & left and (len(seen) > 1 or part == "method"):
            return part, tuple(sorted(left))
    return None


def _counting(family: Family, observed: Observed, known: Sequence[Counting]) -> Counting | str:
    """The family as one that counts requests, or why it is none. known: those that were recognised before."""
    if family.type not in (*COUNTED_SAMPLE, "untyped"):
        return _still(family.name, observed)
    sample = family.name + COUNTED_SAMPLE.get(family.type, "")
    own = _own(sample, observed)
    if isinstance(own, str):
        return own
    seen: dict[Probe, Labels] = {}
    for batch, moved in observed.moves(sample):
        if batch.probe is None or batch.probe in observed.spoilt:
            continue
        rest = _without(moved, own)
        if not rest:
            continue
        if len(rest) != 1:
            return f"{batch.probe.line} raises {len(rest)} of its series"
        [(labels, rise)] = rest.items()
        if rise != batch.times:
            return f"{batch.times} x {batch.probe.line} raise it by {rise:g}"
        if seen.setdefault(batch.probe, labels) != labels:
            return f"{batch.probe.line} raises another series each time"
    if not seen:
        return READINGS if own is not None else _still(sample, observed)
    before = sum(observed.before.series(sample).values())
    if observed.asked is not None and before > observed.asked:
        return MORE.format(more=before - observed.asked)
    sources = _sources(seen)
    if isinstance(sources, str) and len(seen) == 1:
        sources = next((told for other in known if (told := _as_of(seen, other))), sources)
    if isinstance(sources, str):
        return sources
    sources = _of_all_series(sources, seen, [*observed.last.series(sample), *([own] if own else [])])
    sources = {name: "anything" if name in releases(seen) else source for name, source in sources.items()}
    durations, unit, doubt = _durations(family, observed)
    return Counting(family, sources, seen, durations, unit, doubt, own)


def _still(sample: str, observed: Observed) -> str:
    moved = sum(1 for _, changes in observed.moves(sample) if changes)
    if all(batch.probe is None for batch in observed.batches):
        return "moves by itself, without a request" if moved else "stood still: no request was sent"
    return "moved, not as a count of requests" if moved else "did not move under the requests that were sent"


def _own(sample: str, observed: Observed) -> Labels | str | None:
    """The series that a reading raises by itself; why it can't be said where something else moves."""
    idle = [moved for batch, moved in observed.moves(sample) if batch.probe is None]
    if not idle or not any(idle):
        return None
    first = idle[0]
    if len(first) == 1 and all(moved == first for moved in idle) and set(first.values()) == {1.0}:
        return next(iter(first))
    return "moves by itself, without a request"


def _without(moved: Mapping[Labels, float], own: Labels | None) -> dict[Labels, float]:
    """The movement without the one that the reading before it caused."""
    rest = dict(moved)
    if own is not None and rest.get(own):
        rest[own] -= 1
    return {labels: change for labels, change in rest.items() if change}


def _sources(seen: Mapping[Probe, Labels]) -> dict[str, Source] | str:
    """Where each label comes from; why one can't be explained."""
    sources: dict[str, Source] = {}
    for name in dict.fromkeys(name for labels in seen.values() for name, _ in labels):
        values = {probe: dict(labels).get(name, "") for probe, labels in seen.items()}
        source = source_of(values)
        # several requests that raise one series each: it counts them, whatever this label is
        if source is None and len(seen) > 1:
            sources[name] = "anything"
            continue
        if source is None:
            return f"nothing explains its label {name} ({', '.join(sorted(set(values.values()))[:3])})"
        sources[name] = source
    routes = {
        name: len({dict(labels).get(name, "") for labels in seen.values()})
        for name, source in sources.items()
        if source == "route"
    }
    finest = max(routes.values(), default=0)
    # A handler's class or a shard has one value for several routes: its series are added up.
    sources.update({name: "anything" for name, told in routes.items() if told < finest})
    return sources


def _of_all_series(
    sources: Mapping[str, Source], seen: Mapping[Probe, Labels], series: Collection[Labels]
) -> dict[str, Source]:
    """The sources with what series say that no probe raised: a value that others have too is no constant.

    It goes with the route then: what no probe raised stands still, or counts the readings.
    """
    some = next(iter(seen.values()))
    others = {name for labels in series for name, value in labels if value != dict(some).get(name, "")}
    return {
        name: "route" if source == "constant" and name in others else source
        for name, source in sources.items()
    }


def releases(seen: Mapping[Probe, Labels]) -> tuple[str, ...]:
    """The labels that say which release of the service this is: the next one has other values, and that is no fault."""
    told: dict[str, set[str]] = {}
    for labels in seen.values():
        for name, value in labels:
            told.setdefault(name, set()).add(value)
    return tuple(
        name
        for name, values in told.items()
        if RELEASE.search(name) and len(values) == 1 and RELEASED.fullmatch(next(iter(values)))
    )


def _as_of(seen: Mapping[Probe, Labels], other: Counting) -> dict[str, Source]:
    """The sources of the same labels of another family, where it has the same values; empty where it hasn't."""
    [(probe, labels)] = seen.items()
    if probe not in other.seen or len(other.seen) == 1:
        return {}
    theirs = dict(other.seen[probe])
    if any(theirs.get(name) != value for name, value in labels):
        return {}
    return {name: other.sources[name] for name, _ in labels}


def source_of(values: Mapping[Probe, str]) -> Source | None:
    """What explains a label's value for every probe; None for nothing."""
    if all(value == probe.method for probe, value in values.items()):
        return "method"
    if all(value == probe.method.lower() for probe, value in values.items()):
        return "method_lower"
    if all(value == str(probe.status) for probe, value in values.items()):
        return "status"
    if all(value.lower() == f"{probe.status // 100}xx" for probe, value in values.items()):
        return "status_class"
    spelt = spelling(max(values.values(), key=len))
    if spelt and all(value == spelt(outcome(probe.status)) != "" for probe, value in values.items()):
        return "status_class"
    if says_success(values):
        return "status_class"
    if all(says_status(value, probe.status) for probe, value in values.items()) and _by_status(values):
        return "status"
    routes: dict[str, set[str]] = {}
    for probe, value in values.items():
        routes.setdefault(probe.path, set()).add(value)
    told = {value for given in routes.values() for value in given}
    if len(told) > 1 and all(len(given) == 1 for given in routes.values()) and _by_route(values):
        return "route"
    if len(told) == 1:  # one route alone doesn't tell a constant from a route
        value = told.pop()
        if any(value in (probe.path, probe.route) for probe in values):
            return "route"
        return "constant" if len(routes) > 1 else None
    return None


def _by_status(values: Mapping[Probe, str]) -> bool:
    """Whether each status has one value."""
    told = {(probe.status, value) for probe, value in values.items()}
    return len(told) == len({probe.status for probe in values})


def _by_route(values: Mapping[Probe, str]) -> bool:
    """Whether the value tells routes that answer alike apart: else it may as well be a kind of answer."""
    alike: dict[tuple[str, int], set[str]] = {}
    for probe, value in values.items():
        alike.setdefault((probe.method, probe.status), set()).add(value)
    return any(len(given) > 1 for given in alike.values()) or any(
        value in (probe.path, probe.route) for probe, value in values.items()
    )


def _durations(family: Family, observed: Observed) -> tuple[bool, str, str]:
    """Whether a histogram or summary observes how long requests took; the unit that isn't seconds; what is odd."""
    if family.type in ("counter", "untyped") or any(word in family.name for word in SIZES):
        return False, "", ""
    told = sum(sum(moved.values()) for _, moved in observed.moves(f"{family.name}_sum"))
    felt = sum(batch.seconds + SLACK * (batch.times + 1) for batch in observed.batches)
    if told <= 0:
        return False, "", ""
    for pattern, unit, of_one in UNITS:
        if pattern.search(family.name):
            return told <= felt * of_one, unit, ""
    if told <= felt:
        return True, "", ""
    if not family.name.endswith("_seconds"):
        return False, "", ""
    doubt = f"the client waited {felt:.3g} s in all, the sum rose by {told:.3g}"
    return True, "", doubt + (": are those milliseconds?" if told <= felt * 1000 else "")
