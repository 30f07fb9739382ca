"""Rate, errors and percentiles from both sides, over the same sliding window and on one time axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promproof.contract.labels import RequestTruth
from promproof.contract.model import Contract
from promproof.evidence import bins
from promproof.load.account import Account, Slot
from promproof.observe.prometheus import Prometheus
from promproof.truth.metrics import sample_name
from promproof.truth.requests import counts_all, errors_of

LEAST_WINDOW_SECONDS = 5.0
SCRAPES_PER_WINDOW = 4
"""rate() needs two samples in its window, also when one scrape is lost and the window lies badly"""
POINTS_AT_MOST = 600
QUANTILES = (0.5, 0.95, 0.99)

Curve = Mapping[float, float | None]
"""seconds from the begin of the run -> value"""


@dataclass(frozen=True)
class Chart:
    """One chart: its curves by name."""

    title: str
    unit: str
    curves: Mapping[str, Curve]


def window_of(scrape_interval: float) -> float:
    """The window over which both sides are averaged, in whole seconds."""
    return float(math.ceil(max(LEAST_WINDOW_SECONDS, SCRAPES_PER_WINDOW * scrape_interval)))


def client_curves(account: Account, window: float) -> dict[str, Curve]:
    """What the ledger says: rate, errors and percentiles of what ended in the window before each second."""
    width = account.slot_seconds
    count = max(int(window / width), 1)
    numbers = sorted(account.slots)
    last = numbers[-1] if numbers else -1
    rate: dict[float, float | None] = {}
    errors: dict[float, float | None] = {}
    latencies: list[dict[float, float | None]] = [{} for _ in QUANTILES]
    step = max((last + 1) // POINTS_AT_MOST, 1)
    for end in range(0, last, step):  # the last slot is still being filled
        slots = [account.slots.get(number, Slot()) for number in range(max(end - count + 1, 0), end + 1)]
        at, length = float((end + 1) * width), len(slots) * width
        rate[at] = sum(slot.ended.total for slot in slots) / length
        errors[at] = sum(slot.ended.errors for slot in slots) / length
        felt = bins.merged(slot.felt for slot in slots)
        for curve, quantile in zip(latencies, QUANTILES, strict=True):
            curve[at] = bins.percentile(felt, quantile * 100)
    named = {f"client p{q * 100:g}": curve for q, curve in zip(QUANTILES, latencies, strict=True)}
    return {"client rate": rate, "client errors": errors, **named}


def stored_curves(
    contract: Contract, prometheus: Prometheus, began: float, ended: float, step: float, window: float
) -> dict[str, Curve]:
    """What Prometheus says of the same, by its own queries; began, ended: epoch seconds.

    Raises:
        EvidenceError: Prometheus does not answer.
    """
    found: dict[str, Curve] = {}
    for name, query in _queries(contract, window).items():
        answer = prometheus.get(
            "/api/v1/query_range",
            {"query": query, "start": f"{began:.3f}", "end": f"{ended:.3f}", "step": f"{step:.3f}"},
        )
        points = answer["result"][0]["values"] if answer["result"] else []
        values = ((float(at) - began, float(value)) for at, value in points)
        found[name] = {round(at, 3): None if math.isnan(value) else value for at, value in values}
    return found


def charts(client: Mapping[str, Curve], stored: Mapping[str, Curve]) -> list[Chart]:
    """Curves that belong together, side by side."""
    percentiles = {f"p{q * 100:g}" for q in QUANTILES}
    every = {**client, **stored}

    def pick(kinds: set[str]) -> dict[str, Curve]:
        return {name: curve for name, curve in every.items() if name.split(" ", 1)[1] in kinds}

    return [
        Chart("requests per second", "/s", pick({"rate"})),
        Chart("errors per second", "/s", pick({"errors"})),
        Chart("latency: client from the due time, Prometheus by its buckets", "s", pick(percentiles)),
    ]


def as_columns(drawn: Sequence[Chart]) -> dict[str, Any]:
    """All charts over one list of times, as a chart library takes them."""
    times = sorted({at for chart in drawn for curve in chart.curves.values() for at in curve})
    return {
        "t": times,
        "charts": [
            {
                "title": chart.title,
                "unit": chart.unit,
                "series": {name: [curve.get(at) for at in times] for name, curve in chart.curves.items()},
            }
            for chart in drawn
        ],
    }


def _queries(contract: Contract, window: float) -> dict[str, str]:
    span = f"[{round(window * 1000)}ms]"
    job = f'job="{contract.target.job}"'
    queries: dict[str, str] = {}
    counters = [metric for metric in contract.metrics if metric.truth.kind == "requests"]
    for metric in sorted(counters, key=counts_all, reverse=True):  # one that leaves out a route will do, too
        if isinstance(metric.truth, RequestTruth) and not metric.truth.asks_status:
            queries.setdefault("Prometheus rate", f"sum(rate({sample_name(metric)}{{{job}}}{span}))")
        failed = errors_of(metric)
        if failed is not None:
            inside = ",".join([job, *([failed] if failed else [])])
            queries.setdefault("Prometheus errors", f"sum(rate({sample_name(metric)}{{{inside}}}{span}))")
    for metric in contract.metrics:
        if metric.truth.kind == "durations" and metric.type == "histogram":
            for quantile in QUANTILES:
                inside = f"sum by (le) (rate({metric.name}_bucket{{{job}}}{span}))"
                queries[f"Prometheus p{quantile * 100:g}"] = f"histogram_quantile({quantile}, {inside})"
    return queries
