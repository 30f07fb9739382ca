"""JUnit of the commands that are not pytest: what is no pass can't be read as one."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from promproof.errors import InputError
from promproof.report.junit import check_path, text, write
from promproof.run.ending import Ending
from promproof.verdict import Outcome, Verdict
from tests.report.test_golden import run

pytestmark = pytest.mark.unit
PASSED = Verdict("p95 < 250ms", Outcome.PASS, "11 ms")
FAILED = Verdict("errors == 0", Outcome.FAIL, "3 & more", expected="none")
OPEN = Verdict("knee > 5/s", Outcome.UNKNOWN, "the generator was too slow")
LEFT_OUT = Verdict("panel/x", Outcome.NOT_VERIFIED, "no Grafana")


def suite(*verdicts: Verdict, ending: Ending = Ending(), strict: bool = False) -> ElementTree.Element:  # noqa: B008 - frozen
    return ElementTree.fromstring(text("steady", verdicts, ending, strict=strict))[0]


def counts(found: ElementTree.Element) -> dict[str, str | None]:
    return {name: found.get(name) for name in ("tests", "failures", "errors", "skipped")}


def test_a_passed_condition_is_a_test_of_its_scenario() -> None:
    found = suite(PASSED)
    assert counts(found) == {"tests": "1", "failures": "0", "errors": "0", "skipped": "0"}
    assert found[0].attrib == {"classname": "steady", "name": "p95 < 250ms"}
    assert len(found[0]) == 0


def test_a_failed_condition_is_a_failure_with_what_was_seen_and_promised() -> None:
    failure = suite(PASSED, FAILED)[1][0]
    assert (failure.tag, failure.get("message")) == ("failure", "3 & more")
    assert failure.text == "seen: 3 & more\npromised: none"


def test_what_is_unknown_is_an_error_and_so_is_the_run_first() -> None:
    found = suite(PASSED, OPEN, LEFT_OUT)
    assert counts(found) == {"tests": "4", "failures": "0", "errors": "2", "skipped": "1"}
    assert found[0].get("name") == "run"
    assert "knee > 5/s: the generator was too slow" in str(found[0][0].get("message"))
    assert (found[2][0].tag, found[2][0].get("message")) == ("error", "unknown: the generator was too slow")


def test_what_a_broken_run_left_open_is_skipped_for_the_one_error_that_says_why() -> None:
    symptoms = [Verdict(f"metric/m{n}/exact", Outcome.UNKNOWN, "no history", symptom=True) for n in range(9)]
    assert counts(suite(*symptoms, ending=Ending("target: died"))) == {
        "tests": "10",
        "failures": "0",
        "errors": "1",
        "skipped": "9",
    }


def test_a_recorded_run_has_lines_of_files_and_the_seconds_of_its_phases() -> None:
    found = run("red")
    document = text("red", found.verdicts, found.ending, evidence=found.evidence, base="/recorded")
    [told] = ElementTree.fromstring(document)
    rows = {row.get("name"): row for row in told.iter("testcase")}
    rule = rows["alert/ShopErrors/boundary"]
    assert (rule.get("file"), rule.get("line")) == ("monitoring/shop.rules.yml", "4")
    names = [row.get("name") for row in told.iter("property")]
    assert names == [
        f"seconds: {name}" for name in ("bring up", "traffic", "at rest", "judging and the rest")
    ]
    assert float(str(told.get("time"))) > 20


def test_an_invalid_run_has_its_reasons_as_an_error() -> None:
    error = suite(PASSED, ending=Ending("too late\ntoo busy"))[0][0]
    assert (error.tag, error.get("message"), error.text) == ("error", "too late", "too late\ntoo busy")


def test_what_can_t_be_verified_here_is_an_error_only_where_it_is_asked_for() -> None:
    assert counts(suite(PASSED, LEFT_OUT))["errors"] == "0"
    assert counts(suite(PASSED, LEFT_OUT, strict=True))["errors"] == "1"


def test_characters_that_xml_has_no_way_to_hold_are_written_out() -> None:
    assert suite(Verdict("a\x00b", Outcome.FAIL, "\x1b[31mred\ud800"))[0].get("name") == "a#x00b"


def test_the_folders_of_the_file_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.xml"
    check_path(path)
    assert not path.parent.exists(), "a look leaves nothing behind"
    write(path, "steady", [PASSED], Ending())
    assert ElementTree.parse(path).getroot().tag == "testsuites"


@pytest.mark.parametrize("name", ["", "file/out.xml"], ids=["a folder", "below a file"])
def test_a_file_that_can_t_be_written_is_reported_beforehand(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_path(tmp_path / name)
    assert caught.value.where == "--junit"
