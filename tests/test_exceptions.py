"""One exception is one unknown: a check, a tool or an observation that breaks costs its own claim and nothing else."""

from __future__ import annotations

import errno
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from promproof import checks
from promproof.checks import metric_moves, traffic
from promproof.checks.base import Check, Claim, judge, judge_each
from promproof.cli.program import main
from promproof.contract import model as contracts
from promproof.contract.model import Contract
from promproof.crash import Tracebacks, describe, guard
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.history import History, Recorder
from promproof.load.ledger import Ledger
from promproof.observe import recording
from promproof.places import DEFAULT_CONTRACT
from promproof.report import terminal
from promproof.run import static
from promproof.run.clock import SystemClock
from promproof.run.course import Judging, of_history
from promproof.run.ending import Ending, doubt
from promproof.verdict import Outcome, Verdict
from tests.records import filled, record

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def contract() -> Contract:
    return contracts.load(DEFAULT_CONTRACT)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "history.jsonl", "by hand", SystemClock())
    made.add(filled("prepared", {"time_scale": 60}))
    yield made
    made.close()


def check(name: str, judge: Callable[[Claim, Evidence], Verdict]) -> tuple[Check, Claim]:
    return Check(name, lambda _: [Claim(name)], judge), Claim(name)


def good(claim: Claim, evidence: Evidence) -> Verdict:
    return Verdict(claim.id, Outcome.PASS, "fine")


def broken(claim: Claim, evidence: Evidence) -> Verdict:
    contracts.seconds("nonsense")
    raise AssertionError("seconds took it")


def missing(claim: Claim, evidence: Evidence) -> Verdict:
    raise Gap("nobody looked")


def fail(error: BaseException) -> None:
    raise error


PAIRS = [check("a/good", good), check("a/broken", broken), check("a/missing", missing), check("b/good", good)]


def test_a_check_that_raises_is_one_unknown_with_its_place_and_one_traceback(
    contract: Contract, history: Recorder
) -> None:
    found = list(judge_each([*PAIRS, PAIRS[1]], Evidence(contract, history), history.tracebacks.keep))
    assert [verdict.outcome for verdict in found] == ["pass", "unknown", "unknown", "pass", "unknown"]
    reason = found[1].reason
    assert "ValueError: " in reason or "InputError: " in reason, reason
    assert "promproof/" in reason, "the place in our code"
    assert "traceback 1 in tracebacks.txt" in reason
    text = history.tracebacks.path.read_text(encoding="utf-8")
    assert text.startswith("1. judging a/broken\nTraceback (most recent call last):")
    assert text.count("Traceback") == 1, "the same one twice"
    assert found[2].reason == "nobody looked"


