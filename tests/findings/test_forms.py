"""The formats of `promproof check`: each tells every finding, where it is, and what was not verified."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from promproof.cli.program import main
from promproof.findings import proofids
from promproof.findings.checking import Checked
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.judging import Unjudged
from promproof.findings.kind import KINDS
from promproof.findings.setup import Setup
from promproof.report.findings import forms
from tests.report.stored import Reader

pytestmark = pytest.mark.unit
ODD = Finding(
    "rule/le-dropped",
    Severity.ERROR,
    "a b/r,u:l.yml",
    3,
    "groups[0]",
    "100% <wrong>|\x01",
    "it\nis",
    "mend",
    "$ x",
)
BOARD = Finding("grafana/unparsable", Severity.WARNING, "../d.json", 7, "$.panels[0]", "no")
MILD = Finding("file/unreadable", Severity.INFO, "x.yml", None, "", "mild")
CRASH = Unjudged(("rule/never-fires",), "Down", Place("r.yml", 4), "KeyError: 'le'", crashed=True)
NOT_HERE = Unjudged(("rule/always-fires",), "Down", Place("r.yml", 4), "promtool is not here")


UNREAD = Unjudged((), "values.yaml", Place("values.yaml"), "a chart's values are no manifests")


def checked(*findings: Finding, unjudged: tuple[Unjudged, ...] = ()) -> Checked:
    return Checked(Setup(), Severity.INFO, findings, {Severity.HINT: 2}, unjudged)


def sarif(result: Checked) -> Any:
    (run,) = json.loads(forms.rendered(result, "sarif"))["runs"]
    return run


@pytest.mark.parametrize("form", forms.FORMS)
def test_each_format_has_the_place_the_kind_and_what_is_not_verified(form: str) -> None:
    text = unescape(forms.rendered(checked(BOARD, unjudged=(CRASH, NOT_HERE)), form))
    assert text.endswith("\n")
    for told in ("d.json", "7", "grafana/unparsable", "promtool is not here", "KeyError"):
        assert told in text


@pytest.mark.parametrize("form", forms.FORMS)
def test_each_format_names_a_file_that_is_not_read(form: str) -> None:
    text = unescape(forms.rendered(checked(unjudged=(UNREAD,)), form))
    assert "values.yaml" in text
    assert "a chart's values are no manifests" in text


@pytest.mark.parametrize("form", forms.FORMS)
def test_each_format_takes_a_file_whose_name_is_no_utf8(form: str) -> None:
    text = forms.rendered(checked(replace(BOARD, file="\udcff.json", message="half a pair: \ud800")), form)
    text.encode()
    if form in ("json", "sarif"):
        json.loads(text)


@pytest.mark.parametrize("form", forms.FORMS)
def test_each_format_takes_any_text(form: str) -> None:
    text = forms.rendered(checked(ODD), form)
    if form in ("json", "sarif"):
        json.loads(text)
    if form == "junit":
        ElementTree.fromstring(text)


def test_github_gets_one_command_for_each_finding_with_its_characters_escaped() -> None:
    lines = forms.rendered(checked(ODD, BOARD, MILD), "github").splitlines()
    assert lines[0] == (
        "::error file=a b/r%2Cu%3Al.yml,line=3,title=rule/le-dropped::100%25 <wrong>|\x01"
        "%0Aeffect: it%0Ais%0Ato do: mend%0Asee: $ x"
    )
    assert lines[1] == "::warning file=../d.json,line=7,title=grafana/unparsable::no"
    assert lines[2] == "::notice file=x.yml,line=1,title=file/unreadable::mild"
    assert lines[-1] == "1 error, 1 warning, 1 info in 3 files; not shown: 2 hints (--severity hint)"


def test_the_summary_of_a_job_has_a_row_for_each_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    rules = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: count(up == 1) == 0\n"
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    (tmp_path / "summary.md").write_text("before\n", encoding="utf-8")
    assert main(["check", "--only", "rule/never-fires"]) == 1
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("before\n### promproof check: 1 error in 1 file\n")
    assert "\n| rules.yml:5 | error | rule/never-fires | " in summary
    assert "- checked: 1 rule\n" in summary


def test_a_summary_that_cannot_be_written_is_told_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "summary.md"))
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: a, rules: [{record: a, expr: up}]}]\n", encoding="utf-8"
    )
    assert main(["check", "--only", "rule/never-fires"]) == 0
    assert "the summary of the job can't be written" in capsys.readouterr().err


def test_sarif_names_every_kind_once_and_each_result_by_its_index() -> None:
    run = sarif(checked(ODD, BOARD, MILD))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [*KINDS.names(), *proofids.TITLES]
    for result, level in zip(run["results"], ("error", "warning", "note"), strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == level


def test_sarif_gives_addresses_that_are_valid() -> None:
    inside, outside, whole = (
        result["locations"][0]["physicalLocation"] for result in sarif(checked(ODD, BOARD, MILD))["results"]
    )
    assert inside["artifactLocation"] == {"uri": "a%20b/r%2Cu%3Al.yml", "uriBaseId": "%SRCROOT%"}
    assert re.fullmatch(r"file:///.*/d\.json", outside["artifactLocation"]["uri"])
    assert whole["region"] == {"startLine": 1}


def test_sarif_tells_what_crashed_as_a_run_without_success() -> None:
    (invocation,) = sarif(checked(unjudged=(CRASH, NOT_HERE)))["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["error", "note"]


def test_sarif_marks_two_findings_of_one_place_alike_and_others_differently() -> None:
    marks = [result["partialFingerprints"] for result in sarif(checked(ODD, ODD, BOARD))["results"]]
    assert marks[0] == marks[1] != marks[2]


def test_junit_has_a_test_for_each_kind_and_counts_them() -> None:
    text = forms.rendered(checked(ODD, ODD, BOARD, unjudged=(CRASH, NOT_HERE)), "junit")
    suite = ElementTree.fromstring(text)[0]
    rows = suite.findall("testcase")
    assert [row.get("name") for row in rows] == list(KINDS.names())
    counted = Counter(child.tag for row in rows for child in row)
    assert counted == {"failure": 2, "error": 1, "skipped": 1}
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        str(len(rows)),
        "2",
        "1",
        "1",
    ]


def test_the_page_is_whole_escaped_and_the_worst_comes_first() -> None:
    twice = replace(ODD, message="again")
    text = forms.rendered(checked(MILD, BOARD, ODD, twice, unjudged=(CRASH,)), "html")
    page = Reader(text)
    assert not page.wrong
    assert not page.open
    rows = page.of_class("claim")
    assert [row["class"] for row in rows] == ["claim fail", "claim fail", "claim unknown", "claim open"]
    assert len({row["id"] for row in rows}) == 4
    assert "100% <wrong>|" in page.text
    assert "<wrong>" not in text
    assert "promproof explain rule/le-dropped" in page.text
    assert ("form", "findings") in {
        (tag, about.get("data-noun")) for tag, about in page.elements if tag == "form"
    }
    assert "://" not in text


def test_a_page_without_findings_is_green_and_one_whose_judge_crashed_is_not() -> None:
    assert "<title>pass: promproof check</title>" in forms.rendered(checked(), "html")
    assert "<title>unknown: promproof check</title>" in forms.rendered(checked(unjudged=(CRASH,)), "html")
