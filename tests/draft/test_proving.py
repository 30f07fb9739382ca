"""What a draft says of the proofs of rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.draft import proving
from promproof.draft.proving import longest, proofs, told
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, PROVEN, Alert, Outcome
from promproof.proofs.recordings import Recordings

pytestmark = pytest.mark.unit


def outcome(name: str, verdict: str, flips: str = "-", reason: str = "") -> Outcome:
    return Outcome(Alert(name, "up == 0", 0.0, {}), verdict, flips, reason)


def test_a_proven_alert_says_where_it_flips_and_a_dead_one_why() -> None:
    assert told(
        [
            outcome("Errors", PROVEN, "0.05"),
            outcome("Never", DEAD, reason="a share is never above 1"),
            outcome("Odd", CONTRADICTED, "0.5", "fires below"),
            outcome("Open", OPEN, reason="topk"),
        ]
    ) == {
        "Errors": "proven (promproof prove): flips at 0.05",
        "Never": "Look at this rule (promproof prove), dead: a share is never above 1",
        "Odd": "Look at this rule (promproof prove), contradicted: fires below",
    }


def test_nothing_is_said_of_a_name_that_two_alerts_have() -> None:
    assert told([outcome("Twice", PROVEN, "1"), outcome("Twice", PROVEN, "2")]) == {}


RULES = """
groups:
  - name: g
    rules:
      - {record: job:up, expr: "avg by (job) (up)"}
      - {alert: Down, expr: "up == 0"}
      - {alert: Month, expr: "avg_over_time(job:up[30d]) < 0.99"}
"""


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("up == 0", 0),
        ("rate(x[5m]) > 1", 300),
        ("avg_over_time(rec[30d]) < 1", 30 * 86400),
        ("rec > 1", 2 * 86400),
    ],
)
def test_the_longest_window_is_that_of_what_is_recorded_as_well(expression: str, seconds: float) -> None:
    recordings = Recordings([{"record": "rec", "expr": "rate(x[2d])"}])
    assert longest(Alert("A", expression, 0.0, {}), recordings) == seconds


@pytest.mark.stack
def test_what_takes_long_is_said_before_and_left_out_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promproof.proofs.run.proofs_folder", lambda: tmp_path / "proofs")
    monkeypatch.setattr(proving, "LONG_ONES_SECONDS", 0.0)
    (tmp_path / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    (tmp_path / "rules.yml").write_text(RULES)
    said: list[str] = []
    found = proofs(read_folder(tmp_path), said.append)
    assert found == {"Down": "proven (promproof prove): flips at == 0"}
    assert said == [
        "proving Month, which looks back over 30 d",
        "  not proven: Month: the time for the proofs was over; `promproof prove FOLDER` takes the time that it needs",
    ]
