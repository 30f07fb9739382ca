"""Alerts of the same name that are somebody else's, in a stack that others use too, and our own, which stay ours."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.config.rules import Rule
from promproof.contract.model import Alert, Contract
from promproof.drills.case import observations
from promproof.drills.deliveries import delivered, told
from promproof.drills.states import State
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.records import OwnAlerts
from promproof.observe.polling import rule_states
from promproof.run.shared import external_labels, fixed_labels, of_alert, own_alerts
from tests.records import record

pytestmark = pytest.mark.unit
NAME = "Slow"
OURS = {"alertname": NAME, "job": "shop", "severity": "page", "cluster": "eu"}
EXPRESSION = "latency_seconds > 1"


def rule(expression: str = EXPRESSION, **labels: str) -> Rule:
    return Rule(NAME, expression, 0.0, labels, {}, "g")


def contract(**more: Any) -> Contract:
    alert = {"name": NAME, **more}
    return Contract.model_validate(
        {"contract": 1, "service": "shop", "target": {"job": "shop"}, "alerts": [alert]}
    )


class Server:
    """What a Prometheus says of its rules, its configuration and its targets."""

    def __init__(self, *rules: Rule, configuration: str = "global: {external_labels: {cluster: eu}}") -> None:
        self._rules, self._configuration = rules, configuration

    def rules(self) -> list[dict[str, Any]]:
        """As its API groups them."""
        told = [
            {
                "type": "alerting",
                "name": each.name,
                "query": each.expression,
                "duration": 0,
                "labels": each.labels,
            }
            for each in self._rules
        ]
        return [{"name": "g", "rules": told}]

    def configuration(self) -> str:
        """As it has loaded it."""
        return self._configuration

    def targets(self) -> list[dict[str, Any]]:
        """Of two services."""
        return [{"labels": {"job": job, "instance": "a:1"}} for job in ("shop", "bank")]


def own(*rules: Rule, documented: tuple[Rule, ...] = (), **more: Any) -> OwnAlerts:
    found = own_alerts(Server(*rules), contract(**more), documented)  # type: ignore[arg-type]  # the three answers
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("labels", "is_ours"),
    [
        ({}, True),
        ({"job": "bank"}, False),  # the same rule, another service
        ({"severity": "ticket"}, False),  # another team's rule of the name
        ({"instance": "b:1", "team": "x"}, True),  # what nothing says is nobody's proof
    ],
)
def test_an_alert_that_another_rule_or_service_has_is_not_ours(labels: dict[str, str], is_ours: bool) -> None:
    loaded = (rule(severity="page"), rule("queue > 5", severity="ticket"))
    assert own(*loaded, severity="page").has({**OURS, **labels}) is is_ours


def test_an_alert_without_a_job_is_ours() -> None:
    labels = {name: value for name, value in OURS.items() if name != "job"}
    assert own(rule(severity="page")).has(labels)


@pytest.mark.parametrize(
    ("expression", "job", "is_ours"),
    [
        ('up{job="node"} == 0', "node", True),  # about another job by its own words
        ('up{job="node"} == 0', "bank", False),
        ('up{job=~"shop|bank"} == 0', "bank", True),
        ('up{job="node"} == 0 or up == 0', "shop", True),
        ('label_replace(up, "job", "x", "instance", ".*") == 0', "x", True),
        ("up ==", "bank", True),  # nobody here reads it
    ],
)
def test_the_job_is_what_the_expression_says(expression: str, job: str, is_ours: bool) -> None:
    assert own(rule(expression)).has({"alertname": NAME, "job": job}) is is_ours


def test_a_rule_that_was_changed_since_is_still_ours() -> None:
    """Its severity is a finding of its own; the alert must not vanish behind it."""
    found = own(rule(severity="ticket"), severity="page")
    assert found.has({**OURS, "severity": "ticket"})


def test_of_two_rules_with_our_labels_the_documented_one_is_ours() -> None:
    mine, theirs = rule(team="a"), rule("queue > 5", team="b")
    assert of_alert(Alert(name=NAME), [mine, theirs], [rule("latency_seconds  > 1")]) == [mine]
    assert of_alert(Alert(name=NAME), [mine, theirs], []) == [mine, theirs]
    assert fixed_labels(rule(team="a", at="{{ $labels.instance }}")) == {"team": "a"}


@pytest.mark.parametrize(
    ("configuration", "labels", "is_ours"),
    [
        ("global: {external_labels: {cluster: eu}}", {"cluster": "us"}, False),
        ("global: {external_labels: {cluster: eu}}", {}, True),
        ("global: {external_labels: {instance: eu}}", {"instance": "b:1"}, True),  # the alert has its own
        (
            "global: {external_labels: {cluster: eu}}\nalerting: {alert_relabel_configs: [{}]}",
            {"cluster": "us"},
            True,
        ),
        ("{", {"cluster": "us"}, True),
        ("", {"cluster": "us"}, True),
    ],
)
def test_alertmanager_has_alerts_of_other_prometheuses(
    configuration: str, labels: dict[str, str], is_ours: bool
) -> None:
    found = own_alerts(Server(rule(), configuration=configuration), contract(), ())  # type: ignore[arg-type]
    assert found is not None
    assert found.has_sent({**OURS, **labels}) is is_ours
    assert found.has_sent({"alertname": "Another", "cluster": "us"})


def test_labels_that_an_alert_may_have_of_its_own_say_nothing() -> None:
    assert external_labels("global: {external_labels: {a: x, b: y}}", {"a"}) == {"b": "y"}


def test_without_an_answer_nothing_is_told_apart() -> None:
    class Silent(Server):
        def rules(self) -> list[dict[str, Any]]:
            raise EvidenceError("prometheus", "gone")

    assert own_alerts(Silent(), contract(), ()) is None  # type: ignore[arg-type]


def evidence(known: OwnAlerts | None) -> Evidence:
    theirs = {**OURS, "job": "bank"}
    body = {
        "alerts": [
            {"status": "firing", "labels": labels, "endsAt": "0001-01-01T00:00:00Z", "annotations": {}}
            for labels in (theirs,)
        ]
    }
    stored = [{"name": "ALERTS", "labels": {**theirs, "alertstate": "firing"}, "samples": [[2.0, 1.0]]}]
    records = [record(1, 0.0, "own_alerts", known.__dict__)] if known else []
    records += [
        record(2, 2.0, "delivery", {"receiver": "team", "status": 200, "body": body}),
        record(3, 3.0, "stored", {"series": stored}),
    ]
    return Evidence(contract(), History("r", 0.0, 0.0, records))


def test_what_another_service_had_is_no_state_and_no_notification_of_ours() -> None:
    ours, everybody = evidence(own(rule(severity="page"))), evidence(None)
    assert not delivered(ours, NAME, 0.0, 9.0)
    assert [news.status for news in delivered(everybody, NAME, 0.0, 9.0)] == ["firing"]
    assert not observations(ours, NAME, 0.0, 9.0)
    assert told(ours, {"alerts": [{"status": "firing", "labels": OURS, "annotations": {}}]}, NAME, 0.0)


def test_the_state_of_a_rule_is_that_of_our_alerts_in_it() -> None:
    def state(*jobs: str) -> str:
        alerts = [{"labels": {**OURS, "job": job}, "state": "firing"} for job in jobs]
        rules = [{"type": "alerting", "name": NAME, "state": "firing", "alerts": alerts}]
        return rule_states([{"rules": rules}], own(rule(severity="page")))[NAME]

    assert state("bank") == State.INACTIVE
    assert state("bank", "shop") == State.FIRING
