"""How well the generator kept its promise, and when it did not: a result of its own slowness is no result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from promproof.evidence import bins
from promproof.load.models import Limits

OVERRUN_LAG_SECONDS = 1.0
OVERRUN_CPU = 0.9
"""an arrival so late, with the CPU so busy, will not be caught up: the rate is beyond this machine"""
HOPELESS_LAG_SECONDS = 3.0
"""nor will one so late that is getting later, whoever else has the CPU"""


@dataclass
class Generator:
    """One process's account; durations in seconds.

    refused: missed arrivals that found `limit` sessions under way, the most of a scenario. own_failures: requests that
    this machine could not send (no descriptors, no ports). lags: HDR buckets (us) of how late arrivals were sent.
    loop_lag: of a timer beside them.
    """

    model: str = "none"
    planned: int | None = None
    sent: int = 0
    missed: int = 0
    own_failures: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    loop_lag_max_seconds: float = 0.0
    lags: dict[int, int] = field(default_factory=dict)
    refused: int = 0
    limit: int | None = None

    @property
    def cpu(self) -> float:
        """Average share of one CPU over the arrivals."""
        return self.cpu_seconds / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, object]:
        """The final line's account."""
        return {
            "model": self.model,
            "planned": self.planned,
            "sent": self.sent,
            "missed": self.missed,
            "refused": self.refused,
            "limit": self.limit,
            "own_failures": self.own_failures,
            "seconds": self.seconds,
            "lag_p99_seconds": bins.percentile(self.lags, 99.0),
            "lag_max_seconds": bins.percentile(self.lags, 100.0),
            "loop_lag_max_seconds": self.loop_lag_max_seconds,
            "cpu_seconds": self.cpu_seconds,
            "cpu": self.cpu,
            "lags": bins.flat(self.lags),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Generator:
        """Inverse of to_json. Raises KeyError or ValueError when it is something else."""
        return Generator(
            model=data["model"],
            planned=data["planned"],
            sent=data["sent"],
            missed=data["missed"],
            refused=data.get("refused", 0),
            limit=data.get("limit"),
            own_failures=data["own_failures"],
            seconds=data["seconds"],
            cpu_seconds=data["cpu_seconds"],
            loop_lag_max_seconds=data["loop_lag_max_seconds"],
            lags=bins.from_flat(data["lags"]),
        )


def together(parts: Iterable[Generator]) -> Generator:
    """The account of several processes: counts and lags add up, the busiest CPU is the one that matters."""
    total = Generator()
    for part in parts:
        total.model = part.model
        if part.planned is not None:
            total.planned = (total.planned or 0) + part.planned
        total.sent += part.sent
        total.missed += part.missed
        total.refused += part.refused
        total.limit = part.limit if total.limit is None else total.limit
        total.own_failures += part.own_failures
        if part.cpu >= total.cpu:
            total.seconds, total.cpu_seconds = part.seconds, part.cpu_seconds
        total.loop_lag_max_seconds = max(total.loop_lag_max_seconds, part.loop_lag_max_seconds)
        bins.add_into(total.lags, part.lags)
    return total


def excesses(generator: Generator, limits: Limits) -> list[str]:
    """Why the result is the generator's and not the target's; nothing when it kept its promise."""
    found = []
    if generator.missed:
        full = ""
        if generator.refused and generator.limit is not None:
            full = (
                f": {generator.refused} found {generator.limit} sessions under way, the limit of a process "
                "(arrival.limit of the scenario, or its highest rate x arrival.stall)"
            )
        found.append(f"{generator.missed} of {generator.planned} arrivals were missed{full}")
    lag = bins.percentile(generator.lags, 99.0)
    if lag is not None and lag > limits.lag:
        found.append(
            f"the generator was late: 1 % of the arrivals were sent {lag:.3f} s or more after they were due, "
            f"allowed are {limits.lag:g} s (generator.lag)"
        )
    if generator.cpu > limits.cpu:
        found.append(
            f"the generator used {generator.cpu:.0%} of a CPU, allowed are {limits.cpu:.0%} (generator.cpu): what was "
            "measured is its own speed"
        )
    if generator.own_failures:
        found.append(
            f"{generator.own_failures} requests could not be sent for want of descriptors, ports or memory here"
        )
    return found


def overrun(lag: float, lag_before: float, cpu: float, started: int, seconds: float) -> str | None:
    """What to say when the rate is beyond this machine; None while it may still catch up.

    lag: of the newest arrival, and a second before. cpu: share of the last second. started: arrivals started in
    `seconds`.
    """
    busy = lag >= OVERRUN_LAG_SECONDS and cpu >= OVERRUN_CPU
    hopeless = lag >= HOPELESS_LAG_SECONDS and lag >= lag_before
    if not (busy or hopeless) or seconds <= 0:
        return None
    return (
        f"the rate is beyond this machine: {lag:.1f} s behind after {seconds:.1f} s; one process starts about "
        f"{started / seconds:.0f} arrivals/s here with {cpu:.0%} of a CPU: lower the rate, or add --workers"
    )
