"""The thresholds of an alert's lanes: the documented one, and beside it that of the loaded rule where it is another."""

from __future__ import annotations

from collections.abc import Sequence

import promql_parser as promql

from promproof.config.guards import is_documented, operands, unguarded
from promproof.config.promql import bare, parse
from promproof.config.rules import number
from promproof.config.sameness import in_one_form
from promproof.contract.model import Alert
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import RuleFiles
from promproof.promql.comparison import comparison_of
from promproof.promql.values import unit
from promproof.report.page.shapes import Limit
from promproof.report.page.wording import dimension_of


def documented(alert: Alert) -> Limit | None:
    """What the documentation says."""
    if alert.threshold is None or alert.comparator is None:
        return None
    return Limit(alert.comparator, alert.threshold)


def loaded(evidence: Evidence, alert: Alert) -> Limit | None:
    """What the deployed rule compares with instead of the documented threshold; None where it says the same."""
    promised, expression = documented(alert), _expression(evidence, alert)
    if promised is None or not expression:
        return None
    try:
        for form in (expression, in_one_form(expression)):
            found = unguarded(operands(form), promised.comparator, promised.value)
            if is_documented(found, promised.comparator, promised.value):
                return None
    except ValueError:  # its claim says that it can't be parsed
        return None
    compared = comparison_of(expression)
    if compared is None or _is_in_other_terms(compared.quantity):
        return None
    return Limit(compared.comparator, compared.threshold)


def beside(first: Limit, second: Limit | None, said: str, said_of_second: str) -> Sequence[Limit]:
    """Both thresholds with whose they are, or the only one without."""
    if second is None:
        return (first,)
    return (
        Limit(first.comparator, first.value, said),
        Limit(second.comparator, second.value, said_of_second),
    )


def dimension(evidence: Evidence, alert: Alert, in_its_terms: bool) -> str:
    """In what the quantity of its rule is written.

    in_its_terms: whether the rule compares it with the documented threshold as the contract writes it.
    """
    if in_its_terms and alert.unit in ("ratio", "seconds"):
        return str(alert.unit)
    compared = None if alert.unit else comparison_of(_expression(evidence, alert))
    return "number" if compared is None else dimension_of(compared.quantity)


def _is_in_other_terms(quantity: str) -> bool:
    """Whether it is in percent or milliseconds, which a contract is not: they have no place on one axis."""
    node = bare(parse(quantity))
    if unit(node) in ("percent", "milliseconds"):
        return True
    return (
        isinstance(node, promql.BinaryExpr)
        and str(node.op) == "*"
        and 100 in map(number, (node.lhs, node.rhs))
    )


def _expression(evidence: Evidence, alert: Alert) -> str:
    """The expression of its rule in the files as shipped; empty without exactly one."""
    record = evidence.history.last(RuleFiles)
    rules = [rule for rule in record.data.rules if rule.name == alert.name] if record is not None else []
    return rules[0].expression if len(rules) == 1 else ""
