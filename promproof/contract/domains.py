"""The values that a contract allows to labels, where they have an end: what a pattern of a query selects among them."""

from __future__ import annotations

from promproof.config.patterns import Domains, every
from promproof.contract.labels import Label
from promproof.contract.model import Contract


def domains(contract: Contract) -> Domains:
    """By metric and label, all documented values; a label that may have others is left out."""
    return {
        (metric.name, name): values
        for metric in contract.metrics
        for name, label in metric.labels.items()
        if (values := _values(label)) is not None
    }


def _values(label: Label) -> frozenset[str] | None:
    if label.values is None and label.pattern is None:
        return None
    made = every(label.pattern) if label.pattern is not None else frozenset()
    return made | frozenset(label.values or ()) if made is not None else None
