"""What an alert promises, in the units that people read."""

from __future__ import annotations

from promproof.config.promql import parse
from promproof.contract.model import Alert, seconds
from promproof.promql.values import unit
from promproof.report.page.scales import shown


def limit_of(alert: Alert) -> str:
    """Its comparator and threshold: `> 5%`, `> 1 s`, `== 0`; empty where it has none."""
    if alert.threshold is None:
        return ""
    dimension = str(alert.unit) if alert.unit in ("ratio", "seconds") else "number"
    return f"{alert.comparator} {shown(alert.threshold, dimension, 6)}"


def promise_of(alert: Alert) -> str:
    """Its threshold, window and `for`: `> 5% over 5m for 5m`."""
    window = f"over {alert.window}" if alert.window and seconds(alert.window) else ""
    hold = f"for {alert.hold}" if alert.hold else ""
    limit = "always fires" if alert.always else limit_of(alert)
    return " ".join(text for text in (limit, window, hold) if text)


def dimension_of(quantity: str) -> str:
    """In what the value of an expression is written, as far as the names of its metrics tell it for sure."""
    try:
        found = unit(parse(quantity))
    except ValueError:
        return "number"
    return found if found in ("ratio", "seconds", "bytes") else "number"
