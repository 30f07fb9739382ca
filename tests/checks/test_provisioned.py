"""The provisioning files and the contract's `provisioned`: equal as shipped, red for each single difference."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from promproof.checks.deployment_provisioned import CHECK
from promproof.contract.deployment import Provisioned
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.run.judged import files_judged
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
PREPARED = prepare(Options.of(stack="processes"))
FILES = files_judged(PREPARED)
SOURCE, PROVIDER = ("sources", 0), ("providers", 0)
Place = tuple[str, int]


def verdict(change: Callable[[dict[str, Any]], object] = lambda said: None) -> Verdict:
    facts = copy.deepcopy(FILES.facts)
    change(facts["provisioned"])
    history = History("run", 0.0, 0.0, [Record(1, 0.0, replace(FILES, facts=facts))])
    (claim,) = CHECK.claims(PREPARED.contract)
    return CHECK.judge(claim, Evidence(PREPARED.contract, history))


def put(place: Place, key: str, value: str) -> Verdict:
    return verdict(lambda said: said[place[0]][place[1]]["keys"].update({key: value}))


def test_the_shipped_files_are_as_documented() -> None:
    assert verdict().outcome is Outcome.PASS, verdict().reason


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        (SOURCE, "jsonData.customQueryParameters", "max_source_resolution=1h"),
        (SOURCE, "jsonData.queryTimeout", "1s"),
        (SOURCE, "basicAuth", "true"),
        (SOURCE, "orgId", "2"),
        (SOURCE, "jsonData.timeInterval", "60s"),
        (SOURCE, "jsonData.prometheusType", "Mimir"),
        (SOURCE, "access", "direct"),
        (SOURCE, "url", "http://prometheus:9091"),
        (PROVIDER, "updateIntervalSeconds", "86400"),
        (PROVIDER, "allowUiUpdates", "true"),
        (PROVIDER, "disableDeletion", "false"),
        (PROVIDER, "orgId", "2"),
        (PROVIDER, "options.path", "/var/lib/grafana/dashboard"),
    ],
)
def test_another_value_fails_with_its_key(place: Place, key: str, value: str) -> None:
    found = put(place, key, value)
    assert found.outcome is Outcome.FAIL
    assert f"{key} of the" in found.reason


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        (SOURCE, "url", "http://prometheus:9090/"),
        (SOURCE, "version", "3"),
        (SOURCE, "basicAuth", "false"),
        (SOURCE, "jsonData.queryTimeout", "60s"),
        (SOURCE, "jsonData.manageAlerts", "true"),
        (PROVIDER, "options.foldersFromFilesStructure", "false"),
        (PROVIDER, "disableDeletion", "True"),
        (PROVIDER, "options.path", "/var/lib/grafana/dashboards/"),
    ],
)
def test_what_grafana_takes_anyway_is_no_difference(place: Place, key: str, value: str) -> None:
    found = put(place, key, value)
    assert found.outcome is Outcome.PASS, found.reason


def test_a_key_of_the_contract_that_the_file_lacks_is_reported() -> None:
    found = verdict(lambda said: said["sources"][0]["keys"].pop("isDefault"))
    assert "isDefault of the data source Prometheus is as Grafana has it, documented true" in found.reason


def test_further_entries_and_missing_ones_are_reported() -> None:
    other = {"name": "Other", "keys": {}, "where": "sources.yml:3"}
    assert (
        "the data source Other is not documented"
        in verdict(lambda said: said["sources"].append(other)).reason
    )
    assert "no provider is called PromptPilot" in verdict(lambda said: said["providers"].clear()).reason


def test_a_sort_that_the_contract_leaves_out_is_not_judged() -> None:
    deployment = PREPARED.contract.deployment
    assert deployment is not None
    open_ = deployment.model_copy(update={"provisioned": Provisioned(providers={})})
    contract = PREPARED.contract.model_copy(update={"deployment": open_})
    (claim,) = CHECK.claims(contract)
    found = CHECK.judge(claim, Evidence(contract, History("run", 0.0, 0.0, [Record(1, 0.0, FILES)])))
    assert "data source" not in found.reason
    assert "the provider PromptPilot is not documented" in found.reason


def test_secrets_are_in_no_record() -> None:
    assert "secure" not in str(FILES.facts["provisioned"])