def test_claims_that_cannot_be_named_are_one_unknown_and_cost_no_others(
    contract: Contract, history: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claims(_: Contract) -> list[Claim]:
        raise KeyError("panels")

    monkeypatch.setattr(checks, "CHECKS", (Check("odd", claims, good), *(pair[0] for pair in PAIRS)))
    found = checks.judge_all(Evidence(contract, history))
    assert [(verdict.claim, str(verdict.outcome)) for verdict in found[:2]] == [
        ("config/claims-of/odd", "unknown"),
        ("a/good", "pass"),
    ]
    assert "KeyError: 'panels'" in found[0].reason


def test_an_exception_is_placed_at_our_own_innermost_frame(contract: Contract) -> None:
    with pytest.raises(ValueError, match="nonsense") as caught:
        contracts.seconds("nonsense")
    assert describe(caught.value).startswith(f"{caught.type.__name__}: ")
    assert " at promproof/" in describe(caught.value)


@pytest.mark.parametrize(
    ("error", "trouble", "crashes"),
    [
        (EvidenceError("prometheus", "died", ["a line"]), "prometheus: died", 0),
        (KeyboardInterrupt("SIGTERM"), "interrupted by SIGTERM", 0),
        (KeyError("x"), "driving: KeyError: 'x'", 1),
    ],
    ids=["a component", "a signal", "a crash"],
)
def test_a_run_that_breaks_off_keeps_its_verdicts_and_its_first_cause(
    contract: Contract, history: Recorder, error: BaseException, trouble: str, crashes: int
) -> None:
    course = of_history(history, lambda _: None)
    with course.step("driving"):
        fail(error)
    with course.step("tearing down"):
        fail(EvidenceError("grafana", "is still there"))
    assert course.ending.crashes == crashes
    found = Judging(course, PAIRS, Evidence(contract, history)).finish()
    assert str(course.ending.trouble).startswith(trouble)
    assert [verdict.outcome for verdict in found] == ["pass", "unknown", "unknown", "pass"]
    assert [verdict.symptom for verdict in found] == [False, False, True, False]
    assert found[2].reason.startswith(f"nobody looked; the run broke off: {trouble}")


def test_a_mistake_in_the_input_is_raised_and_not_taken_for_trouble(history: Recorder) -> None:
    with pytest.raises(InputError), of_history(history, lambda _: None).step("driving"):
        raise InputError("no such program")


def test_an_interruption_ends_judging_at_once_and_finish_judges_the_rest(
    contract: Contract, history: Recorder
) -> None:
    asked: list[str] = []

    def once(claim: Claim, evidence: Evidence) -> Verdict:
        asked.append(claim.id)
        if len(asked) == 1:
            raise KeyboardInterrupt("SIGINT")
        return good(claim, evidence)

    pairs = [PAIRS[0], check("a/interrupted", once), PAIRS[3]]
    course = of_history(history, lambda _: None)
    judging = Judging(course, pairs, Evidence(contract, history))
    assert [verdict.claim for verdict in judging.judge()] == ["a/good"], "it was not ended at once"
    found = judging.finish()
    assert [verdict.outcome for verdict in found] == ["pass", "pass", "pass"]
    assert (course.ending.interrupted, course.ending.trouble) == (True, "interrupted by SIGINT")


def test_judging_after_an_interruption_has_a_time_limit(
    contract: Contract, history: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promproof.run.course.JUDGING_SECONDS", -1.0)
    course = of_history(history, lambda _: None)
    with course.step("driving"):
        fail(KeyboardInterrupt())
    found = Judging(course, PAIRS, Evidence(contract, history)).finish()
    assert {verdict.reason for verdict in found} == {"not judged: interrupted, and there was no more time"}
    assert all(verdict.symptom for verdict in found)


def sent_by(history: Recorder, *, ended: bool) -> Verdict:
    """On traffic of which a thousand requests are in a ledger that is whole."""
    ledger = Ledger(lambda: 1.0, 0.1)
    for _ in range(1000):
        ledger.close(ledger.open("GET", "/health"), 200)
    history.add(filled("phase", {"name": "traffic", "edge": "begin"}))
    history.add(
        filled("ledger", {"source": "reconcile", "complete": True, "view": ledger.snapshot().to_json()})
    )
    history.add(records.Phase("traffic", "end") if ended else records.Trouble("target: died"))
    return judge(
        traffic.CHECK, Claim("traffic/complete"), Evidence(contracts.load(DEFAULT_CONTRACT), history)
    )


def test_traffic_that_was_broken_off_is_unknown(history: Recorder) -> None:
    found = sent_by(history, ended=False)
    assert (found.outcome, found.symptom) == ("unknown", True), found.reason


def test_traffic_that_came_to_its_end_passes(history: Recorder) -> None:
    assert sent_by(history, ended=True).outcome == "pass"


def test_samples_that_were_never_asked_for_are_a_gap(contract: Contract, history: Recorder) -> None:
    series = {"name": "up", "labels": {}, "samples": [[1.0, 1.0]]}
    history.add(filled("stored", {"selector": 'up{job="x"}', "series": [series]}))
    evidence = Evidence(contract, history)
    assert evidence.stored("up") == {(): ((1.0, 1.0),)}
    with pytest.raises(Gap, match="ended before the stored samples of http_requests_total"):
        evidence.stored("http_requests_total")
    history.failed('http_requests_total{job="x"}', KeyError("values"))
    found = judge(metric_moves.CHECK, Claim("m", "http_requests_total"), Evidence(contract, history))
    assert "KeyError: 'values'" in found.reason


def test_an_unreadable_ledger_is_a_gap_although_others_were_read(
    contract: Contract, history: Recorder
) -> None:
    history.add(
        filled(
            "ledger",
            {"source": "harness", "complete": True, "view": Ledger(lambda: 1.0, 0.1).snapshot().to_json()},
        )
    )
    with recording.attempt(history, "ledger of reconcile"):
        fail(EvidenceError("locust (reconcile)", "torn"))
    with pytest.raises(Gap, match="ledger of reconcile could not be read"):
        _ = Evidence(contract, history).ledger


def script(folder: Path, text: str) -> Path:
    path = folder / "tool"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("printf 'panic: \\377 what\\ngoroutine 1'; exit 2", "panic: "),
        ("echo 'a new version is there'", "a new version is there"),
        ("case $* in *HighErrorRate*) exit 3;; esac; echo webhook", ""),
    ],
    ids=["crashes", "prints something else", "refuses one alert"],
)
def test_unexpected_output_of_a_tool_costs_one_claim_alone(
    tmp_path: Path, contract: Contract, text: str, says: str
) -> None:
    prepared: Any = SimpleNamespace(
        contract=contract, rules=(), folder=SimpleNamespace(receivers=["webhook"])
    )
    binaries: Any = SimpleNamespace(amtool=SimpleNamespace(path=script(tmp_path, text)))
    found = static._routes(prepared, binaries, tmp_path / "alertmanager.yml")
    assert says in found.errors["HighErrorRate"]
    if not says:
        assert found.receivers["ServiceDown"] == ("webhook",)
        assert list(found.errors) == ["HighErrorRate"]


