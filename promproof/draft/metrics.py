"""The metrics of a draft: those that were recognised with their truth, those that moved with their form, and no others.

What is left out is named in a comment with the lines that would promise it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from promproof.draft.lines import comment, item
from promproof.draft.observed import COUNTED_SAMPLE, Observed, Probe
from promproof.draft.recognise import STOOD_STILL, Counting, Recognised, releases
from promproof.draft.spelling import OUTCOMES, says_success, spelling
from promproof.exposition import Exposition, Family

PROCESS = {
    "process_cpu_seconds_total": "cpu_seconds",
    "process_resident_memory_bytes": "resident_bytes",
    "process_open_fds": "open_descriptors",
}
"""What client libraries say of their own process, and the kernel's figure that is the truth of it."""
LIBRARY = (
    "python_",
    "process_",
    "go_",
    "promhttp_",
    "jvm_",
    "nodejs_",
    "prometheus_",
    "flask_exporter_",
    "scrape_",
)
"""Families that come with a client library: nobody promises them."""
PREFIXED = re.compile(
    r"_(nodejs_(eventloop|active|heap|external|gc|version)\w*|python_(gc|info)\w*|go_(gc|goroutines|memstats|threads|info)\w*"
    r"|process_(cpu_(user_|system_)?seconds|start_time|resident_memory|virtual_memory|heap|open_fds|max_fds)\w*)$"
)
"""The same under a prefix, as client libraries take one (`collectDefaultMetrics({prefix})`): by whole names."""
OFTEN = 2
"""Of so many readings what moves without a request must have moved: once alone may be rarer than a run is long."""


def metrics(
    observed: Observed,
    found: Recognised,
    metrics_path: str,
    figures: frozenset[str],
    health: str = "",
    read: frozenset[str] | None = None,
) -> list[str]:
    """The section `metrics`. figures: those of the kernel that the process was seen to tell rightly.

    health: the path that a run asks before anything else, if the service was seen not to count it. read: histograms
    whose buckets a rule or a panel reads; those of others were only seen, and are not promised. None for all of them.
    """
    lines = ["metrics:"]
    for counting in found.counting.values():
        for told in _notes(counting):
            lines += comment(told, "  ")
        lines += _unread(counting.family, observed.last, read)
        lines += item(_promised(counted(counting, observed.last, metrics_path, health), read))
    for flight in found.flights.values():
        lines += comment(
            "Requests in flight: it rose while several were open, and was back when they were answered", "  "
        )
        lines += item(in_flight(flight, metrics_path))
    for family in observed.last.families.values():
        if found.others.get(family.name) == STOOD_STILL and _hint(family):
            lines += comment(
                f"{STOOD_STILL.capitalize()}: too quick for it, perhaps. At rest it must be back", "  "
            )
            lines += item({**_form(family), "truth": {"kind": "rest"}})
    for family in observed.last.families.values():
        figure = PROCESS.get(family.name)
        if figure in figures:
            lines += item({**_form(family), "truth": {"kind": "process", "figure": figure}})
        elif family.name in found.others and _moved(family, observed):
            lines += comment(f"{found.others[family.name]}: its form and that it moves are judged", "  ")
            lines += _unread(family, observed.last, read)
            lines += item(_promised({**_form(family), **_buckets(family, observed.last)}, read))
    return lines if len(lines) > 1 else []


def _promised(told: dict[str, Any], read: frozenset[str] | None) -> dict[str, Any]:
    """A metric without the buckets that nobody relies on."""
    is_kept = read is None or told["name"] in read
    return told if is_kept else {name: value for name, value in told.items() if name != "buckets"}


def _unread(family: Family, last: Exposition, read: frozenset[str] | None) -> list[str]:
    if read is None or family.name in read or not edges(family, last):
        return []
    return comment(
        "No rule and no panel reads its buckets, so others are no finding; `buckets` promises them", "  "
    )


