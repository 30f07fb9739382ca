"""Metrics that a query asks the target for, where the contract says all that the target exposes.

A contract with `allowed` names every family that may be there: a selector of the target's job with another name finds
nothing. No server is needed to say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from promproof.config.promql import parse
from promproof.contract.model import Contract
from promproof.grafana.queries import metric_of
from promproof.promql.tree import matchers, selectors

SUFFIXES = ("_bucket", "_sum", "_count")


def is_known(contract: Contract, name: str, served: Collection[str]) -> bool:
    """Whether the contract, a server (served) or Prometheus itself has a metric of this name."""
    bases = {name, *(name.removesuffix(suffix) for suffix in SUFFIXES), name.removesuffix("_total")}
    return (
        any(contract.permits(base) for base in bases)
        or not bases.isdisjoint({*served, "up", "ALERTS"})
        or name.startswith("scrape_")
    )


def strange(expression: str, contract: Contract, recorded: Collection[str]) -> Iterator[str]:
    """The metrics that an expression asks the target for, and that it does not expose by its contract.

    recorded: the names that recording rules write. An expression that does not parse is found elsewhere.
    """
    if contract.allowed is None or not contract.target.job:
        return
    try:
        found = selectors(parse(expression))
    except ValueError:
        return
    asked = (
        metric_of(selector) for selector in found if ("job", "=", contract.target.job) in matchers(selector)
    )
    for name in dict.fromkeys(asked):
        if name and not is_known(contract, name, recorded):
            yield name
