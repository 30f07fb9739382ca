"""What the gate lets through and what not: every way to lose a test is red, nothing but whole runs is repeated."""

from __future__ import annotations

import xml.etree.ElementTree as tree
from collections.abc import Sequence

import pytest

from tests.gate import plan, say
from tests.gate.judge import Judgement, Round, judge, judge_again, to_repeat
from tests.gate.plan import Part, parts
from tests.gate.records import Collection, Item, Phase, Record, Refusal, end_line, line, read

pytestmark = pytest.mark.unit

LIGHT = tuple(Item(f"tests/a/test_a.py::test_{name}", ("stack",)) for name in ("one", "two"))
OTHER = Item("tests/b/test_b.py::test_three", ("stack",))
RUNS = tuple(Item(f"tests/runs/test_r.py::test_run[{name}]", ("whole_run",)) for name in "wxyz")
ITEMS = (*LIGHT, OTHER, *RUNS)


def phases(item: Item, outcome: str = "passed", reason: str = "") -> list[Phase]:
    """The three phases of a test; a skip is one of the set-up."""
    if outcome == "skipped":
        return [Phase(item.id, "setup", "skipped", 0.0, reason), Phase(item.id, "teardown", "passed")]
    return [
        Phase(item.id, "setup", "passed", 1.0),
        Phase(item.id, "call", outcome, 2.0, reason, reason),
        Phase(item.id, "teardown", "passed", 0.5),
    ]


def session(**changed: tuple[str, str]) -> list[Round]:
    """A session of all tests; those named end otherwise: `two=("failed", "assert 1 == 2")`, `lost` for not run."""
    rounds = []
    for part in parts(ITEMS):
        done: list[Phase] = []
        status = 0
        for item in part.items:
            outcome, reason = changed.get(
                item.id.split("_")[-1].removeprefix("run").strip("[]"), ("passed", "")
            )
            status |= outcome == "failed"
            done += [] if outcome == "lost" else phases(item, outcome, reason)
        record = Record(int(status), [Collection("gw0", part.items), Collection("gw1", part.items)], [], done)
        rounds.append(Round(part, record, 4.0))
    return rounds


def again(item: Item, outcome: str, reason: str = "") -> dict[str, Round]:
    record = Record(int(outcome == "failed"), [Collection("", (item,))], [], phases(item, outcome, reason))
    return {item.id: Round(Part("once more", "", 0, (item,)), record, 2.0)}


def said(judgement: Judgement, rounds: Sequence[Round]) -> str:
    return "\n".join(say.report(judgement, rounds, ITEMS, nightly=False))


def test_a_sound_session_is_green() -> None:
    rounds = session()
    judgement = judge(rounds)
    assert (judgement.status, judgement.red, judgement.failed) == (0, [], {})
    assert said(judgement, rounds).endswith("\n7 passed, 0 failed")
    assert not to_repeat(judgement, ITEMS)


def test_a_test_that_did_not_run_is_red() -> None:
    rounds = session(two=("lost", ""), three=("lost", ""))
    judgement = judge(rounds)
    assert judgement.red == [
        "light tests: planned and not run: tests/a: 1 tests: tests/a/test_a.py::test_two",
        "light tests: planned and not run: tests/b: 1 tests: tests/b/test_b.py::test_three",
    ]
    assert (judgement.status, said(judgement, rounds).splitlines()[-1]) == (1, "5 passed, 2 failed")


def test_a_worker_that_collects_something_else_is_red() -> None:
    rounds = session()
    light = rounds[0].record
    light.collections[1] = Collection("gw1", (*LIGHT, Item("tests/b/test_b.py::test_three[12:00:01]")))
    assert judge(rounds).red == [
        "light tests, worker gw1: planned and not collected: tests/b: 1 tests: tests/b/test_b.py::test_three",
        "light tests, worker gw1: collected and not planned: tests/b: 1 tests: tests/b/test_b.py::test_three[12:00:01]",
    ]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (None, "pytest broke off without an end"),
        (3, "pytest ended with status 3"),
        (5, "pytest ended with status 5"),
        (1, "pytest ended with status 1, and no test failed"),
    ],
    ids=str,
)
def test_an_odd_end_of_pytest_is_red(status: int | None, says: str) -> None:
    rounds = session()
    rounds[0].record.status = status
    assert judge(rounds).red == [f"light tests: {says}"]


