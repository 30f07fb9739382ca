"""Requests for the metrics themselves, as a ledger: Prometheus' scrapes and the harness's own readings.

A target that counts them counts each at some moment between its begin and its end, like any other request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from promproof.evidence.bins import bin_of, bucket_of
from promproof.evidence.endpointview import Course, EndpointView
from promproof.evidence.view import EndpointKey, LedgerView

UNKNOWN = 0
"""The status of a request of which nobody knows whether, or as what, it was counted."""


@dataclass(frozen=True)
class Asked:
    """One request for the metrics: run times (s) around it, and the status of its answer."""

    begin: float
    end: float
    status: int


def between_readings(
    asked: Iterable[Asked], since: tuple[float, float] | None, until: tuple[float, float] | None
) -> Iterator[Asked]:
    """Those that lie between two readings; one that meets a reading may be counted in it or not.

    since, until: begin and end of a reading; None for the target's whole life.
    """
    for request in asked:
        if (since and request.end < since[0]) or (until and request.begin > until[1]):
            continue
        meets = (since and request.begin <= since[1]) or (until and request.end >= until[0])
        yield Asked(request.begin, request.end, UNKNOWN) if meets else request


def as_ledger(
    asked: Iterable[Asked], endpoint: EndpointKey, bin_seconds: float, offset: float = 0.0
) -> LedgerView:
    """The view of a ledger that has these requests, all of one endpoint; offset: CLOCK_MONOTONIC less the run time."""
    started: dict[int, int] = {}
    lost: dict[int, int] = {}
    latency: dict[int, int] = {}
    outcomes: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
    total = 0
    for request in asked:
        begin, end = bin_of(request.begin + offset, bin_seconds), bin_of(request.end + offset, bin_seconds)
        started[begin] = started.get(begin, 0) + 1
        if request.status == UNKNOWN:
            lost[end] = lost.get(end, 0) + 1
            continue
        starts, ends = outcomes.setdefault(request.status, ({}, {}))
        starts[begin] = starts.get(begin, 0) + 1
        ends[end] = ends.get(end, 0) + 1
        bucket = bucket_of(int((request.end - request.begin) * 1e6) + 1)
        latency[bucket] = latency.get(bucket, 0) + 1
        total += int((request.end - request.begin) * 1e9) + 1
    if not started:
        return LedgerView(bin_seconds)
    courses = {status: Course(starts, ends) for status, (starts, ends) in outcomes.items()}
    view = EndpointView(
        started=started, lost=lost, outcomes=courses, latency=latency, felt=dict(latency), latency_ns=total
    )
    return LedgerView(bin_seconds, endpoints_seen={endpoint: view})
