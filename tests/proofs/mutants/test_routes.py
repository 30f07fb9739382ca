"""Changes of an Alertmanager file: each shows in an alert of the rules, or is named. No program is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.labelsets import exactly
from promproof.config.yamlfile import load
from promproof.proofs.mutants.routes import RouteMutant, route_mutants, shown

pytestmark = pytest.mark.unit

FILE = """
route:
  receiver: attic
  routes:
    - {matchers: ['severity="page"'], receiver: pager}
    - {matchers: ['severity=~"page|mail"'], receiver: mail}
    - {matchers: ['severity="phone"'], receiver: phone}
inhibit_rules:
  - {source_matchers: ['severity="page"', 'team="a"'], target_matchers: ['severity="mail"'], equal: [job]}
receivers: [{name: attic}, {name: pager}, {name: mail}, {name: phone}]
"""
ALERTS = [
    ("Page", exactly({"alertname": "Page", "severity": "page", "job": "j", "team": "b"})),
    ("Mail", exactly({"alertname": "Mail", "severity": "mail", "job": "j"})),
    ("Other", exactly({"alertname": "Other", "severity": "mail", "job": "k"})),
]


@pytest.fixture
def found(tmp_path: Path) -> dict[tuple[int, str], RouteMutant]:
    file = tmp_path / "am.yml"
    file.write_text(FILE, encoding="utf-8")
    made = route_mutants(ALERTS, load(file, "an Alertmanager file"))
    return {(int(mutant.where.rpartition(":")[2]), mutant.what): mutant for mutant in made}


@pytest.mark.parametrize(
    ("line", "what", "killer"),
    [
        (5, "route removed", "Page"),
        (5, "route after the next one", "Page"),
        (5, "continue: true", "Page"),
        (5, "receiver pager -> attic", "Page"),
        (6, "receiver mail -> attic", "Mail"),
        (9, 'source_matchers: team="a" dropped', "Mail"),
    ],
)
def test_a_change_that_sends_an_alert_elsewhere_is_killed_by_it(
    found: dict[tuple[int, str], RouteMutant], line: int, what: str, killer: str
) -> None:
    assert found[line, what].killed_by == killer


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (7, "route removed"),
        (7, "receiver phone -> attic"),
        (6, "route after the next one"),
        (3, "receiver attic -> pager"),
    ],
)
def test_a_route_that_no_alert_takes_is_named(
    found: dict[tuple[int, str], RouteMutant], line: int, what: str
) -> None:
    assert found[line, what].killed_by == ""
    assert f"am.yml:{line}: survived: {what}: no alert" in shown(list(found.values()))


def test_without_an_alertmanager_file_nothing_is_shown() -> None:
    assert shown([]) == ""
