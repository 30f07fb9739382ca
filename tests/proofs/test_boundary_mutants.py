"""Small changes of the shipped rules: a claim about files sees each, and none that changes nothing turns one red."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.boundary_mutants import FILES, Mutant, changed, judged, table, verdicts
from promproof.contract.model import load
from promproof.places import DEFAULT_MONITORING
from promproof.verdict import Outcome, Verdict

pytestmark = pytest.mark.stack
CONTRACT = load(DEFAULT_MONITORING / "contract.yaml")
EVERY_DAY = (
    "one instance above only",
    "an alert per instance",
    "no instance kept",
    "small machines left out",
    "half of the instances",
    "prompts of one digit",
)
"""One of each alert, each of a kind of its own."""
HARMLESS_EVERY_DAY = (
    "a comment",
    "label order in by",
    "(a - b) / a",
    "absent first",
    "without instance and status",
)


RECORDED = """groups:
  - name: recorded
    rules:
      - record: job:http_errors:rate5m
        expr: sum by (job) (rate(http_requests_total{job="promptpilot-api",status=~"5.."}[5m]))
      - record: job:http_requests:rate5m
        expr: sum by (job) (rate(http_requests_total{job="promptpilot-api"}[5m]))
"""
READS = "job:http_errors:rate5m / job:http_requests:rate5m > 0.05"


def together(mutants: Sequence[Mutant], folder: Path) -> dict[str, Verdict]:
    """What is said of one folder with a change in each of several alerts."""
    files = []
    for path in sorted((DEFAULT_MONITORING / "prometheus" / "rules").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        for mutant in mutants:
            text = changed(text, mutant) if FILES[mutant.alert] == path.stem else text
        files.append(folder / path.name)
        files[-1].write_text(text, encoding="utf-8")
    return verdicts(files, CONTRACT, list(FILES), folder)


def chosen(names: Sequence[str], *, harmless: bool) -> list[Mutant]:
    """The first change of each alert that has one of these names."""
    found = [mutant for mutant in table() if mutant.name in names and mutant.harmless == harmless]
    return list({mutant.alert: mutant for mutant in reversed(found)}.values())


@pytest.mark.takes(5)
def test_a_change_of_each_alert_turns_its_boundary_red(tmp_path: Path) -> None:
    said = together(chosen(EVERY_DAY, harmless=False), tmp_path)
    boundaries = {claim: verdict.outcome for claim, verdict in said.items() if claim.endswith("/boundary")}
    assert set(boundaries.values()) == {Outcome.FAIL}
    assert len(boundaries) == len(FILES)


@pytest.mark.takes(5)
def test_harmless_changes_leave_all_claims_green(tmp_path: Path) -> None:
    said = together(chosen(HARMLESS_EVERY_DAY, harmless=True), tmp_path)
    assert {claim: v.reason for claim, v in said.items() if v.outcome is not Outcome.PASS} == {}


@pytest.mark.takes(3)
def test_recording_rules_that_say_the_same_leave_all_claims_green(tmp_path: Path) -> None:
    recorded, alert = tmp_path / "recorded.yml", tmp_path / "http.yml"
    recorded.write_text(RECORDED, encoding="utf-8")
    text = (DEFAULT_MONITORING / "prometheus" / "rules" / "http.yml").read_text(encoding="utf-8")
    begin, end = text.index("expr: |"), text.index("        for: 5m")
    alert.write_text(f"{text[:begin]}expr: {READS}\n{text[end:]}", encoding="utf-8")
    said = verdicts([recorded, alert], CONTRACT, ["HighErrorRate"], tmp_path)
    assert {claim: v.reason for claim, v in said.items() if v.outcome is not Outcome.PASS} == {}
    assert len(said) == 3


@pytest.mark.nightly
@pytest.mark.parametrize("mutant", table(), ids=lambda mutant: f"{mutant.alert}: {mutant.name}")
def test_every_change_is_judged_rightly(mutant: Mutant) -> None:
    red = [claim for claim, v in judged(mutant, CONTRACT).items() if v.outcome is not Outcome.PASS]
    assert bool(red) != mutant.harmless
