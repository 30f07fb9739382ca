"""Proven alerts through a real Alertmanager: what it says beside our own reading of its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.cli import prove as command
from promproof.config.inhibition import Inhibition
from promproof.config.labelsets import Matcher, exactly
from promproof.config.routes import reaches
from promproof.errors import InputError
from promproof.proofs import sent
from tests.proofs.prove.test_command import given

pytestmark = pytest.mark.stack

RULES = """
groups:
  - name: g
    rules:
      - {alert: Page, expr: "a > 1", labels: {severity: page, team: till}}
      - {alert: Mail, expr: "sum by (job) (b) > 1", labels: {severity: mail}}
      - {alert: Both, expr: "c > 1", labels: {severity: "{{ $labels.level }}"}}
"""
ROUTES = """
route:
  receiver: attic
  group_by: [alertname]
  routes:
    - {matchers: ['{severity="page", alertname=~"Pa.*"}'], receiver: pager, group_by: ['...'], continue: true}
    - {matchers: ['team="till"'], receiver: counter, group_by: [instance]}
    - {match_re: {severity: "m.*|x"}, receiver: mail}
inhibit_rules:
  - {source_matchers: ['severity="down"'], target_matchers: ['severity=~"page|mail"'], equal: [job]}
  - {source_matchers: ['alertname="Site"'], target_matchers: ['severity="mail"']}
receivers: [{name: attic}, {name: pager}, {name: counter}, {name: mail}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "r.yml").write_text(RULES, encoding="utf-8")
    (tmp_path / "am.yml").write_text(ROUTES, encoding="utf-8")
    return tmp_path


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    more = {"alertmanager": folder / "am.yml", "routes": True}
    assert command.run(given((folder / "r.yml",), **more)) == 0
    alerts = json.loads(capsys.readouterr().out)["alerts"]
    return {alert["alert"]: alert["reaches"] for alert in alerts}


def test_alertmanager_and_our_reading_of_its_file_agree(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(folder, capsys)
    assert all(reached["alertmanager_agrees"] for reached in found.values()), found


def test_a_wrong_reading_of_the_file_is_noticed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Inhibition.mutes

    def other(rule: Inhibition, *alerts: Any) -> bool | None:
        return False if rule.equal else real(rule, *alerts)

    monkeypatch.setattr(Inhibition, "mutes", other)
    monkeypatch.setattr("promproof.proofs.sent.ends", lambda root, labels: reaches(root, labels)[:1])
    monkeypatch.setattr(sent, "SETTLED_SECONDS", 0.5)
    reached_by = told(folder, capsys)
    found = {name: reached["notes"] for name, reached in reached_by.items()}
    assert "Alertmanager sends it to counter, pager, by our reading to pager" in found["Page"]
    assert any("am.yml:10: Alertmanager mutes it beside" in note for note in found["Page"]), found["Page"]
    assert [name for name, reached in reached_by.items() if reached["alertmanager_agrees"]] == ["Both"]


def test_the_source_of_an_inhibition_has_a_twin_that_mutes_nothing() -> None:
    target = {"alertname": "A", "severity": "page", "job": "j"}
    for equal in (("job",), (), ("cluster",)):
        rule = Inhibition((), (Matcher("severity", "=~", "down|gone"),), (Matcher("job", "=", "j"),), equal)
        muting, twin = sent.sources(rule, target)
        assert rule.mutes(exactly(muting), exactly(target)) is True
        assert rule.mutes(exactly(twin), exactly(target)) is False


def test_routes_and_mutants_need_their_files(folder: Path) -> None:
    with pytest.raises(InputError, match="there are no routes"):
        command.run(given((folder / "r.yml",), routes=True))
    with pytest.raises(InputError, match="no tests that could notice"):
        command.run(given((folder / "r.yml",), mutants=True))


def test_a_file_that_alertmanager_refuses_keeps_the_verdicts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "am.yml").write_text(
        ROUTES.replace("  group_by: [alertname]\n", "  group_by: [alertname, alertname]\n"), encoding="utf-8"
    )
    more = {"alertmanager": folder / "am.yml", "routes": True}
    assert command.run(given((folder / "r.yml",), **more)) == 2
    found = json.loads(capsys.readouterr().out)
    assert {alert["verdict"] for alert in found["alerts"]} == {"proven"}
    (problem,) = found["not_read"]
    assert problem.startswith("the routes were not asked: Alertmanager ")
    assert "alertname" in problem