def unpromised(observed: Observed, found: Recognised, figures: frozenset[str]) -> list[str]:
    """Comments about the families that the draft leaves out."""
    left = [
        family
        for family in observed.last.families.values()
        if family.name in found.others
        and not is_librarys(family.name)
        and PROCESS.get(family.name) not in figures
        and not _moved(family, observed)
        and not (found.others[family.name] == STOOD_STILL and _hint(family))
    ]
    if not left:
        return []
    lines = comment(
        "Left out, since nothing shows yet what they should read. To promise one, add it to `metrics`: with its form "
        "alone it must be there and move under the traffic; docs/contract.md lists the truths that it can have."
    )
    for family in left:
        lines += [f"#   {family.name} ({family.type}): {found.others[family.name]}{_hint(family)}"]
    return lines


def counted(counting: Counting, last: Exposition, metrics_path: str, health: str = "") -> dict[str, Any]:
    """A metric that counts requests, as the contract has it."""
    family = counting.family
    kind = "durations" if counting.durations else "requests"
    truth: dict[str, Any] = {"kind": kind, **({"scrapes": True} if counting.own is not None else {})}
    if counting.failed:
        truth["where"] = {"status": "5.."}
    part, values = counting.left or ("route", ())
    if health and part != "route":
        truth["where"] = {part: _those_with(part, counting, values)}
        part, values = "route", ()
    if part == "route" and health:
        values = tuple(dict.fromkeys((*values, health)))
    if values:
        truth["except"] = {part: "|".join(map(re.escape, values))}
    # a label that was empty for every request is none to Prometheus, and nobody knows when it isn't
    there = [name for name in counting.sources if any(counting.values(name).values())]
    labels = {name: label(counting, name, metrics_path) for name in there}
    return {
        **_form(family),
        **({"unit": counting.unit} if counting.unit else {}),
        **({"labels": labels} if labels else {}),
        **_buckets(family, last),
        "truth": truth,
    }


def _those_with(part: str, counting: Counting, left: Collection[str]) -> str:
    """The values of a part of the requests that a metric counts, as a pattern: classes of statuses where these do."""
    counted = {probe.method if part == "method" else str(probe.status) for probe in counting.seen}
    if part == "status" and not {status[0] for status in counted} & {status[0] for status in left}:
        counted = {f"{status[0]}.." for status in counted}
        return "|".join(sorted(counted))
    return "|".join(sorted(map(re.escape, counted)))


def in_flight(flight: Counting, metrics_path: str) -> dict[str, Any]:
    """A gauge of requests in flight, as the contract has it."""
    labels = {name: label(flight, name, metrics_path) for name in flight.sources}
    return {
        **_form(flight.family),
        **({"labels": labels} if labels else {}),
        "truth": {"kind": "open_requests", **({"scrapes": True} if flight.own is not None else {})},
    }


def label(counting: Counting, name: str, metrics_path: str) -> dict[str, Any]:
    """Where a label comes from, and how it spells what the ledger says."""
    source = counting.sources[name]
    values = counting.values(name)
    if source == "constant":
        return {"from": "constant", "values": [next(iter(values.values()))]}
    if source == "method_lower":
        return {"from": "method", "case": "lower"}
    if source == "status_class":
        if says_success(values):
            return {"from": "status_class", "as": _success_spelt(values)}
        return {"from": "status_class", **_class_spelt(set(values.values()))}
    if source == "status":
        words = {str(probe.status): value for probe, value in values.items() if value != str(probe.status)}
        return {"from": "status", **({"as": words} if words else {})}
    if source != "route":
        return {"from": source}
    spelt = {probe.route: value for probe, value in values.items() if value != probe.route}
    if counting.own is not None and dict(counting.own).get(name, "") != metrics_path:
        spelt[metrics_path] = dict(counting.own).get(name, "")
    return {"from": "route", **({"as": spelt} if spelt else {})}


def _success_spelt(values: Mapping[Probe, str]) -> dict[str, str]:
    """The word of each class that was seen; where 4xx is a failure 5xx is one too."""
    words = {f"{probe.status // 100}xx": value for probe, value in values.items()}
    if "4xx" in words and words["4xx"] != words.get("2xx"):
        words.setdefault("5xx", words["4xx"])
    return dict(sorted(words.items()))


