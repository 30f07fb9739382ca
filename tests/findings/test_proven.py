"""Proofs in the formats of `promproof check --prove`: each tells the alerts that are wrong, and counts the others."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from promproof.findings.checking import Checked
from promproof.findings.finding import Severity
from promproof.findings.setup import Setup
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, PROVEN, Alert, Outcome
from promproof.report.findings import forms
from promproof.report.findings.proven import added

pytestmark = pytest.mark.unit
CLEAN = Checked(Setup(), Severity.WARNING, (), {}, ())


def outcome(name: str, verdict: str, reason: str = "") -> Outcome:
    alert = Alert(name, "a > 1", 0.0, {}, "api", "rules/api.yml:7: groups[0].rules[0]")
    return Outcome(alert, verdict, reason=reason)


OUTCOMES = (
    outcome("Fine", PROVEN),
    outcome("Dead", DEAD, "`job` is on one side only"),
    outcome("Other", CONTRADICTED, "it fires at 80, <not> over it"),
    outcome("Unknown", OPEN, "a subquery"),
)


def said(form: str) -> str:
    return added(form, forms.rendered(CLEAN, form), OUTCOMES)


@pytest.mark.parametrize("form", forms.FORMS)
def test_every_format_names_the_alerts_that_are_wrong(form: str) -> None:
    text = said(form)
    assert text.endswith("\n")
    assert "Dead" in text
    assert "`job` is on one side only" in text


def test_github_gets_an_annotation_at_the_line_of_the_rule() -> None:
    assert "::error file=rules/api.yml,line=7,title=proof/dead::Dead: `job` is on one side only" in said(
        "github"
    )
    assert "::error" not in added("github", forms.rendered(CLEAN, "github"), OUTCOMES[:1])


def test_the_page_has_a_row_for_each_wrong_alert_and_turns_red() -> None:
    text = said("html")
    assert 'id="proof/dead@rules/api.yml:7"' in text
    assert '<span class="word fail">fail' in text
    assert '<span class="word pass">pass' in added("html", forms.rendered(CLEAN, "html"), OUTCOMES[:1])


def test_sarif_has_a_result_whose_rule_is_the_one_at_its_index() -> None:
    (run,) = json.loads(said("sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleId"] for result in run["results"]] == ["proof/dead", "proof/contradicted"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert run["invocations"][0]["exitCode"] == 1


def test_junit_has_a_suite_of_alerts_beside_that_of_kinds() -> None:
    kinds, alerts = ElementTree.fromstring(said("junit").partition("?>")[2])
    assert kinds.get("name") == "promproof check"
    assert (alerts.get("tests"), alerts.get("failures"), alerts.get("skipped")) == ("4", "2", "1")
    assert [row.get("name") for row in alerts if row.find("failure") is not None] == ["Dead", "Other"]
