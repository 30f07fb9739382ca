"""Judging in two processes comes to the verdicts of one, whatever becomes of the second."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from promproof.checks import claims
from promproof.checks.base import Check, Claim, Pairs, judge_each
from promproof.contract.model import load
from promproof.crash import Tracebacks
from promproof.drills.drill import Loaded
from promproof.drills.drill import load as load_drill
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import read
from promproof.evidence.records import Inputs
from promproof.run import drills, halves
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.unit
RUNS = Path(__file__).parents[1] / "evidence" / "runs"
HERE = os.getpid()


def recorded(name: str, folder: Path) -> tuple[Pairs, Evidence]:
    """The claims and the evidence of a recorded run, with nothing worked out yet."""
    shutil.copytree(RUNS / name / "inputs", folder / "inputs", dirs_exist_ok=True)
    (folder / "history.jsonl").write_bytes(gzip.decompress((RUNS / name / "history.jsonl.gz").read_bytes()))
    history = read(folder / "history.jsonl")
    record = history.last(Inputs)
    assert record is not None
    inputs = record.data
    evidence = Evidence(load(folder / inputs.contract).of_job(inputs.scrape_job), history)
    if inputs.job != "drills":
        return claims(evidence.contract), evidence
    paths = [folder / path for path in inputs.drills]
    return drills.claims([Loaded(plan=load_drill(path), path=path) for path in paths]), evidence


@pytest.mark.parametrize("name", ["green", "red", "drill", "lane"])
def test_two_processes_come_to_the_verdicts_of_one(tmp_path: Path, name: str) -> None:
    pairs, evidence = recorded(name, tmp_path)
    found: halves.Found = {}
    halves.judge(pairs, evidence, found)
    pairs, evidence = recorded(name, tmp_path)
    assert [found[number] for number in sorted(found)] == list(judge_each(pairs, evidence))


def test_a_judge_has_each_verdict_in_the_order_of_the_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halves, "is_worth_it", bool)
    pairs, evidence = recorded("green", tmp_path)
    verdicts = halves.all_of(pairs, evidence, Tracebacks(tmp_path / "tracebacks.txt").keep)
    assert [verdict.claim for verdict in verdicts] == [claim.id for _, claim in pairs]


def made(judge: Callable[[Claim, Evidence], Verdict], number: int = 40) -> Pairs:
    check = Check("made", lambda contract: (), judge)
    return [(check, Claim(f"made/{index:02}")) for index in range(number)]


def passed(claim: Claim, evidence: Evidence) -> Verdict:
    time.sleep(0.002)  # so that both have some
    return Verdict(claim.id, Outcome.PASS, "holds")


def beside() -> bool:
    """Whether this is the second process."""
    return os.getpid() != HERE


def die(claim: Claim, evidence: Evidence) -> Verdict:
    if beside() and claim.id < "made/35":
        os.kill(os.getpid(), signal.SIGKILL)
    return passed(claim, evidence)


def hang(claim: Claim, evidence: Evidence) -> Verdict:
    if beside() and claim.id < "made/35":
        time.sleep(600)
    return passed(claim, evidence)


def unpicklable(claim: Claim, evidence: Evidence) -> Verdict:
    return Verdict(claim.id, Outcome.PASS, "holds", evidence=(0, lambda: 0))  # type: ignore[arg-type]


@pytest.mark.parametrize("judge", [passed, die, hang, unpicklable])
def test_what_the_second_process_leaves_open_is_judged_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: Callable[[Claim, Evidence], Verdict]
) -> None:
    monkeypatch.setattr(halves, "is_worth_it", bool)
    monkeypatch.setattr(halves.judge, "__defaults__", (lambda: "", 0.2))
    _, evidence = recorded("green", tmp_path)
    verdicts = halves.all_of(made(judge), evidence, Tracebacks(tmp_path / "tracebacks.txt").keep)
    assert [verdict.claim for verdict in verdicts] == [f"made/{index:02}" for index in range(40)]
    assert {verdict.outcome for verdict in verdicts} == {Outcome.PASS}


def test_both_processes_judge(tmp_path: Path) -> None:
    def who(claim: Claim, evidence: Evidence) -> Verdict:
        time.sleep(0.01)
        return Verdict(claim.id, Outcome.PASS, str(os.getpid()))

    _, evidence = recorded("green", tmp_path)
    found: halves.Found = {}
    halves.judge(made(who), evidence, found)
    assert len({verdict.reason for verdict in found.values()}) == 2


def test_what_the_second_process_has_counts_when_there_is_no_more_time(tmp_path: Path) -> None:
    """An interrupted run whose first claim from the back took all the time that was left."""
    done = tmp_path / "done"

    def slow_at_the_back(claim: Claim, evidence: Evidence) -> Verdict:
        if claim.id == "made/05":
            done.touch()
        while claim.id == "made/39" and not done.exists():
            time.sleep(0.01)
        return passed(claim, evidence)

    _, evidence = recorded("green", tmp_path)
    found: halves.Found = {}
    halves.judge(made(slow_at_the_back), evidence, found, lambda: "late" if found else "")
    assert {0, 1, 2, 3, 4, 39} <= set(found)


def test_tracebacks_are_numbered_in_the_order_of_the_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(claim: Claim, evidence: Evidence) -> Verdict:
        if claim.id in ("made/01", "made/38"):
            raise ValueError(claim.id)
        return passed(claim, evidence)

    monkeypatch.setattr(halves, "is_worth_it", bool)
    _, evidence = recorded("green", tmp_path)
    tracebacks = Tracebacks(tmp_path / "tracebacks.txt")
    verdicts = halves.all_of(made(broken), evidence, tracebacks.keep)
    unknown = [verdict.reason for verdict in verdicts if verdict.outcome is Outcome.UNKNOWN]
    assert [f"traceback {number}" in reason for number, reason in enumerate(unknown, 1)] == [True, True]
    assert tracebacks.path.read_text(encoding="utf-8").startswith("1. judging made/01")


def test_an_interruption_keeps_what_was_judged_and_leaves_no_process(tmp_path: Path) -> None:
    pids: list[int] = []

    def interrupted(claim: Claim, evidence: Evidence) -> Verdict:
        if claim.id == "made/36" and not beside():
            pids.extend(_children())
            raise KeyboardInterrupt
        return passed(claim, evidence)

    _, evidence = recorded("green", tmp_path)
    found: halves.Found = {}
    with pytest.raises(KeyboardInterrupt):
        halves.judge(made(interrupted), evidence, found)
    assert {37, 38, 39} <= set(found)
    assert 36 not in found
    assert pids
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text(encoding="ascii").split()]