def test_a_test_that_ran_twice_or_was_not_planned_is_red() -> None:
    rounds = session()
    rounds[0].record.phases.extend([*phases(LIGHT[0]), *phases(Item("tests/a/test_a.py::test_new"))])
    assert judge(rounds).red == [
        "light tests: run and not planned: tests/a: 1 tests: tests/a/test_a.py::test_new",
        "light tests: run more than once: tests/a: 1 tests: tests/a/test_a.py::test_one",
    ]


def test_an_error_of_collection_is_red_and_not_repeated() -> None:
    rounds = session(w=("failed", "late"))
    rounds[0].record.refusals.append(Refusal("tests/b/test_b.py", "ImportError: no shop"))
    judgement = judge(rounds)
    assert judgement.red == ["light tests: tests/b/test_b.py: not collected: ImportError: no shop"]
    assert to_repeat(judgement, ITEMS) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"one": ("failed", "assert False")},
        {"one": ("skipped", "no time")},
        {"one": ("xfailed", "known")},
        {"one": ("lost", "")},
        {"x": ("failed", "late"), "y": ("failed", "late")},
    ],
    ids=["light test fails", "skip", "expected failure", "count is off", "three whole runs fail"],
)
def test_no_whole_run_is_repeated_beside_another_failure(changed: dict[str, tuple[str, str]]) -> None:
    rounds = session(w=("failed", "late"), **changed)
    judgement = judge(rounds)
    assert judgement.status == 1
    assert to_repeat(judgement, ITEMS) == []


def test_a_light_test_that_failed_is_not_repeated() -> None:
    assert to_repeat(judge(session(one=("failed", "assert False"))), ITEMS) == []


def test_a_run_that_passes_alone_is_named_flaky_and_counts_once() -> None:
    rounds = session(w=("failed", "3 arrivals\nwere missed"))
    judgement = judge(rounds)
    assert to_repeat(judgement, ITEMS) == [RUNS[0]]
    judge_again(judgement, again(RUNS[0], "passed"))
    assert judgement.status == 0
    assert said(judgement, rounds).splitlines()[-2:] == [
        f"flaky: {RUNS[0].id}: 3 arrivals were missed",
        "7 passed, 0 failed",
    ]
    case = tree.fromstring(say.junit(judgement, rounds)).findall(".//testcase[@name='test_run[w]']")
    assert [
        (element.get("time"), [(child.tag, child.get("message")) for child in element]) for element in case
    ] == [("3.500", [("flakyFailure", "3 arrivals\nwere missed")])]


@pytest.mark.parametrize(("outcome", "reason"), [("failed", "late again"), ("skipped", "needs time: none")])
def test_a_run_that_does_not_pass_alone_is_red(outcome: str, reason: str) -> None:
    rounds = session(w=("failed", "late"))
    judgement = judge(rounds)
    judge_again(judgement, again(RUNS[0], outcome, reason))
    assert judgement.status == 1
    assert judgement.failed == {RUNS[0].id: f"late; alone once more: {outcome}: {reason}"}
    tags = [
        child.tag for child in tree.fromstring(say.junit(judgement, rounds)).iter() if "ailure" in child.tag
    ]
    assert tags == ["failure", "rerunFailure"]


def test_a_skip_that_this_machine_explains_is_green_and_named() -> None:
    rounds = session(one=("skipped", "needs Chromium: /usr/bin/chromium is not there"))
    judgement = judge(rounds)
    assert judgement.status == 0
    assert f"not run here: needs Chromium: 1 tests:\n    {LIGHT[0].id}\n" in said(judgement, rounds)
    assert said(judgement, rounds).endswith("6 passed, 0 failed")


@pytest.mark.parametrize(("may_lack", "status"), [(None, 0), ((), 1), (("root",), 0), (("apt",), 1)], ids=str)
def test_a_skip_is_judged_by_what_the_machine_promises(may_lack: tuple[str, ...] | None, status: int) -> None:
    judgement = judge(session(one=("skipped", "needs root: only root may mount")), may_lack)
    assert judgement.status == status


def test_an_interrupted_session_ends_with_2_and_repeats_nothing() -> None:
    rounds = session(w=("failed", "late"))
    rounds[1].record.status = 2
    judgement = judge(rounds)
    assert judgement.status == 2
    assert to_repeat(judgement, ITEMS) == []


FILES = {
    "tests/a/test_a.py": {"test_one", "test_two"},
    "tests/b/test_b.py": {"test_three"},
    "tests/runs/test_r.py": {"test_run"},
}


