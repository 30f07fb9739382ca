"""What the claims of a run could not see: its record is changed by ever more, and judged again."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from benchmarks.tolerances import counted, drawn, flips, measured, text_of
from promproof.evidence.again import is_again

GREEN = Path(__file__).parent / "runs" / "green"
pytestmark = pytest.mark.unit


def test_numbers_are_changed_and_nothing_else() -> None:
    reading = {"text": '# HELP a 3\na{b="1 2"} 4.0\na_sum 0\n'}
    counted("exposition", reading, 1.5)
    assert reading["text"] == '# HELP a 3\na{b="1 2"} 6.0\na_sum 0.0\n'
    scrapes = {"series": [{"name": "a", "samples": [[1.0, 2.0]]}]}
    counted("stored", scrapes, 1.5)
    assert scrapes["series"][0]["samples"] == [[1.0, 3.0]]
    panel = {"series": [{"points": [[1.0, 2.0], [2.0, 4.0]]}]}
    drawn("panel", panel, 0.5)
    assert panel["series"] == [{"points": [[1.0, 1.0], [2.0, 2.0]]}]
    boundary = {"points": [["A", None, False], ["A", 0.1, True]]}
    flips("boundary", boundary, 2.0)
    assert boundary["points"] == [["A", None, False], ["A", 0.2, True]]


def test_a_line_that_names_an_earlier_one_is_written_as_it_stood() -> None:
    line = '{"n":21,"t":8.7,"kind":"held_poll","as":18,"data":{"end":8.8}}'
    assert is_again(line)
    assert text_of([json.loads(line)]) == f"{line}\n"


def test_counts_see_the_smallest_change_and_durations_less(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(GREEN / "inputs", folder / "inputs")
    (folder / "history.jsonl").write_bytes(gzip.decompress((GREEN / "history.jsonl.gz").read_bytes()))
    before = (folder / "history.jsonl").read_bytes()
    rows = {(row.claim, row.what): row for row in measured(folder, (0.001, 0.02))}
    assert rows["metric/shop_calls_total/exact", "counted"].unseen == 0.001
    assert rows["metric/shop_call_seconds/sum", "counted"].unseen > 0.001
    assert rows["alert/ShopErrors/boundary", "flips"].unseen == 0.02
    assert (folder / "history.jsonl").read_bytes() == before
    assert json.loads(before.splitlines()[0])["history"]
