"""Alerts as Prometheus sees them now: state, the quantity that the rule compares, and its threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promproof.contract.model import Alert, Contract
from promproof.errors import EvidenceError
from promproof.observe.prometheus import Prometheus
from promproof.promql.comparison import Comparison, comparison_of
from promproof.report.page.scales import shown
from promproof.report.page.wording import dimension_of, promise_of


@dataclass(frozen=True)
class AlertState:
    """One alert at one moment.

    state: inactive, pending, firing, or absent when Prometheus has no such rule. quantity: its values now, by series;
    empty when there is none. documented: what the contract promises. hold: `for` of the rule that is loaded, in
    seconds. unit: of the quantity, as the contract or else the name of its metric says it. always: whether it is
    documented to fire always.
    """

    name: str
    state: str
    quantity: tuple[float, ...]
    comparison: Comparison | None
    since: str
    documented: str
    trouble: str = ""
    hold: float | None = None
    unit: str = ""
    always: bool = False


def states(contract: Contract, prometheus: Prometheus) -> list[AlertState]:
    """Every documented alert, and every other alerting rule that Prometheus has.

    Raises:
        EvidenceError: Prometheus does not answer.
    """
    rules = {
        rule["name"]: rule
        for group in prometheus.rules()
        for rule in group["rules"]
        if rule.get("type") == "alerting"
    }
    documented = {alert.name: alert for alert in contract.alerts}
    names = [*documented, *(name for name in rules if name not in documented)]
    return [_state(name, rules.get(name), documented.get(name), prometheus) for name in names]


def _state(name: str, rule: dict[str, Any] | None, alert: Alert | None, prometheus: Prometheus) -> AlertState:
    promised = "" if alert is None else promise_of(alert)
    always = alert is not None and alert.always
    if rule is None:
        return AlertState(name, "absent", (), None, "", promised, always=always)
    comparison = comparison_of(rule["query"])
    quantity: tuple[float, ...] = ()
    trouble = str(rule.get("lastError") or "")
    if comparison is not None:
        try:
            found = prometheus.query(comparison.quantity)
            quantity = tuple(value for _, value in found if not math.isnan(value))
        except EvidenceError as error:
            trouble = error.state
    since = min((str(alert["activeAt"]) for alert in rule.get("alerts", ())), default="")
    unit = (alert.unit if alert is not None else None) or (
        dimension_of(comparison.quantity) if comparison else ""
    )
    hold = float(rule.get("duration") or 0)
    return AlertState(name, rule["state"], quantity, comparison, since, promised, trouble, hold, unit, always)


def worst(state: AlertState) -> float | None:
    """The value of the quantity that is nearest to firing; None when there is none."""
    if not state.quantity or state.comparison is None:
        return None
    return (max if state.comparison.comparator.startswith(">") else min)(state.quantity)


def as_rows(found: Sequence[AlertState], now: float) -> list[dict[str, Any]]:
    """For the page. now: epoch seconds."""
    return [
        {
            "name": alert.name,
            "state": alert.state,
            "quantity": worst(alert),
            "shown": _shown(worst(alert), alert.unit),
            "comparator": "" if alert.comparison is None else alert.comparison.comparator,
            "threshold": None if alert.comparison is None else alert.comparison.threshold,
            "loaded": _loaded(alert),
            "for": alert.hold,
            "lasts": _lasts(alert, now),
            "documented": alert.documented,
            "since": alert.since,
            "always": alert.always,
            "trouble": alert.trouble,
        }
        for alert in found
    ]


def _shown(value: float | None, unit: str) -> str:
    return "" if value is None else shown(value, unit)


def _loaded(alert: AlertState) -> str:
    """What the rule that Prometheus has says, as the documented promise is written: `> 5% for 5 s`."""
    if alert.comparison is None:
        return ""
    limit = _shown(alert.comparison.threshold, alert.unit)
    return f"{alert.comparison.comparator} {limit}" + (
        f" for {shown(alert.hold, 'seconds')}" if alert.hold else ""
    )


def _lasts(alert: AlertState, now: float) -> float | None:
    """For how long (s) it has been active; None while it is not."""
    if not alert.since:
        return None
    return round(max(0.0, now - datetime.fromisoformat(alert.since).timestamp()), 1)
