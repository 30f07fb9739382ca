"""How long traffic that is over still moves alerts: what a run waits for before a drill, and what it can't wait for.

A burn-rate alert over three days holds what was done on purpose for an hour even at time scale 60. No run waits for
that: such an alert may be right to fire, and is not among those that must be silent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from promproof.config.promql_durations import windows
from promproof.config.rules import Rule
from promproof.contract.model import Alert, Contract

LONGEST_WAIT = 3600.0
"""Seconds, unscaled. An alert that sees traffic for longer after its end is not waited for."""


def seen_over(alert: Alert, rules: Iterable[Rule]) -> tuple[float, ...]:
    """The ranges (s, unscaled) over which an alert looks: the promised ones, or those of its rule where none is."""
    if alert.window is not None or alert.unit == "state":  # a state without a window is promised to have none
        return alert.windows
    try:
        found = {length for rule in rules if rule.name == alert.name for length in windows(rule.expression)}
    except ValueError:
        return ()
    return tuple(sorted(length / 1000 for length in found))


def memory(contract: Contract, rules: Iterable[Rule]) -> dict[str, float]:
    """How long (s, unscaled) each alert sees traffic that is over, if it looks at one of the contract's metrics or does
    not tell at which; the traffic moves no other. rules: for windows that the contract does not promise.

    A window of hours over the machine's disk holds nothing of what the traffic did on purpose. Of two windows that
    must both be beyond the threshold the short one decides.
    """
    own, known = {metric.name for metric in contract.metrics}, tuple(rules)
    return {
        alert.name: min(lengths)
        for alert in contract.alerts
        if (lengths := seen_over(alert, known)) and (not alert.metrics or own.intersection(alert.metrics))
    }


def remains(contract: Contract, rules: Iterable[Rule], alert: Alert, earlier: Iterable[Alert]) -> float:
    """How long (s, unscaled) an alert sees what was done for others before; 0 where they look at other metrics."""

    def is_seen(other: Alert) -> bool:
        return not (alert.metrics and other.metrics) or bool({*alert.metrics} & {*other.metrics})

    return memory(contract, rules).get(alert.name, 0.0) if any(map(is_seen, earlier)) else 0.0


def awaited(contract: Contract, rules: Iterable[Rule], may: Collection[str]) -> list[float]:
    """The windows (s, unscaled) that a run lets pass before its drill; may: alerts that the drill allows to fire."""
    seen = memory(contract, rules).items()
    return [window for name, window in seen if window <= LONGEST_WAIT and name not in may]


def unsettled(contract: Contract, rules: Iterable[Rule]) -> set[str]:
    """The alerts that may still see the traffic before a drill when it begins."""
    return {name for name, window in memory(contract, rules).items() if window > LONGEST_WAIT}
