"""A promtool that is built without a discovery refuses a file that is right; what else it refuses stays a failure."""

from __future__ import annotations

import pytest

from promproof.checks import configuration
from promproof.checks.base import Claim, judge
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate({"contract": 1, "service": "shop"})
HEAD = "Checking prometheus.yml FAILED: parsing YAML file prometheus.yml: yaml: unmarshal errors:"
PODS = "line 6: field kubernetes_sd_configs not found in type config.ScrapeConfig"


def told(output: str, status: int = 1) -> Verdict:
    row = {"command": "promtool check config prometheus.yml", "status": status, "output": output}
    history = History("by hand", 0.0, 0.0)
    history.records.append(record(0, 0.0, "tools", {"results": [row], "findings": []}))
    return judge(configuration.TOOLS, Claim("config/clean"), Evidence(CONTRACT, history))


@pytest.mark.parametrize(
    "more", ["", " line 9: field azure_sd_configs not found in type config.ScrapeConfig"]
)
def test_a_discovery_that_promtool_is_built_without_is_not_verified(more: str) -> None:
    verdict = told(f"{HEAD} {PODS}{more}")
    assert verdict.outcome == "not verified"
    assert "is built without kubernetes_sd_configs" in verdict.reason


@pytest.mark.parametrize(
    "output",
    [
        f"{HEAD} {PODS} line 9: field scrape_intervall not found in type config.ScrapeConfig",
        f"{HEAD} {PODS} line 9: cannot unmarshal !!str `many` into uint",
        f"{HEAD} line 6: field kubernets_sd_configs not found in type config.ScrapeConfig",
        "Checking prometheus.yml FAILED: 'rules' does not point to an existing file",
    ],
)
def test_whatever_else_it_refuses_is_a_failure(output: str) -> None:
    assert told(output).outcome == "fail"


def test_a_clean_file_passes() -> None:
    assert told("SUCCESS", 0).outcome == "pass"
