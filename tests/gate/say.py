"""What the gate prints at its end, and its JUnit file: pure, from a judgement."""

from __future__ import annotations

import xml.etree.ElementTree as tree
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.gate.judge import Ended, Judgement, Round
from tests.gate.records import Item

COST = ("unit", "stack", "containers", "browser")
_NOT_XML = {number: "?" for number in range(32) if number not in (9, 10, 13)} | {0xFFFE: "?", 0xFFFF: "?"}


def report(
    judgement: Judgement, rounds: Sequence[Round], items: Sequence[Item], nightly: bool, slowest: int = 10
) -> list[str]:
    """The last lines: parts, slowest tests, counts, what is missing, what is flaky, what is red, and the sum."""
    said = [
        f"{done.part.name}: {len(done.part.items)} tests, {done.seconds:.0f} s, {done.cpu_seconds:.0f} s of CPU"
        for done in rounds
    ]
    said += ["", f"the {slowest} slowest tests:"]
    slow = sorted(judgement.ended.values(), key=lambda test: -test.seconds)[:slowest]
    said += [f"{test.seconds:8.1f} s  {test.id}" for test in slow]
    said += ["", *_table(judgement, items, nightly), ""]
    for need, names in sorted(judgement.not_here.items()):
        said += [f"not run here: needs {need}: {len(names)} tests:", *(f"    {name}" for name in names)]
    said += ["interrupted: what is not named here did not run"] if judgement.interrupted else []
    said += [f"red: {text}" for text in judgement.red]
    said += [f"failed: {name}: {_line(reason)}" for name, reason in judgement.failed.items()]
    said += [f"flaky: {name}: {_line(judgement.ended[name].reason)}" for name in judgement.flaky]
    return [*said, total(judgement)]


def total(judgement: Judgement) -> str:
    """`N passed, M failed`: the last line; what is red for another reason counts as failed."""
    bad = len(judgement.failed) + len(judgement.red)
    if judgement.interrupted:
        bad = max(bad, 1)
    return f"{len(judgement.passed)} passed, {bad} failed"


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def _table(judgement: Judgement, items: Sequence[Item], nightly: bool) -> Iterable[str]:
    """Planned and run, by folder and by mark."""
    here = [item for item in items if item.nightly == nightly]
    passed = set(judgement.passed)
    lacking = {name for names in judgement.not_here.values() for name in names}
    yield f"{'folder':24}{'planned':>9}{'passed':>9}{'not here':>9}{'at other time':>15}"
    folders = sorted({item.folder for item in items})
    for folder in folders:
        mine = [item.id for item in here if item.folder == folder]
        later = sum(item.folder == folder and item.nightly != nightly for item in items)
        yield _row(folder, mine, passed, lacking, later)
    yield _row("all", [item.id for item in here], passed, lacking, len(items) - len(here))
    marks = Counter(mark for item in here for mark in item.marks if mark in (*COST, "whole_run"))
    bare = sum(not set(item.marks) & set(COST) for item in here)
    yield "by mark: " + ", ".join(f"{mark} {marks[mark]}" for mark in (*COST, "whole_run")) + f", none {bare}"


def _row(name: str, mine: Sequence[str], passed: set[str], lacking: set[str], later: int) -> str:
    ran, not_here = len(passed.intersection(mine)), len(lacking.intersection(mine))
    return f"{name:24}{len(mine):>9}{ran:>9}{not_here:>9}{later:>15}"


def plan_report(troubles: Sequence[str]) -> list[str]:
    """What is said when the plan cannot be trusted: nothing is run then."""
    said = [f"red: {text}" for text in troubles]
    return [
        *said,
        "nothing was run: the plan does not hold all tests that stand in the files, or cannot be trusted",
        f"0 passed, {len(troubles)} failed",
    ]


def junit(judgement: Judgement, rounds: Sequence[Round]) -> str:
    """One suite for each part. A test that was repeated keeps both results, as Surefire writes them."""
    root = tree.Element("testsuites")
    for done in rounds:
        tests = [judgement.ended[item.id] for item in done.part.items if item.id in judgement.ended]
        bad = sum(test.id in judgement.failed for test in tests)
        suite = tree.SubElement(
            root,
            "testsuite",
            name=done.part.name,
            tests=str(len(tests)),
            failures=str(bad),
            errors="0",
            skipped=str(sum(test.outcome in ("skipped", "xfailed") for test in tests)),
            time=f"{done.seconds:.3f}",
        )
        for test in tests:
            _case(suite, test, judgement)
    if judgement.red:
        suite = tree.SubElement(
            root,
            "testsuite",
            name="gate",
            tests=str(len(judgement.red)),
            failures=str(len(judgement.red)),
            errors="0",
            skipped="0",
            time="0",
        )
        for text in judgement.red:
            case = tree.SubElement(suite, "testcase", classname="gate", name=_clean(text), time="0")
            tree.SubElement(case, "failure", message=_clean(text))
    tree.indent(root)
    return tree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: tree.Element, test: Ended, judgement: Judgement) -> None:
    file, _, name = test.id.partition("::")
    place = file.removesuffix(".py").replace("/", ".")
    second = judgement.second.get(test.id)
    seconds = second.seconds if second is not None and test.id in judgement.flaky else test.seconds
    case = tree.SubElement(suite, "testcase", classname=place, name=_clean(name), time=f"{seconds:.3f}")
    if test.outcome in ("skipped", "xfailed"):
        tree.SubElement(case, "skipped", message=_clean(test.reason))
    elif test.id in judgement.flaky:
        _child(case, "flakyFailure", test)
    elif test.id in judgement.failed:
        _child(case, "failure", test)
        if second is not None:
            _child(case, "rerunFailure", second)


def _child(case: tree.Element, kind: str, test: Ended) -> None:
    child = tree.SubElement(
        case, kind, message=_clean(test.reason or test.outcome), type=test.outcome, time=f"{test.seconds:.3f}"
    )
    child.text = _clean(test.text)


def _clean(text: str) -> str:
    return text.translate(_NOT_XML)
