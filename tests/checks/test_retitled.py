"""A dashboard is known by its uid: another title alone is told and turns nothing red, unless somebody goes by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promproof.checks.base import judge
from promproof.checks.panel_inventory import CHECKS
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.grafana.provisioning import Texts
from promproof.observe import panels as record
from promproof.run.clock import SystemClock
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
INVENTORY = CHECKS[1]


def judged(folder: Path, titles: dict[str | None, str], **more: object) -> Verdict:
    """What is said of dashboards that are called otherwise than the contract has them: `a` Traffic, `b` Orders."""
    rows = [{"uid": "a", "title": "Traffic"}, {"uid": "b", "title": "Orders"}]
    contract = Contract.model_validate({"contract": 1, "service": "s", "dashboards": rows, **more})
    files = {
        f"{uid}.json": json.dumps({"uid": uid, "title": title, "panels": []}) for uid, title in titles.items()
    }
    history = Recorder(folder / "history.jsonl", "test", SystemClock())
    record.files(history, Texts(files, (), (), ()), {})
    history.close()
    [claim] = INVENTORY.claims(contract)
    return judge(INVENTORY, claim, Evidence(contract, history))


def test_another_title_is_told_and_no_fault(tmp_path: Path) -> None:
    found = judged(tmp_path, {"a": "Traffic and errors", "b": "Orders"})
    assert found.outcome is Outcome.PASS
    assert "a.json: $.title: is 'Traffic and errors', documented 'Traffic'" in found.reason


def test_the_same_titles_are_not_spoken_of(tmp_path: Path) -> None:
    assert judged(tmp_path, {"a": "Traffic", "b": "Orders"}).reason == "2 dashboards as documented"


@pytest.mark.parametrize(
    "titles",
    [{"a": "Orders", "b": "Traffic"}, {"a": "", "b": "Orders"}, {"c": "Traffic", "b": "Orders"}],
    ids=["exchanged", "none", "another uid"],
)
def test_a_title_that_misleads_is_a_fault(titles: dict[str | None, str], tmp_path: Path) -> None:
    assert judged(tmp_path, titles).outcome is Outcome.FAIL


def test_a_title_that_a_page_names_is_a_promise(tmp_path: Path) -> None:
    found = judged(tmp_path, {"a": "Traffic and errors", "b": "Orders"}, documentation="page.md")
    assert found.outcome is Outcome.FAIL


def test_one_without_a_uid_can_not_be_documented_and_one_with_another_can(tmp_path: Path) -> None:
    mine: dict[str | None, str] = {"a": "Traffic", "b": "Orders"}
    assert judged(tmp_path, {**mine, None: "Draft"}).outcome is Outcome.PASS
    (tmp_path / "history.jsonl").unlink()
    assert judged(tmp_path, {**mine, "c": "Draft"}).outcome is Outcome.FAIL
