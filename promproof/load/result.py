"""What a load session found, as data: for the terminal, the JSON file, the HTML report and a later comparison."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promproof.evidence import bins
from promproof.evidence.endpointview import EndpointView
from promproof.load.account import Account
from promproof.load.judgement import Judgement, exit_status, find_knee
from promproof.load.quantities import ended
from promproof.verdict import Outcome, Verdict

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9, 100.0)


@dataclass(frozen=True)
class EndpointRow:
    """One endpoint in numbers; latencies in seconds from the due time, None without an answer.

    maybe: requests of unknown fate or still open, which the target may have counted as well.
    """

    method: str
    endpoint: str
    requests: int
    statuses: dict[int, int]
    unanswered: int
    maybe: int
    latency: dict[float, float | None]


@dataclass(frozen=True)
class LoadResult:
    """A session's outcome.

    reasons: why it is invalid, empty when it is valid. stopped_for: why it was ended early. folder: the run's
    name. comparison: lines of the comparison with a baseline.
    """

    account: Account
    folder: str
    about: dict[str, str]
    judgements: Sequence[Judgement]
    reasons: Sequence[str]
    stopped_for: str | None = None
    comparison: Sequence[Judgement] = field(default=())
    monitoring: Mapping[str, Any] | None = None
    """what the monitoring believed at the end: states of alerts, and counts of metrics"""

    @property
    def status(self) -> int:
        """The exit status."""
        return exit_status([*self.judgements, *self.comparison], self.reasons)

    @property
    def verdicts(self) -> list[Verdict]:
        """All judgements in the harness's vocabulary."""
        return [
            Verdict(judgement.condition, Outcome(judgement.outcome), judgement.seen)
            for judgement in [*self.judgements, *self.comparison]
        ]

    def endpoints(self) -> list[EndpointRow]:
        """All endpoints, sorted, and all of them together in the last row."""
        view = self.account.view()
        rows = [
            _row(method, endpoint, [view.endpoints_seen[(method, endpoint)]])
            for method, endpoint in view.endpoints()
        ]
        return [*rows, _row("", "all", list(view.endpoints_seen.values()))]

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON values; histograms are HdrHistogram's own encoding."""
        view = self.account.view()
        knee = find_knee(self.account) if self.account.scenario.knee else None
        return {
            "load": 1,
            "run": self.folder,
            **self.about,
            "exit_status": self.status,
            "invalid": list(self.reasons),
            "stopped_for": self.stopped_for,
            "seconds": self.account.seconds,
            "verdicts": [verdict.as_json() for verdict in self.verdicts],
            "knee": None if knee is None else str(knee),
            "generator": dict(self.account.final.get("generator", {})),
            "endpoints": [
                {
                    "method": row.method,
                    "endpoint": row.endpoint,
                    "requests": row.requests,
                    "statuses": {str(status): n for status, n in sorted(row.statuses.items())},
                    "unanswered": row.unanswered,
                    "maybe": row.maybe,
                    "latency_seconds": {f"p{p:g}": value for p, value in row.latency.items()},
                }
                for row in self.endpoints()
            ],
            "hdr_felt_us": _encoded(self.account),
            "unexpected": list(self.account.final.get("surprises", ())),
            "requests": view.requests,
        }


def _row(method: str, endpoint: str, parts: list[EndpointView]) -> EndpointRow:
    found = ended(parts)
    felt = bins.merged(part.felt for part in parts)
    unresolved = sum(sum(part.unresolved.values()) for part in parts)
    return EndpointRow(
        method,
        endpoint,
        sum(sum(part.started.values()) for part in parts),
        dict(found.statuses),
        found.unanswered,
        unresolved,
        {p: bins.percentile(felt, p) for p in PERCENTILES},
    )


def _encoded(account: Account) -> str:
    encoded = account.view().histogram(felt=True).encode()
    return encoded.decode() if isinstance(encoded, bytes) else base64.b64encode(encoded).decode()
