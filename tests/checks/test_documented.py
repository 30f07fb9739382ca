"""The page's table of panels against the contract: a row that is wrong, missing or too much is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.checks.base import Claim, judge
from promproof.checks.documented import CHECK
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import Documentation
from promproof.run.clock import SystemClock
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def page() -> Documentation:
    return prepare(Options.of()).documentation


def judged(page: Documentation, claim: str, folder: Path) -> Verdict:
    history = Recorder(folder / "history.jsonl", "test", SystemClock())
    history.add(page)
    history.close()
    subject = claim.rpartition("/")[2]
    return judge(CHECK, Claim(claim, subject), Evidence(load(Options.of().contract), history))


def edited(page: Documentation, panel: str, cells: dict[str, str]) -> Documentation:
    """The page with other cells in one row of the System Overview."""
    rows = tuple(
        replace(row, cells=row.cells | cells)
        if (row.cells["dashboard"], row.cells["panel"]) == ("System Overview", panel)
        else row
        for row in page.panels
    )
    assert rows != page.panels
    return replace(page, panels=rows)


def test_the_shipped_page_is_green(page: Documentation, tmp_path: Path) -> None:
    for number, uid in enumerate(("system-overview", "http-performance", "resource-utilization")):
        (tmp_path / str(number)).mkdir()
        assert judged(page, f"docs/dashboard/{uid}", tmp_path / str(number)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("panel", "cells", "says"),
    [
        ("CPU Usage", {"unit": "seconds"}, "unit is 'seconds', the contract says 'ratio'"),
        ("CPU Usage", {"alert": "none"}, "alert is 'none', the contract says 'HighCPUUsage'"),
        ("Uptime", {"alert": "ServiceDown"}, "alert is 'ServiceDown', the contract says 'none'"),
        ("Uptime", {"panel": "Up Time"}, "System Overview, Uptime stands in 0 rows"),
        ("Uptime", {"panel": "Error Rate"}, "System Overview, Error Rate stands in 2 rows"),
    ],
)
def test_a_wrong_row_is_red(
    panel: str, cells: dict[str, str], says: str, page: Documentation, tmp_path: Path
) -> None:
    changed = edited(page, panel, cells)
    verdict = judged(changed, "docs/dashboard/system-overview", tmp_path)
    assert verdict.outcome is Outcome.FAIL
    assert says in verdict.reason


@pytest.mark.parametrize(
    ("claim", "empty"),
    [
        ("docs/metric/http_requests_total", {"metrics": ()}),
        ("docs/alert/HighErrorRate", {"alerts": ()}),
        ("docs/dashboard/system-overview", {"panels": ()}),
        ("docs/complete", {"metrics": (), "alerts": (), "panels": ()}),
    ],
)
def test_a_page_without_such_a_table_is_not_verified(
    claim: str, empty: dict[str, Any], page: Documentation, tmp_path: Path
) -> None:
    verdict = judged(replace(page, **empty), claim, tmp_path)
    assert verdict.outcome is Outcome.NOT_VERIFIED
    assert "has no table with the columns" in verdict.reason


def test_durations_in_other_words_pass(page: Documentation, tmp_path: Path) -> None:
    rows = tuple(replace(row, cells=row.cells | {"for": "5 minutes"}) for row in page.alerts)
    assert judged(replace(page, alerts=rows), "docs/alert/HighErrorRate", tmp_path).outcome is Outcome.PASS


def test_a_row_that_the_contract_does_not_know_is_red(page: Documentation, tmp_path: Path) -> None:
    changed = edited(page, "Uptime", {"panel": "Weather"})
    verdict = judged(changed, "docs/complete", tmp_path)
    assert verdict.outcome is Outcome.FAIL
    assert "System Overview, Weather is documented and not in the contract" in verdict.reason
