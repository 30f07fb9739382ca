"""Whether a query may give nothing although all is well: what it shows has not happened in this run.

A healthy service answers no 5xx, sells no ticket, and has no alert that fires. A panel of it is empty, and rightly so.
That is told from a query that can never give anything: a name that nobody exposes, a label that no series has, a status
that no answer can have.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

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
CLOSE = 0.85
"""Of difflib's ratio: `http_request` is 0.96 from `http_requests`, `redis_up` 0.53 from `node_up`."""
STATUSES = tuple(str(status) for status in range(100, 600))
CLASSES = tuple(f"{digit}{end}" for digit in range(1, 6) for end in ("xx", "XX"))


def by_nature(
    cause: str,
    expression: str,
    served: Collection[str],
    contract: Contract,
    recordings: Sequence[tuple[str, str]] = (),
) -> bool:
    """Whether a query without a result may be so because nothing of it has happened.

    cause: as it was found (`grafana.causes`); served: names of the families that the server knows; recordings: name and
    expression of each recording rule.
    """
    if filters(expression):
        return True
    kind, about = told(cause)
    if kind == "metric":
        return (
            about in SYNTHETIC
            or _is_served(about, served)
            or _may_record_nothing(about, served, contract, recordings)
        )
    return kind in ("value", "selector") and not _impossible(about, contract)


def _is_served(name: str, served: Collection[str]) -> bool:
    return any(name.removesuffix(suffix) in served for suffix in SUFFIXES)


def _may_record_nothing(
    name: str, served: Collection[str], contract: Contract, recordings: Sequence[tuple[str, str]]
) -> bool:
    """Whether a recording rule may have written nothing: it reads what is exposed, and that need not have happened."""
    others = [row for row in recordings if row[0] != name]
    for recorded, expression in recordings:
        if recorded != name:
            continue
        try:
            nodes = selectors(parse(expression))
        except ValueError:
            continue
        empty = [node for node in nodes if _may_record_nothing(metric(node), served, contract, others)]
        is_known = all(node in empty or _is_served(metric(node), served) for node in nodes)
        asks = any(matchers(node) and not _impossible(node.prettify(), contract) for node in nodes)
        if is_known and (empty or asks or filters(expression)):
            return True
    return False


def elsewhere(name: str, served: Collection[str], absent: Sequence[str]) -> bool:
    """Whether a metric that nobody exposes may be that of a job which the run has no target of.

    One that is a known name but for a letter or two is that one misspelt.
    """
    known = {family.removesuffix(suffix) for family in served for suffix in SUFFIXES}
    return bool(absent) and not any(get_close_matches(_base(name), known, 1, CLOSE))


def of_absent(cause: str, served: Collection[str], absent: Sequence[str]) -> bool:
    """Whether a query gave nothing because its metric may be that of a job which the run has no target of."""
    kind, about = told(cause)
    return kind == "metric" and elsewhere(about, served, absent)


def _base(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if suffix and name.endswith(suffix)), name)


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
