"""Which instances of the target's job a query reads: what those count that get no requests is in no ledger of the run.

A query that says nothing of `instance` reads all of them, and so does one of a recording rule that has summed it away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promproof.grafana.queries import selectors
from promproof.promql.tree import fits, matchers


def read_by(expression: str, job: str, siblings: Sequence[str]) -> tuple[str, ...]:
    """Those of the siblings that a selector of the expression may let in; all of them where it does not parse."""
    try:
        nodes = selectors(expression)
    except ValueError:
        return tuple(siblings)
    return tuple(
        instance
        for instance in siblings
        if any(_may_let_in(node, {"job": job, "instance": instance}) for node in nodes)
    )


def read_alike(expression: str, job: str, instances: Sequence[str]) -> tuple[str, ...] | None:
    """Those of the instances that a query reads; None where its selectors read different ones, or it does not parse."""
    try:
        nodes = selectors(expression)
    except ValueError:
        return None
    read = {
        tuple(name for name in instances if _may_let_in(node, {"job": job, "instance": name}))
        for node in nodes
    }
    found = read - {()}  # what lets none in is of another job
    return found.pop() if len(found) == 1 else None


def _may_let_in(selector: Any, identity: Mapping[str, str]) -> bool:
    """Whether its matchers of these labels are met; one that can't be read here may be."""
    return all(
        fits(identity[label], sign, wanted) is not False
        for label, sign, wanted in matchers(selector)
        if label in identity
    )
