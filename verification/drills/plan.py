"""A drill as data, and the two calculations that decide whether it can prove anything.

The power gate: error diffusion holds n x dose failures +-1 per accumulator in any n consecutive requests, and a window
cuts one more event at each end. Below and above can be told apart when that uncertainty is smaller than the distance
to the threshold: events per window >= (accumulators + 2) / |dose - threshold|.

The windows: from the deployed durations, when a state may appear at the earliest and must have appeared at the latest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from loadtests.inputs import InputError, load_model
from verification.contract import Alert, Duration, Model

Share = Annotated[float, Field(gt=0, lt=1)]


class Fault(Model):
    """What the target's fault port is asked to do; the dose comes from the drill."""

    kind: Literal["errors", "slow", "failed_executions"]
    routes: tuple[str, ...] = Field(strict=False, min_length=1)
    status: int = Field(default=503, ge=500, le=599)
    delay: Duration | None = None

    @model_validator(mode="after")
    def _fits(self) -> Fault:
        if (self.kind == "slow") != (self.delay is not None):
            raise ValueError("a delay belongs to the fault 'slow', and 'slow' needs one")
        return self


class Drill(Model):
    """One drill: the alert, its traffic, and the dose on either side of the threshold."""

    drill: Literal[1]
    name: str
    description: str = ""
    alert: str
    scenario: str
    rate: float = Field(gt=0)
    """Requests per second that the fault can hit, all routes together; not scaled by the time scale."""
    fault: Fault
    below: Share
    above: Share


@dataclass(frozen=True)
class Timing:
    """Deployed durations of a run in seconds, after scaling; `threshold` in terms of the dose."""

    threshold: float
    window: float
    hold: float
    scrape: float
    evaluation: float
    group_wait: float
    group_interval: float


@dataclass(frozen=True)
class Window:
    """Run times (seconds) between which something must happen."""

    earliest: float
    latest: float

    def __str__(self) -> str:
        return f"{self.earliest:.2f} to {self.latest:.2f} s"


@dataclass(frozen=True)
class Windows:
    """When each step of a drill may happen, from the moment the dose rises and the moment it is healed."""

    pending: Window
    firing: Window
    notified: Window
    resolved: Window


def load(path: Path) -> Drill:
    """Read and validate a drill file.

    Raises:
        InputError: with file, line and key.
    """
    return load_model(path, Drill, "a drill")


def uncertainty(rate: float, window: float, accumulators: int = 1) -> float:
    """How far the share in one window may lie from the dose, as a share."""
    return (accumulators + 2) / (rate * window)


def power_gate(drill: Drill, alert: Alert, timing: Timing, where: str) -> None:
    """Refuse a drill whose two sides cannot be told apart.

    Raises:
        InputError: names the smallest rate that would do, or the side that lies wrong.
    """
    threshold = alert.boundary.threshold
    if not drill.below < threshold < drill.above:
        raise InputError(
            f"doses {drill.below:g} and {drill.above:g} do not enclose the threshold {threshold:g} of {alert.name}",
            where,
            f"below < {threshold:g} < above",
            "correct below or above",
        )
    distance = min(threshold - drill.below, drill.above - threshold)
    needed = math.ceil(round(3 / distance / timing.window, 6))  # 0.055 - 0.05 is a little under 0.005
    if drill.rate < needed:
        raise InputError(
            f"{drill.rate:g} requests/s cannot tell {drill.below:.1%} from {drill.above:.1%} in {timing.window:g} s: "
            f"{drill.rate * timing.window:.0f} events per window, {3 / distance:.0f} are needed",
            where,
            f"rate: {needed} or more",
            "raise the rate, widen the doses, or use a smaller time scale",
        )


def windows(drill: Drill, timing: Timing, raised: float, healed: float, slack: float) -> Windows:
    """The admissible windows of one alert's life.

    While the window fills with the new dose its share rises from `below` to `above` in proportion. It may cross as soon
    as the remaining distance is inside the dosing's uncertainty; it must have crossed when the window holds nothing
    but the new dose, one scrape and one evaluation later. `for` counts evaluations, so it may last one more.
    `slack` is the measured lateness of this machine, for what has no interval of its own.
    """
    noise = uncertainty(drill.rate, timing.window)
    missing = (timing.threshold - noise - drill.below) / (drill.above - drill.below)
    first = raised + max(0.0, missing) * timing.window
    last = raised + timing.window + timing.scrape + timing.evaluation + slack
    firing = Window(first + timing.hold, last + timing.hold + timing.evaluation + slack)
    clean = healed + timing.window + timing.scrape + timing.evaluation + slack
    return Windows(
        pending=Window(first, last),
        firing=firing,
        notified=Window(firing.earliest + timing.group_wait, firing.latest + timing.group_wait + slack),
        resolved=Window(healed, clean + timing.group_interval + slack),
    )
