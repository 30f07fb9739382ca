"""Faults over several processes: what one has found reaches the other that asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.catalogue.folder import SetUp
from promproof.catalogue.scoring import score
from promproof.catalogue.shares import LEAST, Share, _Results, score_all
from promproof.errors import EvidenceError
from promproof.stack.binaries import Binaries, Binary
from tests.catalogue.test_scoring import FAULTS, judge, setup

__all__ = ["setup"]
NONE = Binaries(*[Binary(Path("/nonexistent"), "0", "nowhere")] * 5)


@pytest.mark.unit
def test_a_share_writes_what_it_found_and_another_reads_it(setup: SetUp, tmp_path: Path) -> None:
    numbered = tuple(enumerate(FAULTS))[1::2]
    share = Share(setup, NONE, numbered, 1, tmp_path / "results.jsonl")
    reader = _Results(share.results, FAULTS)
    assert list(reader.new()) == []
    share.judge(judge)
    found = list(reader.new())
    assert [number for number, _ in found] == [1, 3, 5]
    assert [scored for _, scored in found] == score(FAULTS[1::2], setup, judge)
    assert list(reader.new()) == []


@pytest.mark.unit
def test_a_line_that_is_not_whole_is_read_when_it_is(setup: SetUp, tmp_path: Path) -> None:
    whole = tmp_path / "whole.jsonl"
    Share(setup, NONE, tuple(enumerate(FAULTS)), 1, whole).judge(judge)
    text, growing = whole.read_text(encoding="utf-8"), tmp_path / "growing.jsonl"
    reader, seen = _Results(growing, FAULTS), []
    for end in (len(text) // 3, len(text) // 2, len(text)):
        growing.write_text(text[:end], encoding="utf-8")
        seen += [number for number, _ in reader.new()]
    assert seen == list(range(len(FAULTS)))


@pytest.mark.stack
def test_a_process_that_ends_too_early_is_told_with_its_last_words(setup: SetUp) -> None:
    with pytest.raises(EvidenceError, match="ended before its faults were judged") as raised:
        score_all(FAULTS * LEAST, setup, NONE, 1, lambda scored: None, processes=2)
    assert raised.value.log[-1] == "KeyError: 'prometheus'"
