"""What a CI is given: annotations and a summary of GitHub, metrics, a badge; also of text that nobody expected."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from promproof.exposition import parse
from promproof.report import badge, exposed, githubform
from promproof.report.causes.fold import blocks
from promproof.report.claimplaces import Place, Places, places_of
from promproof.report.output import Report
from promproof.run.ending import Ending
from promproof.verdict import Outcome, Verdict
from tests.report.test_golden import run

pytestmark = pytest.mark.unit
EVIL = 'a|b`<script> ]]> \x1b[2J \u202e%0A::error::x, y:z\nsecond "q" \\ \ud800'
PASSED = Verdict("metric/a/exact", Outcome.PASS, "equal")
FAILED = Verdict(
    "alert/A/documented", Outcome.FAIL, "/w/rules/http.yml:6: threshold is > 1, documented > 2", "> 2"
)
SYMPTOM = Verdict("alert/A/boundary", Outcome.FAIL, "flips at 1")
OPEN = Verdict("panel/d/p/values", Outcome.UNKNOWN, "no answer")
LEFT = Verdict("grafana/health", Outcome.NOT_VERIFIED, "no Grafana")
NOWHERE = Places({}, {}, {})


def report(*verdicts: Verdict, folder: Path = Path("reports/x"), status: int = 1) -> Report:
    return Report(folder, verdicts, status=status)


def test_a_cause_is_one_annotation_at_its_line_and_tells_its_symptoms() -> None:
    [error, warning] = githubform.commands(blocks([PASSED, SYMPTOM, OPEN, FAILED, LEFT]), NOWHERE, "/w")
    head, _, text = error.partition("::A%3A")[0], "", error
    assert text.startswith(
        "::error file=rules/http.yml,line=6,title=alert/A/documented::A: the threshold is > 1"
    )
    assert "%0Apromised: > 2%0A" in text
    assert text.endswith("so also: alert/A/boundary")
    assert head
    assert warning.startswith("::warning title=panel/d/p/values::no answer")


def test_no_text_ends_an_annotation_or_begins_another() -> None:
    [line] = githubform.commands(blocks([Verdict(EVIL, Outcome.FAIL, EVIL)]), NOWHERE)
    assert "\n" not in line
    assert re.match(r"::error title=[^:,\n]*::", line)


def test_the_summary_begins_with_the_counts_and_has_each_cause_in_a_row(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n", encoding="utf-8")
    shown = report(PASSED, FAILED, SYMPTOM, LEFT, Verdict(EVIL, Outcome.FAIL, EVIL))
    githubform.tell(shown, {"GITHUB_STEP_SUMMARY": str(file)}, tmp_path)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["before", "### promproof: 5 claims: 1 pass, 3 fail, 1 not verified"]
    rows = [line for line in lines if line.startswith("| fail |")]
    assert len(rows) == 2
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)
    assert "<script>" not in file.read_text(encoding="utf-8").replace("\\<", "")
    assert "- 1 not verified: no Grafana (grafana/health)" in lines


def test_nothing_is_printed_or_written_outside_of_github(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    githubform.tell(report(FAILED), {"CI": "true"}, tmp_path)
    assert capsys.readouterr().out == ""
    githubform.tell(report(FAILED), {"GITHUB_ACTIONS": "true"}, tmp_path)
    assert capsys.readouterr().out.startswith("::error file=")


def test_two_thousand_causes_do_not_make_a_summary_that_is_refused() -> None:
    many = [Verdict(f"metric/m{n}/exact", Outcome.FAIL, "x" * 5000) for n in range(2000)]
    text = "\n".join(githubform.markdown(report(*many), blocks(many)))
    assert len(text.encode()) < 1 << 20
    assert "and 1800 more" in text


def test_a_run_that_broke_off_says_so_in_the_summary() -> None:
    broken = Report(Path("x"), [], ending=Ending("target: died\n  last log lines: none"))
    assert "The run broke off: target: died" in "\n".join(githubform.markdown(broken, []))


def test_verdicts_are_metrics_that_prometheus_can_read(tmp_path: Path) -> None:
    path = tmp_path / exposed.NAME
    exposed.write(report(PASSED, FAILED, Verdict(EVIL, Outcome.UNKNOWN, "x"), folder=tmp_path))
    found = parse(path.read_text(encoding="utf-8"))
    claims = {dict(labels)["id"]: dict(labels)["verdict"] for labels in found.series("promproof_claim")}
    assert claims["metric/a/exact"] == "pass"
    assert claims["alert/A/documented"] == "fail"
    assert len(claims) == 3
    sums = {dict(labels)["verdict"]: value for labels, value in found.series("promproof_claims").items()}
    assert sums == {"pass": 1, "fail": 1, "unknown": 1, "not verified": 0}
    assert found.values["promproof_exit_status", ()] == 1
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize(
    ("verdicts", "status", "says", "colour"),
    [
        ([PASSED, LEFT], 0, "1 pass", badge.COLOURS[0]),
        ([PASSED, FAILED, OPEN], 1, "1 fail", badge.COLOURS[1]),
        ([PASSED, OPEN], 2, "1 unknown", badge.UNKNOWN),
        ([PASSED], 2, "incomplete", badge.UNKNOWN),
        ([], 2, "incomplete", badge.UNKNOWN),
    ],
)
def test_a_badge_says_the_worst(
    verdicts: list[Verdict], status: int, says: str, colour: str, tmp_path: Path
) -> None:
    path = tmp_path / badge.NAME
    badge.write(report(*verdicts, folder=tmp_path, status=status))
    picture = ElementTree.parse(path).getroot()
    assert picture.get("aria-label") == f"monitoring: {says}"
    assert f'fill="{colour}"' in path.read_text(encoding="utf-8")


def test_a_claim_stands_where_its_verdict_says_or_where_its_subject_does() -> None:
    places = Places(
        {"A": Place("/w/r.yml", 3)},
        {"metric/a": Place("page.md", 9)},
        {"d/p": Place("d.json")},
        Place("c.yaml"),
        "docs/page.md",
    )
    assert places.of(FAILED) == Place("/w/rules/http.yml", 6)
    assert places.of(SYMPTOM) == Place("/w/r.yml", 3)
    assert places.of(OPEN) == Place("d.json")
    assert places.of(Verdict("docs/metric/a", Outcome.PASS, "")) == Place("page.md", 9)
    assert places.of(Verdict("metric/a/exact", Outcome.FAIL, "")) == Place("page.md", 9)
    assert places.of(Verdict("metric/b/exact", Outcome.FAIL, "")) == Place("c.yaml")
    assert places.of(replace(FAILED, reason="page.md:7: says 3")) == Place("docs/page.md", 7)
    assert Place("/w/r.yml", 3).below("/w") == Place("r.yml", 3)


def test_a_recorded_run_knows_the_lines_of_its_rules() -> None:
    places = places_of(run("red").evidence)
    assert places.alerts["ShopErrors"] == Place("/recorded/monitoring/shop.rules.yml", 4)
    row = places_of(run("drill").evidence).page["alert/HighErrorRate"]
    assert row.line > 0
    assert row.file.endswith("/docs/monitoring.md"), "from the folder of the contract that names it"
    assert places_of(None).of(PASSED) is None