@pytest.mark.parametrize("tool", ["/nowhere/promtool", "/"])
def test_a_tool_that_cannot_be_started_has_no_status(tool: str) -> None:
    assert static._result([Path(tool), "check"], Path("/")).status is None


def verdicts(pairs: int) -> list[Verdict]:
    return [Verdict(f"metric/{n}/exact", Outcome.UNKNOWN, "gap", symptom=True) for n in range(pairs)]


def shown(found: list[Verdict], ending: Ending) -> str:
    console = Console(width=140, record=True, file=None, quiet=False)
    with console.capture() as capture:
        terminal.show(console, found, ending)
    return capture.get()


def test_a_run_that_broke_off_folds_its_symptoms_and_shows_other_trouble() -> None:
    crash = Verdict("panel/a/b/values", Outcome.UNKNOWN, "the check itself broke: KeyError: 'x' at a.py:1")
    fail = Verdict("docs/metrics", Outcome.FAIL, "http_x is not on the page")
    said = shown([*verdicts(183), crash, fail], Ending("target: died\n  last log lines: none"))
    lines = said.splitlines()
    assert len(lines) < 25, said
    assert next(line for line in lines if line) == "the run broke off: target: died"
    assert "183 of 185 claims are unknown for that reason alone" in said
    assert "KeyError: 'x' at a.py:1" in said
    assert "http_x is not on the page" in said
    assert "metric/5/exact" not in said


