"""Claims as pytest items, collected from the contract itself: `my/contract.yaml::metric/requests_total/exact`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from promproof.pytest_plugin.driving import verdict_of
from promproof.pytest_plugin.state import claim_ids, values
from promproof.report.outcome import demand


class ContractFile(pytest.File):
    """A contract: one item for each claim that is asked for."""

    def collect(self) -> Iterator[pytest.Item]:
        for claim in claim_ids(self.config):
            yield ClaimItem.from_parent(self, name=claim)


class ClaimItem(pytest.Item):
    """One claim; its name is the claim's id. The first one drives the run."""

    def runtest(self) -> None:
        demand(verdict_of(self.config, self.name))

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        return self.path, None, self.name


def collect_contract_alone(config: pytest.Config) -> None:
    """Where no paths are given, the contract is what is collected, and neither `testpaths` nor the working folder."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(values(config)["contract"])]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ContractFile | None:
    contract = Path(values(parent.config)["contract"])
    if file_path.suffix == contract.suffix and file_path == Path(os.path.abspath(contract)):
        name = os.path.relpath(
            file_path, parent.config.rootpath
        )  # also for one outside, which has none in pytest
        return ContractFile.from_parent(parent, path=file_path, nodeid=name.replace(os.sep, "/"))
    return None