def test_a_sound_plan_has_no_trouble() -> None:
    record = Record(0, [Collection("", ITEMS)])
    assert plan.troubles(record, FILES, plan.read_least(plan.least_text(ITEMS))) == []


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (
            Record(0, [Collection("", (*LIGHT, *RUNS))]),
            [
                "tests/b/test_b.py: nothing of this file is collected (1 test functions)",
                "tests/b: 0 tests are collected, at least 1 are expected;",
            ],
        ),
        (
            Record(0, [Collection("", (LIGHT[0], OTHER, *RUNS))]),
            ["tests/a/test_a.py: not collected: test_two", "tests/a: 1 tests are collected, at least 2"],
        ),
        (
            Record(0, [Collection("", (*LIGHT, OTHER, *RUNS[:3]))]),
            ["tests/runs: 3 tests are collected, at least 4 are expected;"],
        ),
        (
            Record(0, [Collection("", ITEMS, ("tests/a/test_a.py::test_five",))]),
            ["a conftest file takes tests away: tests/a/test_a.py::test_five"],
        ),
        (
            Record(2, [], [Refusal("tests/b/test_b.py", "SyntaxError: invalid syntax")]),
            ["tests/b/test_b.py: not collected: SyntaxError: invalid syntax", "the collection broke off"],
        ),
        (Record(None), ["the collection broke off with status None"]),
    ],
    ids=["folder left out", "function not collected", "parameters lost", "deselected", "error", "crash"],
)
def test_a_plan_with_a_hole_is_reported(record: Record, says: list[str]) -> None:
    found = plan.troubles(record, FILES, plan.read_least(plan.least_text(ITEMS)))
    assert [text[: len(words)] for text, words in zip(found, says, strict=True)] == says


@pytest.mark.parametrize(
    "name",
    ["a[<function f at 0x7f00aa11>]", "a[<lambda>-0x7f1234567]", "a[naïve]"],
    ids=["function", "address", "not ASCII"],
)
def test_an_id_that_differs_in_each_process_is_refused(name: str) -> None:
    items = (Item(f"tests/a/test_a.py::test_{name}"),)
    [trouble] = plan.troubles(Record(0, [Collection("", items)]), {}, {})
    assert "give the parameter an id" in trouble


@pytest.mark.parametrize("name", [r"a[gr\xf6\xdfe]", "a[<lambda>-0x1f]"], ids=["escaped", "short number"])
def test_an_id_that_is_the_same_in_each_process_is_accepted(name: str) -> None:
    items = (Item(f"tests/a/test_a.py::test_{name}"),)
    assert plan.troubles(Record(0, [Collection("", items)]), {}, {}) == []


def test_every_test_function_of_a_file_is_found() -> None:
    source = "def test_a(): ...\nasync def test_b(): ...\nclass TestC:\n    def test_d(self): ...\ndef helper(): ...\n"
    assert plan.functions(source) == {"test_a", "test_b", "TestC::test_d"}


def test_the_parts_together_are_the_plan() -> None:
    alone = Item("tests/runs/test_r.py::test_alone", ("whole_run",), alone=True)
    night = Item("tests/b/test_b.py::test_long", ("nightly",))
    all_items = (*ITEMS, alone, night)
    day, nightly = parts(all_items), parts(all_items, nightly=True)
    assert [part.items for part in day] == [(*LIGHT, OTHER), RUNS, (alone,)]
    pure = Item("tests/b/test_b.py::test_pure", ("unit",))
    assert [(part.items, part.behind) for part in parts((*LIGHT, pure))] == [(LIGHT, 0), ((pure,), 0)]
    assert [(part.items, part.behind) for part in parts((*ITEMS, pure, alone))] == [
        ((*LIGHT, OTHER), 5),
        (RUNS, 0),
        ((pure,), 10),  # nothing that starts a process runs beside what must be alone
        ((alone,), 0),
    ]
    assert [part.items for part in nightly] == [(night,)]


def test_a_record_that_is_cut_off_is_read_up_to_the_cut() -> None:
    item = Item("tests/a/test_a.py::test_one", ("unit",), alone=True)
    lines = [
        line(Collection("", (item,))),
        line(phases(item)[0]),
        line(Refusal("x", "y")),
        end_line(1),
        '{"kind"',
    ]
    record = read(lines)
    assert (record.status, record.collections, record.refusals) == (
        1,
        [Collection("", (item,))],
        [Refusal("x", "y")],
    )
    assert record.phases == phases(item)[:1]
