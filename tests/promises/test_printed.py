"""Rules and configurations that the page prints are shown to promtool as they stand, and a mistake in one is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.contract.model import load
from promproof.places import REPOSITORY
from promproof.promises import yamlblocks
from promproof.promises.known import Known
from promproof.promises.promise import Promise
from promproof.promises.sheet import sheet_of
from promproof.run.pageread import page_record
from promproof.stack.binaries import find_binaries
from promproof.verdict import Outcome
from tests.promises.conftest import PAGE

pytestmark = pytest.mark.stack
Printed = Callable[[str], list[Promise]]


@pytest.fixture(scope="module")
def printed() -> Printed:
    """What promtool says of the blocks of a page with this text."""
    contract, folder = (
        load(REPOSITORY / "monitoring" / "contract.yaml"),
        read_folder(Path(REPOSITORY / "monitoring")),
    )
    binaries = find_binaries()

    def read(text: str) -> list[Promise]:
        known = Known(contract, page_record(text, PAGE, contract, folder, binaries))
        found = yamlblocks.read(sheet_of(text, PAGE), known)
        return [promise for promise in found if promise.claim in ("page/rules", "page/configurations")]

    return read


def test_the_shipped_page_prints_what_promtool_takes(printed: Printed, text: str) -> None:
    found = printed(text)
    assert {promise.outcome for promise in found} == {Outcome.PASS}
    assert {promise.claim for promise in found} == {"page/rules", "page/configurations"}
    assert len(found) == 7


@pytest.mark.parametrize(
    ("old", "new", "claim"),
    [
        ("          > 0.1\n", "          > 0.12\n", "page/rules"),
        ('fail (threshold: 10%)."\n```\n\nSay', 'fail (threshold: 20%)."\n```\n\nSay', "page/rules"),
        ("          sum by (job, pipeline_id) (rate", "          (rate", "page/rules"),
        ("          severity: warning", "          severity: critical", "page/rules"),
        ("- alert: HighPipelineFailureRate", "- alert: PipelineFailureRate", "page/rules"),
        ("        expr: |", "        exper: |", "page/rules"),
        ("honor_labels", "honour_labels", "page/configurations"),
    ],
)
def test_a_mistake_in_what_the_page_prints_is_named(
    old: str, new: str, claim: str, printed: Printed, text: str
) -> None:
    assert text.count(old) == 1
    assert claim in {
        promise.claim
        for promise in printed(section(text, old).replace(old, new))
        if promise.outcome is Outcome.FAIL
    }


def section(text: str, part: str) -> str:
    """The section of the page that has this part: nothing else is shown to promtool."""
    place = text.index(part)
    begin, end = text.rindex("\n## ", 0, place), text.find("\n## ", place + len(part))
    return text[begin:end]
