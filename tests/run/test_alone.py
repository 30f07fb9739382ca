"""A run finds its monitoring folder: the one named, the contract's own, or one for a target that has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.contract.model import Contract
from promproof.run import alone
from promproof.run.options import Options

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate({"contract": 1, "service": "shop", "target": {"metrics_path": "/stats"}})
PROMETHEUS = "scrape_configs: [{job_name: api, static_configs: [{targets: ['localhost:1']}]}]\n"


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(alone, "DEFAULT_MONITORING", tmp_path / "monitoring")
    return Options(contract=tmp_path / "contract.yaml", monitoring=tmp_path / "monitoring")


def test_a_target_without_any_monitoring_gets_one_job_of_its_own(options: Options) -> None:
    [job] = read_folder(alone.with_monitoring(options, CONTRACT).monitoring).jobs.values()
    assert (job.name, job.metrics_path) == ("shop", "/stats")


def test_a_prometheus_yml_beside_the_contract_is_taken(options: Options) -> None:
    (options.contract.parent / "prometheus.yml").write_text(PROMETHEUS, encoding="utf-8")
    assert alone.with_monitoring(options, CONTRACT).monitoring == options.contract.parent


def test_a_folder_that_somebody_names_is_not_replaced(options: Options, tmp_path: Path) -> None:
    named = replace(options, monitoring=tmp_path / "elsewhere")
    assert alone.with_monitoring(named, CONTRACT) == named
