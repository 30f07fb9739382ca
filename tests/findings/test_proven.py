"""Proofs in the formats of `promproof check`: each tells the alerts that are wrong, and counts the others."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from promproof.findings.checking import Checked
from promproof.findings.finding import Finding, Severity
from promproof.findings.setup import Setup
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, PROVEN, Alert, Outcome
from promproof.report.findings import forms
from promproof.report.findings.proven import Proofs, added, finding, place_of

pytestmark = pytest.mark.unit


def outcome(name: str, verdict: str, reason: str = "") -> Outcome:
    return Outcome(Alert(name, "a > 1", 0.0, {}, "api", "rules/api.yml:7"), verdict, reason=reason)


OUTCOMES = (
    outcome("Fine", PROVEN),
    outcome("Dead", DEAD, "`job` is on one side only"),
    outcome("Other", CONTRADICTED, "it fires at 80, <not> over it"),
    outcome("Unknown", OPEN, "a subquery"),
)


def findings(*outcomes: Outcome) -> tuple[Finding, ...]:
    found = (finding(outcome, place_of(outcome.alert)) for outcome in outcomes)
    return tuple(wrong for wrong in found if wrong is not None)


def said(form: str, *outcomes: Outcome, shown: tuple[Finding, ...] | None = None) -> str:
    shown = findings(*outcomes) if shown is None else shown
    checked = Checked(Setup(), Severity.WARNING, shown, {}, ())
    return added(form, forms.rendered(checked, form), Proofs(outcomes), checked.findings)


@pytest.mark.parametrize("form", forms.FORMS)
def test_every_format_names_the_alerts_that_are_wrong(form: str) -> None:
    text = said(form, *OUTCOMES)
    assert text.endswith("\n")
    assert "Dead" in text
    assert "`job` is on one side only" in text


@pytest.mark.parametrize("form", ["text", "github", "sarif", "html"])
def test_formats_without_a_row_for_each_alert_count_the_proofs(form: str) -> None:
    told = "proofs: 1 proven, 1 dead, 1 contradicted, 1 not covered; 3 of 4 decided"
    assert told in said(form, *OUTCOMES)


def test_proofs_of_earlier_runs_are_told_as_those_beside_how_many_alerts_have_none() -> None:
    assert str(Proofs(OUTCOMES[:2], 3, is_cached=True)) == (
        "proofs: 1 proven, 1 dead (cached); 3 alerts without one: promproof check --prove"
    )
    assert str(Proofs(OUTCOMES[:1], is_cached=True)) == "proofs: 1 proven (cached)"


def test_github_gets_an_annotation_at_the_line_of_the_rule() -> None:
    annotation = "::error file=rules/api.yml,line=7,title=proof/dead::Dead: `job` is on one side only"
    assert annotation in said("github", *OUTCOMES)
    assert "::error" not in said("github", OUTCOMES[0])


def test_the_page_has_a_row_for_each_wrong_alert_and_turns_red() -> None:
    text = said("html", *OUTCOMES)
    assert 'id="proof/dead@rules/api.yml:7"' in text
    assert '<span class="word fail">fail' in text
    assert '<span class="word pass">pass' in said("html", OUTCOMES[0])


def test_sarif_has_a_result_whose_rule_is_the_one_at_its_index() -> None:
    (run,) = json.loads(said("sarif", *OUTCOMES))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleId"] for result in run["results"]] == ["proof/dead", "proof/contradicted"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert run["invocations"][0]["exitCode"] == 1


def test_junit_has_a_suite_of_alerts_beside_that_of_kinds() -> None:
    kinds, alerts = ElementTree.fromstring(said("junit", *OUTCOMES).partition("?>")[2])
    assert kinds.get("name") == "promproof check"
    assert (alerts.get("tests"), alerts.get("failures"), alerts.get("skipped")) == ("4", "2", "1")
    assert [row.get("name") for row in alerts if row.find("failure") is not None] == ["Dead", "Other"]


def test_an_alert_that_its_owner_leaves_out_is_no_failure_in_junit() -> None:
    text = said("junit", *OUTCOMES, shown=findings(OUTCOMES[1]))
    alerts = ElementTree.fromstring(text.partition("?>")[2])[1]
    assert [row.get("name") for row in alerts if row.find("failure") is not None] == ["Dead"]


def test_json_says_the_exit_status_that_the_proofs_make() -> None:
    told = json.loads(said("json", *OUTCOMES))
    assert told["exit_status"] == 1
    assert [alert["verdict"] for alert in told["proofs"]["alerts"]] == [PROVEN, DEAD, CONTRADICTED, OPEN]
    assert json.loads(said("json", OUTCOMES[0]))["exit_status"] == 0
