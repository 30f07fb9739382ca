"""Which labels a node's samples surely have, surely lack, and with which values.

Only what no data can change is sure: matchers, grouping, matching, functions. A label that nobody names may be there.
Source: prometheus/promql/engine.go (resultMetric, aggregation, funcAbsent and the label functions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare
from promproof.promql.tree import (
    cardinality,
    fits,
    group_labels,
    grouping,
    is_scalar,
    matchers,
    matching,
    metric,
    name,
    operator,
)


@dataclass(frozen=True)
class Labels:
    """has: surely there. fixed: with this value. gone: surely not there. may: all there can be; None: anything."""

    has: frozenset[str] = frozenset()
    fixed: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    may: frozenset[str] | None = None

    def can_have(self, label: str) -> bool:
        """Whether a sample can carry the label."""
        return label not in self.gone and (self.may is None or label in self.may)

    def only(self, kept: frozenset[str]) -> Labels:
        """What is left when all other labels are dropped."""
        possible = frozenset(label for label in kept if self.can_have(label))
        return Labels(self.has & kept, _of(self.fixed, kept), self.gone & kept, possible)

    def dropped(self, labels: frozenset[str]) -> Labels:
        """What is left when these labels are dropped."""
        fixed = {label: value for label, value in self.fixed.items() if label not in labels}
        may = None if self.may is None else self.may - labels
        return Labels(self.has - labels, fixed, self.gone | labels, may)

    def written(self, label: str) -> Labels:
        """The label may have been written, with a value nobody knows."""
        fixed = {key: value for key, value in self.fixed.items() if key != label}
        may = None if self.may is None else self.may | {label}
        return Labels(self.has - {label}, fixed, self.gone - {label}, may)

    def given(self, texts: Mapping[str, str]) -> Labels:
        """The labels that a rule adds; an empty value removes one."""
        result = self.dropped(frozenset(label for label, value in texts.items() if not value))
        added = {label: value for label, value in texts.items() if value and "{{" not in value}
        for label in (label for label, value in texts.items() if value):
            result = result.written(label)
        return replace(result, has=result.has | frozenset(added), fixed={**result.fixed, **added})

    def either(self, other: Labels) -> Labels:
        """What holds for samples that come from one or the other."""
        fixed = {label: value for label, value in self.fixed.items() if other.fixed.get(label) == value}
        may = None if self.may is None or other.may is None else self.may | other.may
        gone = frozenset(label for label in self.gone if not other.can_have(label)) | frozenset(
            label for label in other.gone if not self.can_have(label)
        )
        return Labels(self.has & other.has, fixed, gone, may)


NONE = Labels(may=frozenset())
"""Samples without labels."""
Recorded = Callable[[str], Labels | None]
"""The labels that recording rules give a metric; None when it is not recorded here."""


def nothing_recorded(metric_name: str) -> Labels | None:
    """For an expression without its folder."""
    return None


def labels_of(node: Any, recorded: Recorded = nothing_recorded) -> Labels:
    """The labels of a node's samples."""
    node = bare(node)
    if isinstance(node, promql.VectorSelector):
        return _selected(node, recorded)
    if isinstance(node, promql.MatrixSelector):
        return _selected(node.vector_selector, recorded)
    if isinstance(node, promql.SubqueryExpr | promql.UnaryExpr):
        return labels_of(node.expr, recorded)
    if isinstance(node, promql.AggregateExpr):
        return _aggregated(node, recorded)
    if isinstance(node, promql.BinaryExpr):
        return _joined(node, recorded)
    if isinstance(node, promql.Call):
        return _called(node, recorded)
    return NONE


def _selected(selector: Any, recorded: Recorded) -> Labels:
    result = recorded(metric(selector)) or Labels()
    has, fixed, gone = set(result.has), dict(result.fixed), set(result.gone)
    for label, sign, value in matchers(selector):
        if label == "__name__":
            continue
        if sign == "=" and value:
            fixed[label] = value
        if sign == "=" and not value:
            gone.add(label)
        elif fits("", sign, value) is False:
            has.add(label)
    return Labels(frozenset(has), fixed, frozenset(gone), result.may)


