"""The account of a run as it grows: what is judged, by second, by stage and by window.

Fed with the lines of a ledger's file, so that it is the same beside a running generator, inside Locust's web UI
and long after. Only what was sent from the arrivals on is judged; of a scenario without arrivals, all that came
after the setup.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from promproof.evidence import bins
from promproof.evidence.sums import ViewSum
from promproof.evidence.view import LedgerView
from promproof.load.arrival.kind import Stage
from promproof.load.conditions import Condition
from promproof.load.models import Scenario
from promproof.load.quantities import Ended, ended, measure

SLOTS_AT_MOST = 3600
"""seconds that are kept one by one; a longer run is kept in pairs of them, and so on"""


@dataclass
class Slot:
    """What ended in one slot of time, and how the generator was doing."""

    statuses: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0
    felt: dict[int, int] = field(default_factory=dict)
    cpu: float | None = None
    lag: float = 0.0

    def add(self, statuses: Mapping[int, int], unanswered: int, felt: bins.Bins) -> None:
        for status, n in statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + n
        self.unanswered += unanswered
        bins.add_into(self.felt, felt)

    @property
    def ended(self) -> Ended:
        return Ended(self.statuses, self.unanswered)


@dataclass(frozen=True)
class Window:
    """One period of a run, judged: when it was (seconds from the begin), and what was measured."""

    begin: float
    end: float
    observed: float | None


@dataclass(frozen=True)
class StageResult:
    """A stage that has ended; edges are its rates or users."""

    name: str
    edges: tuple[float, float]
    seconds: float
    view: LedgerView
    cpu: float | None

    def lag(self, p: float) -> float | None:
        return bins.percentile(self.view.lags, p)


class _Tumbling:
    """One condition's windows, each as long as its `over`, without overlap."""

    def __init__(self, condition: Condition, bin_seconds: float) -> None:
        assert condition.over is not None
        self.condition = condition
        self.windows: list[Window] = []
        self._width = condition.over
        self._bin_seconds = bin_seconds
        self._number = 0
        self._sum = ViewSum(bin_seconds)

    def advance(self, at: float) -> None:
        """Close every window that had ended `at` seconds after the begin."""
        while at >= (self._number + 1) * self._width:
            begin = self._number * self._width
            observed = measure(self.condition, self._sum.view(), self._width)
            self.windows.append(Window(begin, begin + self._width, observed))
            self._number += 1
            self._sum = ViewSum(self._bin_seconds)

    def add(self, view: LedgerView) -> None:
        self._sum.add(view)


