"""The page and the contract on the deployment: equal as shipped, red for each single difference."""

from __future__ import annotations

import copy

import pytest

from promproof.checks.documented_deployment import CHECK
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records import Documentation
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
PREPARED = prepare(Options.of(stack="processes"))


def verdict(documentation: Documentation) -> Verdict:
    history = History("run", 0.0, 0.0, [Record(1, 0.0, documentation)])
    (claim,) = CHECK.claims(PREPARED.contract)
    return CHECK.judge(claim, Evidence(PREPARED.contract, history))


def test_the_shipped_page_differs_from_the_contract() -> None:
    assert verdict(PREPARED.documentation).outcome is Outcome.PASS, verdict(PREPARED.documentation).reason


@pytest.mark.parametrize(
    ("table", "key", "name", "column", "said"),
    [
        ("ports", "component", "Grafana", "port", "port of grafana is other"),
        ("settings", "setting", "retention time", "value", "retention time is other"),
        ("resources", "resource", "memory", "to", "typical memory is 100 MB to other"),
    ],
)
def test_a_figure_that_differs_passes(table: str, key: str, name: str, column: str, said: str) -> None:
    documentation = copy.deepcopy(PREPARED.documentation)
    (row,) = [one for one in documentation.deployment[table] if one.cells[key] == name]
    row.cells[column] = "other"
    found = verdict(documentation)
    assert found.outcome is Outcome.FAIL
    assert said in found.reason


def test_a_port_that_nobody_documents_passes() -> None:
    documentation = copy.deepcopy(PREPARED.documentation)
    documentation.deployment["ports"] = documentation.deployment["ports"][1:]
    assert "not documented" in verdict(documentation).reason
