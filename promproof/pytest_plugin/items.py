"""Claims as pytest items, collected from the contract itself: `my/contract.yaml::metric/requests_total/exact`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from promproof.pytest_plugin.driving import verdict_of
from promproof.pytest_plugin.state import claim_ids, values
from promproof.report.outcome import demand

ASKING = {"verdict", "result"}
"""The fixtures by which a test of a suite asks for what the run found."""


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


def asks(item: pytest.Item) -> bool:
    """Whether the item is about what the run finds; the first such item drives it."""
    return isinstance(item, ClaimItem) or not ASKING.isdisjoint(getattr(item, "fixturenames", ()))


def claim_of(item: pytest.Item) -> str | None:
    """The id of the claim that an item is about, of the contract itself or of a suite."""
    if isinstance(item, ClaimItem):
        return item.name
    claim = getattr(getattr(item, "callspec", None), "params", {}).get("claim")
    return claim if isinstance(claim, str) else None


def not_chosen(
    config: pytest.Config, kept: Iterable[pytest.Item], dropped: Iterable[pytest.Item]
) -> set[str]:
    """The claims that somebody left out, by -k, --lf or an id say.

    Of the contract's own items it is all that are not there. A suite may have none of some claims by mistake: of its
    items it is those that pytest was told to drop.
    """
    kept = list(kept)
    whole = any(isinstance(item, ClaimItem) for item in kept)
    known = claim_ids(config) if whole else [claim_of(item) for item in dropped]
    return {claim for claim in known if claim is not None} - {claim_of(item) for item in kept}


def collect_contract_too(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Where paths are given and no test there asks for a verdict, the claims are judged besides those tests."""
    if any(asks(item) for item in items):
        return
    contract = pytest_collect_file(Path(os.path.abspath(values(session.config)["contract"])), session)
    if contract is not None:
        items.extend(session.genitems(contract))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ContractFile | None:
    contract = Path(values(parent.config)["contract"])
    if file_path.suffix == contract.suffix and file_path == Path(os.path.abspath(contract)):
        name = os.path.relpath(
            file_path, parent.config.rootpath
        )  # also for one outside, which has none in pytest
        return ContractFile.from_parent(parent, path=file_path, nodeid=name.replace(os.sep, "/"))
    return None
