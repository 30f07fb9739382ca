"""The page and the contract on the deployment: equal as shipped, red for each single difference."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from promproof.checks.documented_deployment import CHECK, TABLES
from promproof.contract.model import Contract
from promproof.contract.page import PagePromises
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records import Documentation, PageRow
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
PREPARED = prepare(Options.of(stack="processes"))


def verdict(documentation: Documentation, contract: Contract = PREPARED.contract) -> Verdict:
    history = History("run", 0.0, 0.0, [Record(1, 0.0, documentation)])
    (claim,) = CHECK.claims(contract)
    return CHECK.judge(claim, Evidence(contract, history))


def test_the_shipped_page_agrees_with_the_contract() -> None:
    assert verdict(PREPARED.documentation).outcome is Outcome.PASS, verdict(PREPARED.documentation).reason


@pytest.mark.parametrize(
    ("table", "key", "name", "column", "said"),
    [
        ("ports", "component", "Grafana", "port", "port of grafana is other"),
        ("settings", "setting", "retention time", "value", "retention time is other"),
        ("resources", "resource", "memory", "to", "typical memory is 100 MB to other"),
    ],
)
def test_a_figure_that_differs_fails(table: str, key: str, name: str, column: str, said: str) -> None:
    documentation = copy.deepcopy(PREPARED.documentation)
    (row,) = [row for row in documentation.deployment[table] if row.cells[key] == name]
    row.cells[column] = "other"
    found = verdict(documentation)
    assert found.outcome is Outcome.FAIL
    assert said in found.reason


def test_a_page_without_these_tables_is_not_verified() -> None:
    documentation = replace(PREPARED.documentation, deployment=dict.fromkeys(TABLES, ()))
    assert verdict(documentation).outcome is Outcome.NOT_VERIFIED


@pytest.mark.parametrize(
    ("table", "key", "name", "new"),
    [
        ("settings", "setting", "retention time", {"value": "15 days"}),
        ("settings", "setting", "retention size", {"value": "8 GiB"}),
        ("settings", "setting", "active users window", {"setting": "retention of logs", "value": "7 days"}),
        ("ports", "component", "Node Exporter", {"component": "node_exporter"}),
    ],
)
def test_other_words_for_the_same_pass(table: str, key: str, name: str, new: dict[str, str]) -> None:
    documentation = copy.deepcopy(PREPARED.documentation)
    (row,) = [row for row in documentation.deployment[table] if row.cells[key] == name]
    row.cells.update(new)
    found = verdict(documentation)
    assert found.outcome is Outcome.PASS, found.reason


def test_a_row_of_another_service_is_red_only_where_the_contract_has_all_ports() -> None:
    documentation = copy.deepcopy(PREPARED.documentation)
    own = PageRow({"component": "API", "port": "8000"}, 1)
    documentation.deployment["ports"] = (*documentation.deployment["ports"], own)
    assert verdict(documentation).outcome is Outcome.PASS
    other = PageRow({"component": "Postgres", "port": "5432"}, 2)
    documentation.deployment["ports"] = (*documentation.deployment["ports"], other)
    assert "port of postgres is 5432" in verdict(documentation).reason
    contract = PREPARED.contract.model_copy(update={"page": PagePromises()})
    assert verdict(documentation, contract).outcome is Outcome.PASS


def test_a_port_that_nobody_documents_fails() -> None:
    documentation = copy.deepcopy(PREPARED.documentation)
    documentation.deployment["ports"] = documentation.deployment["ports"][1:]
    assert "not documented" in verdict(documentation).reason
