"""Which loads take from the dose of which drills, from scenarios, contract and faults, before anything is sent.

A request counts where the contract says of one of the alert's metrics that it does, or does not tell. What is known to
be counted elsewhere, or is on the fault's own routes, takes from no dose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from promproof.config.rules import Rule
from promproof.contract.labels import RequestTruth
from promproof.contract.model import Contract, seconds
from promproof.contract.truths import TallyTruth
from promproof.drills import fresh
from promproof.drills.batching import Beside, Stage, highest, sparing, stages
from promproof.drills.drill import Loaded
from promproof.faults.dosed import Dosed
from promproof.load import scenario as scenarios
from promproof.run.dilution import counted, counts_all, is_on, line, requests_of, samples_of
from promproof.run.options import DEFAULT_TIME_SCALE
from promproof.run.prepared import Prepared


@dataclass(frozen=True)
class Sent:
    """One kind of request. lines: how a fault's routes may call it, the target's own name for it first."""

    lines: tuple[str, ...]
    tallies: frozenset[str] = frozenset()
    counted: bool = True


def staged(prepared: Prepared, drills: Sequence[Loaded]) -> list[Stage]:
    """The drills of a run in stages, each with the loads that are sent meanwhile.

    Raises:
        InputError: a scenario cannot be read.
    """
    mixing = Mixing(prepared.contract, prepared.rules)
    share = prepared.scale.factor / DEFAULT_TIME_SCALE
    return stages(drills, mixing, sparing(mixing, share) if share > 1 else highest(drills))


class Mixing(Beside):
    """What contract and rules tell of loads that run side by side."""

    def __init__(self, contract: Contract, rules: Sequence[Rule]) -> None:
        self._contract = contract
        self._rules = rules

    def dilutes(self, load: Path, drill: Loaded) -> bool:
        """Whether a scenario that is not the drill's own sends what its alert may count and its fault does not hit."""
        own = drill.scenario
        return (own is None or own.resolve() != load.resolve()) and self._takes(drill, _sent(load.resolve()))

    def spoils(self, drill: Loaded, other: Loaded) -> bool:
        """Whether the load of the second drill, or what its fault sends, takes from the dose of the first."""
        if other.scenario is not None and self.dilutes(other.scenario, drill):
            return True
        added = other.plan.fault.added
        return added is not None and self._takes(drill, (Sent((" ".join(added),)),))

    def hits(self, load: Path, drill: Loaded) -> float:
        """How many requests of another scenario's session the fault decides on, where its alert adds up all."""
        plan = drill.plan
        metrics = counted(self._contract, self._contract.alert(plan.alert).metrics)
        if (
            not isinstance(plan.fault, Dosed)
            or not metrics
            or not counts_all(self._rules, plan.alert, metrics)
        ):
            return 0.0
        names = self._contract.alert(plan.alert).metrics
        scenario = scenarios.load(load)
        hit = sum(
            weight
            for (_, weight), each in zip(requests_of(scenario), _sent(load), strict=True)
            if is_on(each.lines, plan.fault.routes) and self._may_count(each, names)
        )
        return hit / (sum(session.weight for session in scenario.mix) or 1.0)

    def is_first(self, drill: Loaded) -> bool:
        """Whether no run waits until its windows hold nothing of an earlier drill."""
        return fresh.is_needed(drill, self._contract.alert(drill.plan.alert))

    def harmless(self, drill: Loaded) -> float:
        """The window of its alert, and `for`."""
        alert = self._contract.alert(drill.plan.alert)
        return sum(seconds(length) for length in (alert.window, alert.hold) if length is not None)

    def _takes(self, drill: Loaded, sent: Sequence[Sent]) -> bool:
        plan = drill.plan
        if plan.scenario is None or plan.above is None:  # an exact value, or a state: no share of requests
            return False
        routes = plan.fault.routes if isinstance(plan.fault, Dosed) else ()
        names = self._contract.alert(plan.alert).metrics
        return any(not is_on(each.lines, routes) and self._may_count(each, names) for each in sent)

    def _may_count(self, sent: Sent, names: Collection[str]) -> bool:
        """Whether one of the metrics counts the request, or nobody knows."""
        method, _, route = sent.lines[0].partition(" ")
        for name in names:
            known = next((each for each in self._contract.metrics if name in samples_of(each)), None)
            match known.truth if known is not None else None:
                case RequestTruth() as truth:
                    if sent.counted and truth.counts(method, route, ""):
                        return True
                case TallyTruth() as truth:
                    if truth.tally in sent.tallies:
                        return True
                case _:
                    return True
        return not names


@lru_cache(maxsize=64)
def _sent(load: Path) -> tuple[Sent, ...]:
    return tuple(_kinds(load))


def _kinds(load: Path) -> Iterator[Sent]:
    for request, _ in requests_of(scenarios.load(load)):
        written = str(request.request).partition("?")[0]
        tallies = frozenset(tally.name for tally in request.tally)
        yield Sent((line(request), written), tallies, request.counted)
