"""Pages in the manner of other people, about the shipped set-up and whatever is around it: nothing on them is wrong.

Tables with other columns and in other languages, examples of other services, incidents, hypotheses, advice, ranges.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.contract.page import PagePromises
from promproof.places import REPOSITORY
from promproof.promises.promise import Promise
from promproof.promises.reading import promises
from promproof.run.pageread import page_record
from promproof.verdict import Outcome

pytestmark = pytest.mark.unit
HERE = Path(__file__).parent
PAGES = sorted((HERE / "pages").glob("*.md"))
READ = Callable[[str], list[Promise]]


@pytest.fixture(scope="module")
def told() -> READ:
    """The claims that are red, on a page beside the shipped one of which the contract says no more."""
    contract = load(REPOSITORY / "monitoring" / "contract.yaml").model_copy(update={"page": PagePromises()})
    folder = read_folder(REPOSITORY / "monitoring")
    path = REPOSITORY / "docs" / "other.md"
    return lambda text: [
        promise
        for promise in promises(page_record(text, path, contract, folder), contract)
        if promise.outcome is Outcome.FAIL
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_on_which_nothing_is_wrong_is_told_nothing(page: Path, told: READ) -> None:
    assert told(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("page", "old", "new", "claim"),
    [
        ("runbook", "fires when more than 5 %", "fires when more than 10 %", "page/alert/HighErrorRate"),
        ("runbook", "5xx for 5 minutes", "5xx for 15 minutes", "page/alert/HighErrorRate"),
        ("runbook", "p95 above 1 s", "p95 above 2 s", "page/alert/SlowResponses"),
        ("runbook", "Alerts are evaluated every 15 s", "Alerts are evaluated every 60 s", "page/settings"),
        ("deutsch", "retention time | 15 Tage", "retention time | 30 Tage", "page/settings"),
        ("deutsch", "8 GiB", "16 GiB", "page/settings"),
        ("french", "1 minute (60 s)", "5 minutes", "page/settings"),
        ("rst-like", "Group wait is 30secs", "Group wait is 40secs", "page/settings"),
        (
            "ports",
            "Inside the container Grafana listens on port 3000",
            "Grafana is on port 3005",
            "page/addresses",
        ),
        ("slo", "| HighCPUUsage | 70 % | 80 %", "| HighCPUUsage | 70 % | 8 %", "page/alert/HighCPUUsage"),
        ("slo", "is more than half full.", "is more than two thirds full.", "page/alert/DiskWillFill"),
        ("diagram-links", "(#custom)", "(#costum)", "page/links"),
    ],
)
def test_a_contradiction_on_such_a_page_is_seen(
    page: str, old: str, new: str, claim: str, told: READ
) -> None:
    text = (HERE / "pages" / f"{page}.md").read_text(encoding="utf-8")
    assert old in text
    assert claim in {promise.claim for promise in told(text.replace(old, new, 1))}
