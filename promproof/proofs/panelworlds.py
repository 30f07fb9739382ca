"""A small world for two queries: the documented series, each with a pace of its own, so that no two sums are alike.

It is steady, and has been otherwise before: until shortly before the windows of the plain query begin, every series
had another pace. So what looks further back, or at another time, gives something else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from promproof.config.patterns import every
from promproof.contract.labels import Label
from promproof.contract.model import Contract, Metric
from promproof.exposition import Labels
from promproof.proofs.evaluate import World
from promproof.proofs.strings import accepts, refused, values
from promproof.proofs.tree import Node, NotCovered, Selector, walk
from promproof.proofs.world import Program, Turn

NOW = 40 * 86400.0
STEP = 15.0
MOST = 240
"""Series of one metric."""
Matcher = tuple[str, str]
Values = Mapping[str, Sequence[str]]
_MODES = ("idle", "user", "system", "iowait", "irq", "nice", "softirq", "steal")
_DEVICES = {"device": ("sda", "dm-0")}
_LINKS = {"device": ("eth0", "wlan0")}
_MOUNTS = (("/", "/dev/sda1", "ext4"), ("/data", "/dev/sdb1", "xfs"))
_GAUGE, _COUNTER, _MODE, _MOUNT = "gauge", "counter", "mode", "mount"
NODE: dict[str, tuple[str, Values]] = {
    "node_cpu_seconds_total": (_MODE, {"cpu": ("0", "1"), "mode": _MODES}),
    "node_disk_read_bytes_total": (_COUNTER, _DEVICES),
    "node_disk_written_bytes_total": (_COUNTER, _DEVICES),
    "node_network_receive_bytes_total": (_COUNTER, _LINKS),
    "node_network_transmit_bytes_total": (_COUNTER, _LINKS),
    "node_filesystem_avail_bytes": (_MOUNT, {}),
    "node_filesystem_free_bytes": (_MOUNT, {}),
    "node_filesystem_size_bytes": (_MOUNT, {}),
    **{
        f"node_memory_{name}_bytes": (_GAUGE, {})
        for name in ("MemTotal", "MemAvailable", "MemFree", "Buffers", "Cached", "SReclaimable", "Active")
    },
}
"""Metrics of Node Exporter on a plain machine: what kind of series, and its labels."""
PROCESS = {
    "process_cpu_seconds_total": _COUNTER,
    "process_resident_memory_bytes": _GAUGE,
    "process_virtual_memory_bytes": _GAUGE,
    "process_open_fds": _GAUGE,
    "process_max_fds": _GAUGE,
    "process_start_time_seconds": _GAUGE,
}
SIZES = {"size": 900e9, "Total": 64e9}
"""What is larger than all others of its kind."""


@dataclass(frozen=True)
class Identity:
    """The labels that the scrape job gives: of the target and of Node Exporter; closed: there are no others."""

    target: Mapping[str, frozenset[str]]
    node: Mapping[str, frozenset[str]]
    target_closed: bool
    node_closed: bool


def world(nodes: Sequence[Node], contract: Contract, identity: Identity, back: float) -> World:
    """The series that some queries select among. back: seconds before now at which all became as it is.

    Raises:
        NotCovered: a metric or a label of which it is not known what series there are.
    """
    asked = [node for root in nodes for node in walk(root) if isinstance(node, Selector)]
    numbers = _paces()
    series: dict[str, list[tuple[Labels, Program]]] = {}
    for name in dict.fromkeys(selector.name for selector in asked):
        mine = [selector for selector in asked if selector.name == name]
        series[name] = list(_series(name, mine, contract, identity, numbers, NOW - back))
    return World(series, STEP)


def _paces() -> Iterator[float]:
    """Numbers of which no small sums are equal: the roots of the primes."""
    primes: list[int] = []
    number = 2
    while True:
        if all(number % prime for prime in primes):
            primes.append(number)
            yield math.sqrt(number)
        number += 1


def _series(
    name: str,
    asked: Sequence[Selector],
    contract: Contract,
    identity: Identity,
    paces: Iterator[float],
    turn: float,
) -> Iterator[tuple[Labels, Program]]:
    metric = next((known for known in contract.metrics if name in _samples(known)), None)
    if name in NODE:
        kind, own = NODE[name]
        given = _given(
            asked, identity.node, {label for row in _rows(kind, own) for label in row}, identity.node_closed
        )
        yield from _machine(name, kind, _rows(kind, own), given, paces, turn)
    elif metric is not None and metric.type in ("counter", "gauge", "histogram") and not metric.any_labels:
        given = _given(asked, identity.target, {*metric.labels, "le"}, identity.target_closed)
        kind = _GAUGE if metric.type == "gauge" else _COUNTER
        for row in _few(
            [
                [(label, value) for value in _pool(label, wanted, asked)]
                for label, wanted in metric.labels.items()
            ]
        ):
            labels = {**given, **dict(row)}
            if name.endswith("_bucket") and metric.buckets:
                yield from _buckets(name, labels, metric.buckets, paces, turn)
            else:
                yield _named(name, labels), _program(kind, next(paces), turn)
    elif metric is None and name in PROCESS:
        given = _given(asked, identity.target, set(), identity.target_closed)
        yield _named(name, given), _program(PROCESS[name], next(paces), turn)
    else:
        raise NotCovered(f"nobody says which series {name} has")


def _samples(metric: Metric) -> tuple[str, ...]:
    if metric.type == "histogram":
        return (f"{metric.name}_bucket", f"{metric.name}_count", f"{metric.name}_sum")
    return (metric.name,)


def _given(
    asked: Sequence[Selector], known: Mapping[str, frozenset[str]], own: set[str], closed: bool
) -> dict[str, str]:
    """The labels of the scrape job, one value each: one that the queries take where any other may be there.

    Raises:
        NotCovered: a label that may be given by the job and is not known.
    """
    foreign = {label for selector in asked for label, _, _ in selector.matchers if label not in own}
    if not closed and foreign - set(known) - {"job", "instance"}:
        raise NotCovered(f"nobody says whether there is a label {min(foreign - set(known))}")
    made = {}
    for label in dict.fromkeys((*known, "job", "instance")):
        matchers = _matchers(asked, label)
        among = sorted(known.get(label, ())) or values(matchers) or ["one"]
        made[label] = next((value for value in among if accepts(matchers, value)), among[0])
    return made


def _matchers(asked: Sequence[Selector], label: str) -> list[Matcher]:
    return [(sign, value) for selector in asked for name, sign, value in selector.matchers if name == label]


def _pool(label: str, wanted: Label, asked: Sequence[Selector]) -> list[str]:
    """Values of a label: of each sort that the queries tell apart two, where there are so many.

    Raises:
        NotCovered: its spelling is a matter of its own, or no value is known.
    """
    if wanted.spelling or wanted.case:
        raise NotCovered(f"the label {label} has a spelling of its own")
    matchers = list(dict.fromkeys(_matchers(asked, label)))
    try:
        known = _known(wanted, matchers)
        sorts: dict[tuple[bool, ...], list[str]] = {}
        for value in known:
            sorts.setdefault(tuple(accepts((matcher,), value) for matcher in matchers), []).append(value)
    except ValueError as error:
        raise NotCovered(f"a pattern cannot be read: {error}") from error
    if not known:
        raise NotCovered(f"no value of the label {label} is known")
    return [value for mine in sorts.values() for value in mine[:2]]


def _known(wanted: Label, matchers: Sequence[Matcher]) -> list[str]:
    if wanted.values is not None and wanted.pattern is None:
        return list(wanted.values)
    fits = [("=~", wanted.pattern)] if wanted.pattern is not None else []
    closed = every(wanted.pattern) if wanted.pattern is not None else None
    if closed is not None:
        return sorted({*closed, *(wanted.values or ())})
    made = [value for matcher in matchers for value in values([matcher])[:3]]
    pool = [*(wanted.values or ()), *values(fits)[:4], *made, *refused(matchers)]
    return [value for value in dict.fromkeys(pool) if value and accepts(fits, value)]


def _few(pools: list[list[tuple[str, str]]]) -> Iterator[tuple[tuple[str, str], ...]]:
    """All combinations, of less values where there would be too many."""
    while math.prod(map(len, pools)) > MOST:
        longest = max(pools, key=len)
        longest[:] = longest[: len(longest) - 1]
    return product(*pools)


def _rows(kind: str, labels: Values) -> list[dict[str, str]]:
    if kind == _MOUNT:
        return [dict(zip(("mountpoint", "device", "fstype"), mount, strict=True)) for mount in _MOUNTS]
    return [dict(zip(labels, row, strict=True)) for row in product(*labels.values())]


def _machine(
    name: str,
    kind: str,
    rows: Sequence[Mapping[str, str]],
    given: Mapping[str, str],
    paces: Iterator[float],
    turn: float,
) -> Iterator[tuple[Labels, Program]]:
    if kind == _MODE:  # the modes of a processor share its second
        for cpu in dict.fromkeys(row["cpu"] for row in rows):
            mine = [row for row in rows if row["cpu"] == cpu]
            now, before = [[next(paces) for _ in mine] for _ in range(2)]
            for row, share, once in zip(mine, now, reversed(before), strict=True):
                yield (
                    _named(name, {**given, **row}),
                    _turned(share / sum(now), once / sum(before), turn),
                )
        return
    size = next((size for word, size in SIZES.items() if word in name), 1e9)
    for row in rows:
        pace = next(paces)
        program = _program(
            _COUNTER if kind == _COUNTER else _GAUGE, pace * (1.0 if kind == _COUNTER else size), turn
        )
        yield _named(name, {**given, **row}), program


def _buckets(
    name: str, labels: Mapping[str, str], edges: Sequence[float], paces: Iterator[float], turn: float
) -> Iterator[tuple[Labels, Program]]:
    within = [next(paces) for _ in range(len(edges) + 1)]
    now = before = 0.0
    for edge, fast, slow in zip((*edges, math.inf), within, reversed(within), strict=True):
        now, before = now + fast % 1.7 + 0.1, before + slow % 1.3 + 0.1
        le = "+Inf" if edge == math.inf else f"{edge:g}"
        yield _named(name, {**labels, "le": le}), _turned(now, before, turn)


def _program(kind: str, pace: float, turn: float) -> Program:
    if kind == _COUNTER:
        return _turned(pace, 1 + 7 / pace, turn)
    return Program(pace, turn=Turn(turn, pace * 0.4 + 3, 0.0))


def _turned(pace: float, before: float, turn: float) -> Program:
    """A counter that has become faster or slower; its value has no step."""
    return Program((before - pace) * turn, pace, turn=Turn(turn, 0.0, before))


def _named(name: str, labels: Mapping[str, str]) -> Labels:
    return tuple(sorted({**labels, "__name__": name}.items()))
