"""Proofs of earlier runs in `promproof check`: those of rules as they stand, at no cost, and of no other rule."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from promproof.cli.program import main
from promproof.proofs.cache import Cache
from promproof.proofs.known import remember
from promproof.proofs.outcome import DEAD, PROVEN, Outcome
from promproof.proofs.recordings import Recordings
from promproof.proofs.rulefiles import read

pytestmark = pytest.mark.unit
REASON = "`job` is on the right side of / only"
RULES = """groups:
- name: api
  rules:
  - {alert: Fine, expr: errors:rate5m > 5, for: 2m, annotations: {summary: errors}}
  - alert: Dead
    expr: sum by (instance) (a) / b > 1
    for: 2m
- name: recorded
  rules:
  - {record: 'errors:rate5m', expr: 'sum(rate(errors_total[5m]))'}
"""
NEW = "  - {alert: New, expr: c > 1}\n- name: recorded\n"
PROMETHEUS = "global: {scrape_interval: 15s}\nscrape_configs: [{job_name: api}]\nrule_files: [rules.yml]\n"
SHOWN = "proofs: 1 proven, 1 dead (cached)"
Kept = Callable[[], None]
"""Keeps the proofs of the rules as they stand."""


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """A folder with its rules, and a promtool that tells when it is started."""
    folder, proofs = tmp_path / "here", tmp_path / "proofs"
    program = tmp_path / "bin" / "promtool"
    for made in (folder, program.parent):
        made.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr("promproof.cli.check.proofs_folder", lambda: proofs)
    monkeypatch.chdir(folder)
    Path("rules.yml").write_text(RULES, encoding="utf-8")
    Path("prometheus.yml").write_text(PROMETHEUS, encoding="utf-8")

    def kept() -> None:
        rules = read([Path()])
        cache = Cache(proofs, "3.1.0", rules.scrape)
        for alert in rules.alerts:
            verdict, reason = (DEAD, REASON) if alert.name == "Dead" else (PROVEN, "")
            cache.put(Outcome(alert, verdict, reason=reason), Recordings(rules.recordings))
        remember(proofs, program, "3.1.0")

    return kept


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["check", "--only", "proof", *words])
    return status, capsys.readouterr().out


def replaced(file: str, old: str, new: str) -> None:
    text = Path(file).read_text(encoding="utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new), encoding="utf-8")


def test_a_check_shows_the_proofs_that_are_kept_and_starts_nothing(
    keep: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep()
    replaced("rules.yml", "- name: recorded\n", NEW)
    status, said = checked(capsys)
    assert status == 1
    assert said.splitlines()[0] == f"rules.yml:5 error proof/dead Dead: {REASON}"
    assert said.endswith(f"{SHOWN}; 1 alert without one: promproof check --prove\n")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "left"),
    [
        ("rules.yml", "/ b > 1", "/ b > 2", "proofs: 1 proven (cached); 1 alert"),
        ("rules.yml", "[5m]", "[10m]", "proofs: 1 dead (cached); 1 alert"),
        ("prometheus.yml", "15s", "30s", ""),
        ("prometheus.yml", "15s", "15s, evaluation_interval: 30s", ""),
        ("../bin/promtool", "touch", "exec touch", ""),
    ],
    ids=["rule", "recording", "scrape", "evaluation", "promtool"],
)
def test_nothing_is_shown_of_what_changed_since(
    file: str, old: str, new: str, left: str, keep: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    keep()
    replaced(file, old, new)
    _, said = checked(capsys)
    assert left in said
    assert SHOWN not in said
    assert ("proofs:" in said) is bool(left)


def test_another_annotation_is_the_same_proof(keep: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    keep()
    replaced("rules.yml", "summary: errors", "summary: too many")
    assert SHOWN in checked(capsys)[1]


def test_without_proofs_or_where_none_is_wanted_nothing_is_said_of_them(
    keep: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (checked(capsys)[0], "proofs" in checked(capsys)[1]) == (0, False)
    keep()
    assert SHOWN in checked(capsys)[1]
    assert "proofs" not in checked(capsys, "--no-cache")[1]
    main(["check", "--only", "rule/never-fires"])
    assert "proofs" not in capsys.readouterr().out


def test_json_has_the_findings_and_every_outcome(keep: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    keep()
    told = json.loads(checked(capsys, "--format", "json")[1])
    assert [(found["rule"], found["line"]) for found in told["findings"]] == [("proof/dead", 5)]
    assert (told["proofs"]["cached"], told["proofs"]["without_proof"]) == (True, 0)
    assert [alert["verdict"] for alert in told["proofs"]["alerts"]] == [PROVEN, DEAD]


def test_a_dead_alert_is_left_out_by_a_comment_that_is_never_idle_for_want_of_a_proof(
    keep: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    comment = "  # promproof: ignore proof/dead - it waits for b\n"
    replaced("rules.yml", "  - alert: Dead\n", f"{comment}  - alert: Dead\n")
    main(["check", "--only", "file", "--severity", "info"])
    assert "file/unused-suppression" not in capsys.readouterr().out
    keep()
    status, said = checked(capsys)
    assert (status, "left out by comments and promproof.yaml: 1" in said) == (0, True)


def test_a_dead_alert_of_the_baseline_is_known_wherever_it_moves(
    keep: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    keep()
    baseline = ("--baseline", "known.json")
    assert checked(capsys, *baseline, "--write-baseline") == (0, "1 finding is known now: known.json\n")
    replaced("rules.yml", "groups:\n", "# moved\ngroups:\n")
    status, said = checked(capsys, *baseline)
    assert (status, "known: 1" in said) == (0, True)
    replaced("rules.yml", "- name: recorded\n", NEW.replace("New, expr: c > 1", "Dead, expr: d / e > 1"))
    keep()
    assert checked(capsys, *baseline)[0] == 1