def _class_spelt(values: Collection[str]) -> dict[str, Any]:
    """How a label spells classes of status: one that says an outcome in words says it of every class."""
    # a word without a second one says nothing of how that would be spelt
    told = max(values, key=len)
    spelt = spelling(told)
    if spelt is None:
        return {"case": "upper"} if any("X" in value for value in values) else {}
    return {"as": {f"{digit}xx": spelt(word) for digit, word in enumerate(OUTCOMES) if word}}


def _form(family: Family) -> dict[str, Any]:
    kind = {"unknown": "untyped"}.get(family.type, family.type)
    return {"name": family.name, "type": kind, **({"help": family.help} if family.help else {})}


def _buckets(family: Family, last: Exposition) -> dict[str, list[float]]:
    found = edges(family, last)
    return {"buckets": found} if found else {}


def edges(family: Family, last: Exposition) -> list[float]:
    """The edges of a histogram without +Inf, when all of its series have the same; empty else."""
    if family.type != "histogram":
        return []
    by: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for labels in last.series(f"{family.name}_bucket"):
        rest = tuple(pair for pair in labels if pair[0] != "le")
        by.setdefault(rest, []).append(float(dict(labels).get("le", "nan")))
    told = {tuple(sorted(edge for edge in given if math.isfinite(edge))) for given in by.values()}
    return list(told.pop()) if len(told) == 1 else []


def _moved(family: Family, observed: Observed) -> bool:
    """Whether it is the service's own and rises with requests that the run sends too; without any, time and again."""
    if family.type not in COUNTED_SAMPLE or is_librarys(family.name):
        return False
    moves = list(observed.moves(family.name + COUNTED_SAMPLE[family.type]))
    sent = {batch.probe for batch in observed.batches if batch.probe is not None} - observed.spoilt
    if sent:
        return any(moved for batch, moved in moves if batch.probe in sent)
    return sum(bool(moved) for batch, moved in moves if batch.probe is None) >= OFTEN


def stamped(last: Exposition) -> tuple[str, ...]:
    """The families whose samples carry time stamps of their own."""
    names = {text.partition("{")[0] for text in last.stamped}
    return tuple(
        name
        for name in last.families
        if names & {name, *(name + end for end in ("_bucket", "_sum", "_count"))}
    )


def is_librarys(name: str) -> bool:
    """Whether a family comes with a client library, and not from the service."""
    return name.startswith(LIBRARY) or name.endswith("_created") or PREFIXED.search(name) is not None


def still(observed: Observed, found: Recognised) -> frozenset[str]:
    """The sample names of counters, histograms and summaries that no request moved, and of what has no series."""
    return frozenset(
        family.name + suffix
        for family in observed.last.families.values()
        if family.name not in found.counting
        and (
            not _moved(family, observed)
            if family.type in COUNTED_SAMPLE
            else not observed.last.series(family.name)
        )
        for suffix in ("", "_count", "_sum", "_bucket")
    )


def _notes(counting: Counting) -> Iterator[str]:
    if counting.doubt:
        yield f"Look at this one: {counting.doubt}"
    if counting.failed:
        yield "It counted the requests alone that the service failed"
    if counting.left is not None:
        part, values = counting.left
        yield f"It counted all requests that were sent but those with {part} {', '.join(values)}"
    released = releases(counting.seen)
    if released:
        yield f"{', '.join(released)}: each release has its own, so any is right"
    unknown = [
        name for name, source in counting.sources.items() if source == "anything" and name not in released
    ]
    if unknown:
        yield f"Nothing explains {', '.join(unknown)}: series that differ in it alone are added up"
    methods = {probe.method for probe in counting.seen}
    if "constant" in counting.sources.values() and len(methods) == 1:
        names = [
            name
            for name, source in counting.sources.items()
            if source == "constant" and any(counting.values(name).values())
        ]
        yield f"{', '.join(names)}: the same for every request that was sent"


def _hint(family: Family) -> str:
    if family.type == "gauge" and any(
        word in family.name for word in ("progress", "flight", "active", "open", "pending", "concurrent")
    ):
        return "; requests in flight are `truth: {kind: open_requests}`"
    return ""
