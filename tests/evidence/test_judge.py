"""Recorded runs judged again: the same verdicts, from the folder alone. `make_runs` makes the runs anew."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof import checks
from promproof.checks.base import Claim
from promproof.cli.judge import judge, judged
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
RUNS = Path(__file__).parent / "runs"
STATUS = {"green": 0, "red": 1, "drill": 2, "lane": 0}
"""The drill ran on a machine that was too late for one of its claims, which is unknown."""

FAILED = ["alert/ShopErrors/documented", "alert/ShopErrors/boundary"]
"""What another threshold in the rule than in the contract turns red, and nothing else."""


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """The folder of a recorded run as it would have been copied from another machine."""

    def copy(name: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(RUNS / name / "inputs", folder / "inputs")
        text = gzip.decompress((RUNS / name / "history.jsonl.gz").read_bytes())
        (folder / "history.jsonl").write_bytes(text)
        return folder

    return copy


def stored(name: str) -> list[dict[str, Any]]:
    """The verdicts that the run itself came to."""
    found: list[dict[str, Any]] = json.loads((RUNS / name / "verdicts.json").read_text(encoding="utf-8"))
    return found


def differing(name: str, folder: Path) -> dict[str, str]:
    """Claims whose outcome is another one than in the run."""
    before = {verdict["claim"]: verdict["outcome"] for verdict in stored(name)}
    after = {verdict.claim: str(verdict.outcome) for verdict in judged(folder).verdicts}
    return {claim: outcome for claim, outcome in after.items() if outcome != before[claim]}


def changed(path: Path, old: str, new: str, times: int = -1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, times), encoding="utf-8")


@pytest.mark.parametrize("name", STATUS)
def test_a_run_that_is_judged_again_comes_to_the_same_verdicts_word_for_word(
    name: str, copied: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(name)
    assert judge(folder, json=tmp_path / "again.json") == STATUS[name]
    again = json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))
    assert again["verdicts"] == stored(name)
    assert again["exit_status"] == STATUS[name]
    assert f"{len(stored(name))} claims: " in capsys.readouterr().out


def test_the_red_run_has_the_one_fail_that_was_made() -> None:
    failed = [verdict["claim"] for verdict in stored("red") if verdict["outcome"] == Outcome.FAIL]
    assert failed == FAILED


def test_a_changed_counter_fails_exactly_the_claims_on_its_value(copied: Callable[[str], Path]) -> None:
    folder = copied("green")
    path = folder / "history.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    [at] = [n for n, line in enumerate(lines) if '"kind":"exposition"' in line and '"label":"rest",' in line]
    row = json.loads(lines[at])
    texts = row["data"]["text"].splitlines()
    [where] = [
        n for n, text in enumerate(texts) if text.startswith("shop_calls_total{") and 'code="200"' in text
    ][:1]
    series, value = texts[where].rsplit(" ", 1)
    texts[where] = f"{series} {float(value) + 1:g}"
    row["data"]["text"] = "\n".join([*texts, ""])
    lines[at] = json.dumps(row)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    assert differing("green", folder) == {"metric/shop_calls_total/exact": "fail"}


def test_a_changed_threshold_of_the_contract_fails_exactly_the_claims_on_its_alert(
    copied: Callable[[str], Path],
) -> None:
    folder = copied("green")
    changed(folder / "inputs" / "contract.yaml", "threshold: 0.2", "threshold: 0.3")
    assert set(differing("green", folder)) == set(FAILED)


def test_a_harmless_change_of_the_files_changes_no_verdict(copied: Callable[[str], Path]) -> None:
    folder = copied("green")
    changed(folder / "inputs" / "contract.yaml", "threshold: 0.2", "threshold: 0.20  # a fifth")
    assert differing("green", folder) == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{"history":2,', '{"history":1,', r"history.jsonl:1: a history of version 1"),
        ('{"history":2,', '{"history":99,', r"(?s)version 99.*newer promproof"),
        (
            '"kind":"clock_offset"',
            '"kind":"clock"',
            r"history.jsonl:\d+: kind: the kind of record 'clock' is unknown",
        ),
        ('"reached":true', '"reached":"yes"', r"history.jsonl:\d+: data.reached: .*found 'yes'"),
        (
            '"reached":true',
            '"reached":true,"more":1',
            r"history.jsonl:\d+: data.more: Unexpected",
        ),
        ('"reached":true', '"found":true', r"history.jsonl:\d+: data\.(reached|found)"),
    ],
    ids=["older", "newer", "unknown kind", "wrong type", "unknown field", "missing field"],
)
def test_a_history_that_is_not_of_this_form_is_refused_with_line_and_key(
    old: str, new: str, says: str, copied: Callable[[str], Path]
) -> None:
    folder = copied("green")
    changed(folder / "history.jsonl", old, new, 1)
    with pytest.raises(InputError, match=says):
        judge(folder)


def test_a_folder_without_a_run_is_refused_and_a_killed_run_is_incomplete(
    copied: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="has no history"):
        judge(tmp_path)
    folder = copied("green")
    path = folder / "history.jsonl"
    path.write_text(
        "".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8"
    )
    assert judge(folder) == 2
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:1]), encoding="utf-8")
    with pytest.raises(InputError, match="before it recorded what it was given"):
        judge(folder)


def test_a_check_that_raises_is_one_unknown_with_its_traceback_beside_the_run(
    copied: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(claim: Claim, evidence: Evidence) -> Verdict:
        raise KeyError("nobody expected this")

    folder = copied("green")
    kinds = tuple(
        replace(check, judge=broken) if check.name == "dashboards-readable" else check
        for check in checks.CHECKS
    )
    monkeypatch.setattr(checks, "CHECKS", kinds)
    (verdict,) = [verdict for verdict in judged(folder).verdicts if "broke" in verdict.reason]
    assert verdict.outcome is Outcome.UNKNOWN
    assert "(traceback 1 in tracebacks-judge.txt)" in verdict.reason
    assert "nobody expected this" in (folder / "tracebacks-judge.txt").read_text(encoding="utf-8")
