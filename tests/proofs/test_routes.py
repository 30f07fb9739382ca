"""Where an alert goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.yamlfile import load
from promproof.proofs.routes import reaches

pytestmark = pytest.mark.unit
FILE = """
route:
  receiver: mail
  routes:
    - {matchers: ['team="attic"'], receiver: attic}
    - {matchers: ['severity="critical"'], receiver: pager}
    - {matchers: ['team=banana split"'], receiver: mail}
receivers:
  - {name: mail, email_configs: [{to: a@example.org}]}
  - {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
  - {name: attic}
"""


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"severity": "critical"}, "pager"),
        ({"team": "attic"}, "attic; attic tells nobody: it has no integration"),
        ({"team": "roof"}, "not known: a route's matcher: 'team=banana split\"' is no matcher"),
    ],
    ids=["pager", "attic", "unreadable matcher"],
)
def test_the_receivers_of_an_alert_are_named_with_what_is_wrong(
    tmp_path: Path, labels: dict[str, str], expected: str
) -> None:
    (tmp_path / "alertmanager.yml").write_text(FILE, encoding="utf-8")
    assert str(reaches(labels, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))) == expected


def test_a_file_without_routes_reaches_nobody(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text("receivers: []\n", encoding="utf-8")
    assert str(reaches({}, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))) == "no route"


def test_a_receiver_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: x}\n", encoding="utf-8")
    found = reaches({}, load(tmp_path / "alertmanager.yml", "an Alertmanager file"))
    assert found.notes == ("no receiver is called 'x'",)