class Account:
    """Everything that is judged of one run; `take` is the listener of a LedgerTail.

    began: when the judged part began; ended: when the arrivals were stopped; -inf and inf until it is known.
    """

    def __init__(self, scenario: Scenario, conditions: list[Condition], bin_seconds: float) -> None:
        self.scenario = scenario
        self.conditions = conditions
        self.began, self.ended, self.now = -inf, inf, -inf
        self.stop_reason: str | None = None
        self.final: Mapping[str, Any] = {}
        self.lost_workers: list[Mapping[str, Any]] = []
        self.slots: dict[int, Slot] = {}
        self.slot_seconds = 1
        self.stages: list[StageResult] = []
        self._bin_seconds = bin_seconds
        self._started = False
        self._lock = threading.RLock()  # whoever exports the account reads it from another thread
        self._total = ViewSum(bin_seconds)
        self._everything = ViewSum(bin_seconds)
        self._stage_sum = ViewSum(bin_seconds)
        self._stage_cpu: list[float] = []
        self._tumbling = [
            _Tumbling(condition, bin_seconds) for condition in conditions if condition.over is not None
        ]

    def take(self, row: Mapping[str, Any], view: LedgerView | None) -> None:
        """A line of the ledger's file, and its increment."""
        with self._lock:
            self._take(row, view)

    def _take(self, row: Mapping[str, Any], view: LedgerView | None) -> None:
        self.now = float(row["t"])
        if "event" in row:
            self._event(row)
        elif row.get("final"):
            self.final = row
        if view is not None:
            self._everything.add(view)
        if view is not None and self._started and not row.get("presumed"):
            self._add(view)
        if "pulse" in row and self._started:
            self._sample(row["pulse"])
        if self._started:
            self._advance()

    def view(self) -> LedgerView:
        """The sum of what is judged so far."""
        with self._lock:
            return self._total.view()

    def everything(self) -> LedgerView:
        """All that was sent, the setup and what is only presumed of lost workers included."""
        with self._lock:
            return self._everything.view()

    def windows(self, condition: Condition) -> list[Window]:
        """The windows of a condition that have ended."""
        return next(tumbling.windows for tumbling in self._tumbling if tumbling.condition is condition)

    @property
    def seconds(self) -> float:
        """How long the judged part has lasted, without the time in which open requests were waited for."""
        return max(min(self.now, self.ended) - self.began, 0.0) if self._started else 0.0

    def _event(self, row: Mapping[str, Any]) -> None:
        match row["event"]:
            case "arrivals-started":
                self._begin(float(row.get("begin", row["t"])))
            case "once-started" if not self._started and self.scenario.arrival is None:
                self._begin(float(row["t"]))
            case "stopping" if self.stop_reason is None:
                self.ended, self.stop_reason = float(row["t"]), str(row["reason"])
            case "worker-lost":
                self.lost_workers.append(row)

    def _begin(self, at: float) -> None:
        self.began, self._started = at, True

    def _add(self, view: LedgerView) -> None:
        self._advance()
        self._total.add(view)
        self._stage_sum.add(view)
        for tumbling in self._tumbling:
            tumbling.add(view)
        parts = view.endpoints_seen.values()
        found = ended(parts)
        self._slot().add(found.statuses, found.unanswered, bins.merged(part.felt for part in parts))

    def _sample(self, sample: Mapping[str, Any]) -> None:
        slot = self._slot()
        slot.cpu = max(slot.cpu or 0.0, sample["cpu"])
        slot.lag = max(slot.lag, sample["loop_lag"])
        self._stage_cpu.append(sample["cpu"])

    def _slot(self) -> Slot:
        number = max(int((self.now - self.began) / self.slot_seconds), 0)
        if number >= SLOTS_AT_MOST:
            self._coarsen()
            number //= 2
        return self.slots.setdefault(number, Slot())

    def _coarsen(self) -> None:
        merged: dict[int, Slot] = {}
        for number, slot in sorted(self.slots.items()):
            into = merged.setdefault(number // 2, Slot())
            into.add(slot.statuses, slot.unanswered, slot.felt)
            into.lag = max(into.lag, slot.lag)
            if slot.cpu is not None:
                into.cpu = max(into.cpu or 0.0, slot.cpu)
        self.slots, self.slot_seconds = merged, self.slot_seconds * 2

    def _advance(self) -> None:
        at = min(self.now, self.ended) - self.began
        for tumbling in self._tumbling:
            tumbling.advance(at)
        stages = self.scenario.stages
        while len(self.stages) < len(stages):
            number = len(self.stages)
            # the arrivals end a moment after their last stage, so its end is taken as reached by then
            end = sum(stage.seconds for stage in stages[: number + 1])
            if at < end - (self._bin_seconds if self.ended < inf else 0.0):
                break
            self.stages.append(self._stage_result(number, stages[number]))

    def _stage_result(self, number: int, stage: Stage) -> StageResult:
        cpu = sum(self._stage_cpu) / len(self._stage_cpu) if self._stage_cpu else None
        view, self._stage_sum, self._stage_cpu = self._stage_sum.view(), ViewSum(self._bin_seconds), []
        return StageResult(stage.name or str(number + 1), stage.edges, stage.seconds, view, cpu)