def test_one_line_counts_what_a_run_leaves_open() -> None:
    assert (
        doubt(verdicts(183), Ending("target: died\n  x"), strict=False) == "183 claims unknown: target: died"
    )
    assert doubt([Verdict("a", Outcome.PASS, "")], Ending(), strict=False) is None
    seen = [Verdict("a", Outcome.PASS, ""), Verdict("b", Outcome.NOT_VERIFIED, "no engine")]
    assert doubt(seen, Ending(), strict=False) is None
    assert doubt(seen, Ending(), strict=True) == "1 claim not verified: b: no engine"


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (InputError("no such file", "a.yml:3"), 4, "a.yml:3: no such file\n"),
        (EvidenceError("prometheus", "died"), 2, "prometheus: died\n"),
        (KeyboardInterrupt("SIGTERM"), 2, "interrupted by SIGTERM\n"),
        (RecursionError("too deep"), 2, "nox -s x: internal error: RecursionError: too deep at "),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_of_a_command_is_one_message_and_a_traceback_goes_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, says: str
) -> None:
    def main() -> int:
        raise error

    assert guard("nox -s x", main, tmp_path) == status
    said = capsys.readouterr().err
    assert said.startswith(says)
    assert "Traceback" not in said
    if "internal error" in says:
        (file,) = tmp_path.glob("crash-*.txt")
        assert str(file) in said
        assert "RecursionError: too deep" in file.read_text(encoding="utf-8")
    else:
        assert list(tmp_path.iterdir()) == []


def test_a_working_folder_that_is_gone_is_a_mistake_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(["check"]) == 4
    assert capsys.readouterr().err.startswith("the working folder is not there any more\n  to do: ")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "the output can't be written: No space left on device",
        ),
        (OSError(errno.EDQUOT, "Quota exceeded", "/r/a.json"), "/r/a.json can't be written: Quota exceeded"),
    ],
    ids=["the output", "a file"],
)
def test_a_full_disk_is_no_defect_of_the_program(
    error: OSError, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> int:
        raise error

    assert guard("x", full, tmp_path) == 2
    assert capsys.readouterr().err.startswith(f"x: {says}\n  to do: make room")
    assert list(tmp_path.iterdir()) == []


def test_a_traceback_that_cannot_be_written_is_still_named(tmp_path: Path) -> None:
    kept = Tracebacks(tmp_path / "none" / "tracebacks.txt")
    told = "KeyError: 'x' (tracebacks.txt cannot be written: No such file or directory)"
    assert kept.keep("asking", KeyError("x")) == told


def test_trouble_in_a_stored_history_makes_missing_evidence_a_symptom(contract: Contract) -> None:
    history = History("by hand", 0.0, 0.0, [record(0, 0.0, "trouble", {"error": "target: died\n  x"})])
    found = judge(PAIRS[2][0], Claim("a/missing"), Evidence(contract, history))
    assert (found.symptom, found.evidence) == (True, (0,))


def boom(*_: object, **__: object) -> int:
    raise KeyError("nobody expected this")


@pytest.mark.parametrize(
    ("words", "breaks"),
    [
        (["drill", "--list", "--drills", "nowhere"], "promproof.drills.drill.load_folder"),
        (["load", "steady"], "promproof.load.options.read"),
        (["ui", "--web-port", "0"], "os.execv"),
        (["stack", "status"], "promproof.stack.compose.engine"),
        (["images"], "shutil.which"),
        (["scenarios", "check", "steady"], "promproof.load.scenario.load"),
    ],
    ids=["drill", "load", "ui", "stack", "images", "check"],
)
def test_a_crash_of_a_command_is_one_line_and_status_2(
    words: list[str],
    breaks: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    monkeypatch.setattr(breaks, boom)
    module = f"promproof.cli.{words[0]}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    status = main(words)
    sys.modules.pop(module, None)  # it holds what breaks; the list of drills needs it no more
    said = capsys.readouterr().err
    assert status == 2, said
    assert said.startswith(f"promproof {words[0]}: internal error")
    assert "internal error: KeyError: 'nobody expected this' at " in said
    assert "Traceback" not in said
    assert len(list(tmp_path.glob("reports/crash-*.txt"))) == 1


def test_the_message_of_an_exception_shows_no_password_of_a_url() -> None:
    assert describe(ValueError("no answer of http://ada:s3cr3t77@host/x")) == (
        "ValueError: no answer of http://...@host/x"
    )
