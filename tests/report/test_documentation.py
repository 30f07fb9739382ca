"""The documentation section of a run's page: each promise beside its claim and verdict, the false ones on top."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.checks.base import judge
from promproof.checks.page import CHECK
from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.places import REPOSITORY
from promproof.report.page.document import page
from promproof.report.page.documentation import documentation, unpromised
from promproof.report.page.subject import Subject
from promproof.run.ending import Ending
from promproof.run.pageread import page_record
from promproof.verdict import Outcome
from tests.report.stored import Reader

pytestmark = pytest.mark.unit
PAGE = REPOSITORY / "docs" / "monitoring.md"
TEXT = PAGE.read_text(encoding="utf-8")
WRONG = TEXT.replace("itself is on port 8000", "itself is on port <8001>").replace(
    "| group wait | 30s |", "| group wait | 3s |"
)


def subject(text: str) -> Subject:
    """What the page of a run tells that has read this text and nothing else."""
    contract, folder = (
        load(REPOSITORY / "monitoring" / "contract.yaml"),
        read_folder(Path(REPOSITORY / "monitoring")),
    )
    record = Record(1, 0.0, page_record(text, PAGE, contract, folder))
    evidence = Evidence(contract, History("run", 0.0, 0.0, [record]))
    verdicts = [judge(CHECK, claim, evidence) for claim in CHECK.claims(contract)]
    return Subject("run", verdicts, Ending(), evidence)


@pytest.fixture(scope="module")
def shipped() -> Subject:
    return subject(TEXT)


def test_the_shipped_page_has_no_red_claim_and_no_unknown_one(shipped: Subject) -> None:
    outcomes = [verdict.outcome for verdict in shipped.verdicts]
    assert set(outcomes) == {Outcome.PASS, Outcome.NOT_VERIFIED}
    assert outcomes.count(Outcome.PASS) > 60
    open_ones = {verdict.claim for verdict in shipped.verdicts if verdict.outcome is Outcome.NOT_VERIFIED}
    assert not {claim for claim in open_ones if claim.startswith(("page/figure/", "page/expression/"))}


def test_every_line_stands_beside_its_claims(shipped: Subject) -> None:
    found = documentation(shipped)
    assert found is not None
    assert found.wrong == []
    marks = {line.number: line.marks for line in found.lines}
    line = TEXT[: TEXT.index("| group wait |")].count("\n") + 1
    (setting,) = [mark for mark in marks[line] if mark.kind == "setting"]
    assert (setting.claim, setting.outcome) == ("page/settings", Outcome.PASS)
    assert found.unclaimed > 0
    assert all(
        mark.outcome is Outcome.NOT_VERIFIED
        for line in found.lines
        for mark in line.marks
        if not mark.claim and mark.kind == "number"
    )


def test_what_the_page_says_wrongly_stands_on_top_with_a_link_to_its_claim() -> None:
    red = subject(WRONG)
    found = documentation(red)
    assert found is not None
    assert {mark.claim for line in found.wrong for mark in line.marks if mark.outcome is Outcome.FAIL} == {
        "page/settings",
        "page/sentences",
    }
    shown = Reader(page(red))
    assert not shown.wrong
    assert not shown.open
    assert "group wait is 3s, the Alertmanager configuration says 30s" in shown.text
    assert "<8001>" in shown.text
    assert {"page/settings"} <= {
        (attributes.get("href") or "").removeprefix("#") for _, attributes in shown.elements
    }


def test_what_the_contract_promises_and_the_page_never_names_is_told(shipped: Subject) -> None:
    assert shipped.evidence is not None
    contract = shipped.evidence.contract
    assert unpromised(contract, TEXT) == []
    less = TEXT.replace("active_users", "users").replace("Error Distribution", "Errors")
    assert unpromised(contract, less) == ["metric active_users", "panel Error Distribution"]
    assert (
        "Promised by the contract, and nowhere on the page metric active_users"
        in Reader(page(subject(less))).text
    )


def test_a_run_without_a_page_has_no_such_section(shipped: Subject) -> None:
    assert shipped.evidence is not None
    bare = Evidence(shipped.evidence.contract, History("run", 0.0, 0.0, []))
    assert documentation(Subject("run", [], Ending(), bare)) is None
    (claim,) = [claim for claim in CHECK.claims(bare.contract) if claim.id == "page/settings"]
    assert judge(CHECK, claim, bare).outcome is Outcome.NOT_VERIFIED
