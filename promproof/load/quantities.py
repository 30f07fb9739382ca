"""What a condition speaks of, measured on a part of the ledger.

A request belongs to the moment at which it ended. Errors are answers of 5xx and requests without an answer;
a share is of all requests that ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from promproof.evidence import bins
from promproof.evidence.endpointview import EndpointView
from promproof.evidence.view import LedgerView
from promproof.load.conditions import LATENCY, Condition


@dataclass(frozen=True)
class Ended:
    """Requests that ended: by status, and those without an answer."""

    statuses: Mapping[int, int]
    unanswered: int

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())

    @property
    def total(self) -> int:
        return self.answered + self.unanswered

    @property
    def errors(self) -> int:
        return self.unanswered + self.of(5)

    def of(self, first_digit: int) -> int:
        """Answers of one class: 4 for 4xx."""
        return sum(n for status, n in self.statuses.items() if status // 100 == first_digit)


def ended(parts: Iterable[EndpointView]) -> Ended:
    """What became of the requests of these endpoints."""
    statuses: dict[int, int] = {}
    unanswered = 0
    for part in parts:
        unanswered += sum(part.lost.values()) + sum(part.dropped.values())
        for status, course in part.outcomes.items():
            statuses[status] = statuses.get(status, 0) + course.count
    return Ended(statuses, unanswered)


def parts_of(view: LedgerView, endpoint: tuple[str, str] | None) -> list[EndpointView]:
    """The endpoints that a condition is about."""
    if endpoint is None:
        return list(view.endpoints_seen.values())
    return [view.endpoints_seen[endpoint]] if endpoint in view.endpoints_seen else []


def measure(condition: Condition, view: LedgerView, seconds: float) -> float | None:
    """The condition's quantity in a part of the ledger that lasted so long; None when there is nothing to measure.

    Not for those that only the end of a run knows: unexpected, missed, knee, and what Prometheus is asked.
    """
    parts = parts_of(view, condition.endpoint)
    if LATENCY.fullmatch(condition.quantity):
        return _latency(condition, parts)
    found = ended(parts)
    match condition.quantity:
        case "rate":
            return found.answered / seconds if seconds > 0 else None
        case "requests":
            return float(found.total)
        case "errors":
            count = found.errors
        case quantity if quantity.endswith("xx"):
            count = found.of(int(quantity[0]))
        case quantity:
            count = found.statuses.get(int(quantity), 0)
    return in_unit(condition, count, found.total)


def unexpected(
    condition: Condition, surprises: Iterable[Mapping[str, Any]], view: LedgerView
) -> float | None:
    """Answers that the scenario does not expect, as the final line of a ledger lists them."""
    wanted = condition.endpoint
    count = sum(row["count"] for row in surprises if wanted in (None, (row["method"], row["endpoint"])))
    return in_unit(condition, count, ended(parts_of(view, wanted)).total)


def in_unit(condition: Condition, count: int, total: int) -> float | None:
    """A count as the condition counts: as a number, or as a share of the total."""
    if condition.unit == "share":
        return count / total if total else None
    return float(count)


def _latency(condition: Condition, parts: list[EndpointView]) -> float | None:
    buckets = bins.merged(part.felt if condition.felt else part.latency for part in parts)
    p = condition.percentile
    if p is not None:
        return bins.percentile(buckets, p)
    total = sum(buckets.values())
    return sum(bins.bucket_top(index) * n for index, n in buckets.items()) / total / 1e6 if total else None
