"""A file that moves away from the page turns the page's claim red, too."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.evidence.records import PageRead
from promproof.places import REPOSITORY
from promproof.promises.reading import promises
from promproof.run.pageread import page_record
from promproof.verdict import Outcome
from tests.promises.conftest import PAGE

pytestmark = pytest.mark.unit
CONTRACT = load(REPOSITORY / "monitoring" / "contract.yaml")


@pytest.fixture(scope="module")
def record() -> PageRead:
    folder = read_folder(Path(REPOSITORY / "monitoring"))
    return page_record(PAGE.read_text(encoding="utf-8"), PAGE, CONTRACT, folder)


def scrape(record: PageRead) -> PageRead:
    record.prometheus["global"]["scrape_interval"] = "30s"
    return record


def job(record: PageRead) -> PageRead:
    record.prometheus["scrape_configs"][1]["static_configs"][0]["targets"] = ["api:9000"]
    return record


def grouping(record: PageRead) -> PageRead:
    record.alertmanager["route"]["group_by"] = ["alertname"]
    return record


def receiver(record: PageRead) -> PageRead:
    record.alertmanager["receivers"][1]["webhook_configs"][0]["send_resolved"] = False
    return record


def rule(record: PageRead) -> PageRead:
    (found,) = [entry for entry in record.rules if entry.get("alert") == "HighCPUUsage"]
    found["expr"] = found["expr"].replace("0.8", "0.9")
    return record


def default(record: PageRead) -> PageRead:
    return replace(record, variables=record.variables | {"PROMPTPILOT_ACTIVE_USERS_WINDOW": "10m"})


def renamed(record: PageRead) -> PageRead:
    services = {
        ("graphana" if name == "grafana" else name): service for name, service in record.services.items()
    }
    return replace(record, services=services)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> 0.05", "> 5 / 100"),
        ("[5m]", "[300s]"),
        ("\n> 0.05", " > .05"),
        ("> 0.05", "< 0.05"),
        ("5..", "4.."),
    ],
)
def test_a_rule_that_is_written_otherwise_is_red_unless_it_says_something_else(
    old: str, new: str, record: PageRead
) -> None:
    changed = copy.deepcopy(record)
    (found,) = [entry for entry in changed.rules if entry.get("alert") == "HighErrorRate"]
    assert old in found["expr"]
    found["expr"] = found["expr"].replace(old, new)
    claim = "page/expression/HighErrorRate"
    red = [promise for promise in promises(changed, CONTRACT) if promise.outcome is Outcome.FAIL]
    assert any(promise.claim == claim for promise in red) is (new in ("< 0.05", "4.."))


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (scrape, "page/settings"),
        (job, "page/excerpts"),
        (grouping, "page/settings"),
        (receiver, "page/excerpts"),
        (rule, "page/expression/HighCPUUsage"),
        (default, "page/variables"),
        (renamed, "page/commands"),
    ],
)
def test_a_file_that_says_something_else_turns_the_page_red(
    change: Callable[[PageRead], PageRead], claim: str, record: PageRead
) -> None:
    found = promises(change(copy.deepcopy(record)), CONTRACT)
    assert claim in {promise.claim for promise in found if promise.outcome is Outcome.FAIL}