def _aggregated(node: Any, recorded: Recorded) -> Labels:
    inner = labels_of(node.expr, recorded)
    kind = operator(node)
    if kind in ("topk", "bottomk", "limitk", "limit_ratio"):
        return inner
    without, labels = grouping(node)
    result = inner.dropped(labels) if without else inner.only(labels)
    if kind == "count_values" and isinstance(bare(node.param), promql.StringLiteral):
        counted = str(bare(node.param).val)
        result = result.written(counted)
        return replace(result, has=result.has | {counted})
    return result


def _joined(node: Any, recorded: Recorded) -> Labels:
    left, right = labels_of(node.lhs, recorded), labels_of(node.rhs, recorded)
    kind = operator(node)
    if kind == "or":
        return left.either(right)
    if kind in ("and", "unless") or is_scalar(node.rhs):
        return left
    if is_scalar(node.lhs):
        return right
    how, labels = matching(node)
    card = cardinality(node)
    if card == "OneToOne":
        kept = left.only(labels) if how == "on" else left.dropped(labels)
        shared = right.only(labels) if how == "on" else right.dropped(labels)
        return _equal(kept, shared)
    many, few = (left, right) if card == "ManyToOne" else (right, left)
    for label in group_labels(node):
        many = many.written(label) if few.can_have(label) else many.dropped(frozenset({label}))
        if label in few.has:
            value = {label: few.fixed[label]} if label in few.fixed else {}
            many = replace(many, has=many.has | {label}, fixed={**many.fixed, **value})
    return many


def _equal(left: Labels, right: Labels) -> Labels:
    """Both sides of a match one to one have the same labels: what one side knows holds for the other."""
    both = [side.may for side in (left, right) if side.may is not None]
    may = frozenset.intersection(*both) if both else None
    return Labels(left.has | right.has, {**right.fixed, **left.fixed}, left.gone | right.gone, may)


_PASSED = frozenset(("label_replace", "label_join"))
_UNLABELLED = frozenset(("vector", "scalar", "time", "pi"))
_OF_DATES = frozenset(
    ("hour", "minute", "month", "year", "day_of_month", "day_of_week", "day_of_year", "days_in_month")
)


def _called(node: Any, recorded: Recorded) -> Labels:
    called = name(node)
    if called in _UNLABELLED or (called in _OF_DATES and not node.args):
        return NONE
    if called in ("absent", "absent_over_time"):
        return _absent(bare(node.args[0]))
    if called == "info":
        return Labels()
    vectors = [argument for argument in node.args if not _is_text(argument) and not is_scalar(argument)]
    if not vectors:
        return Labels()
    inner = labels_of(vectors[0], recorded)
    if called in _PASSED and len(node.args) > 1 and _is_text(node.args[1]):
        return inner.written(str(bare(node.args[1]).val))
    if called == "histogram_quantile":
        return inner.dropped(frozenset({"le"}))
    return inner


def _is_text(node: Any) -> bool:
    return isinstance(bare(node), promql.StringLiteral)


def _absent(argument: Any) -> Labels:
    """absent() gives the labels that its selector fixes, and none for anything but a selector."""
    if isinstance(argument, promql.MatrixSelector):
        argument = argument.vector_selector
    if not isinstance(argument, promql.VectorSelector):
        return NONE
    named = [(label, sign, value) for label, sign, value in matchers(argument) if label != "__name__"]
    counts = [label for label, _, _ in named]
    fixed = {
        label: value for label, sign, value in named if sign == "=" and value and counts.count(label) == 1
    }
    return Labels(frozenset(fixed), fixed, may=frozenset(fixed))


def _of(texts: Mapping[str, str], kept: frozenset[str]) -> dict[str, str]:
    return {label: value for label, value in texts.items() if label in kept}
