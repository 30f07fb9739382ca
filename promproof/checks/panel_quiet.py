"""Whether a query may give nothing although all is well: what it shows has not happened in this run.

A healthy service answers no 5xx, sells no ticket, and has no alert that fires. A panel of it is empty, and rightly so.
That is told from a query that can never give anything: a name that nobody exposes, a label that no series has, a status
that no answer can have.
"""

from __future__ import annotations

from collections.abc import Collection

import promql_parser as promql

from promproof.config.promql import parse
from promproof.contract.labels import Label
from promproof.contract.model import Contract
from promproof.exposition import Exposition
from promproof.grafana.causes import filters, told
from promproof.promql.tree import fits, matchers, metric, selectors

SUFFIXES = ("_bucket", "_sum", "_count", "_total", "")
SYNTHETIC = ("ALERTS", "ALERTS_FOR_STATE")
"""What Prometheus writes of alerts that are active."""
STATUSES = tuple(str(status) for status in range(100, 600))
CLASSES = tuple(f"{digit}{end}" for digit in range(1, 6) for end in ("xx", "XX"))


def by_nature(cause: str, expression: str, served: Collection[str], contract: Contract) -> bool:
    """Whether a query without a result may be so because nothing of it has happened.

    cause: as it was found (`grafana.causes`); served: names of the families that the server knows.
    """
    if filters(expression):
        return True
    kind, about = told(cause)
    if kind == "metric":
        return about in SYNTHETIC or any(about.removesuffix(suffix) in served for suffix in SUFFIXES)
    return kind in ("value", "selector") and not _impossible(about, contract)


def _impossible(about: str, contract: Contract) -> bool:
    """Whether a selector asks for a status that no request can have."""
    try:
        [selector] = selectors(parse(about))
    except ValueError:
        return False
    name = metric(selector)
    labels = next((known.labels for known in contract.metrics if name.startswith(known.name)), {})
    return any(
        not any(fits(value, sign, wanted) is not False for value in _values(labels.get(label)))
        for label, sign, wanted in matchers(selector)
        if label in labels and _values(labels[label])
    )


def _values(label: Label | None) -> tuple[str, ...]:
    """Every value that a label of a status can have; none for another label, which may have any."""
    if label is None or label.spelling:
        return ()
    return {"status": STATUSES, "status_class": CLASSES}.get(str(label.source), ())


def none_chosen(expanded: str, labels: Collection[str], chosen: Collection[str], shown: Exposition) -> bool:
    """Whether the target exposes no series that a query with a variable at these values could show.

    labels: those that the variable is compared with; chosen: its values.
    """
    try:
        nodes = selectors(parse(expanded))
    except ValueError:
        return False
    return any(_has_none(node, labels, chosen, shown) for node in nodes)


def _has_none(
    node: promql.VectorSelector, labels: Collection[str], chosen: Collection[str], shown: Exposition
) -> bool:
    series = shown.series(metric(node))
    known = {label for given in series for label, _ in given}
    asked = [(label, sign, wanted) for label, sign, wanted in matchers(node) if label in known]
    if not series or not any(label in labels for label, _, _ in asked):
        return False  # not the target's, or not about the choice
    return not any(_meets(dict(given), asked, labels, chosen) for given in series)


def _meets(
    given: dict[str, str], asked: list[tuple[str, str, str]], labels: Collection[str], chosen: Collection[str]
) -> bool:
    return all(
        given.get(label, "") in chosen
        if label in labels
        else fits(given.get(label, ""), sign, wanted) is not False
        for label, sign, wanted in asked
    )
