"""Alerts over native histograms, from the proof to the tests that are left, by a promtool of version 3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promproof.proofs.asking import Judge
from promproof.proofs.coverage import test_files as files_of
from promproof.proofs.generated import write
from promproof.proofs.mutants.score import rule_documents, score
from promproof.proofs.outcome import PROVEN, Outcome
from promproof.proofs.prove import prove
from promproof.proofs.rulefiles import Rules, read
from promproof.stack.binaries import find_binary

pytestmark = [pytest.mark.stack, pytest.mark.nightly]  # it may have to fetch the programs

ALERTS = {
    "Slow": "histogram_quantile(0.9, sum by (job) (rate(lat[5m]))) > 0.5",
    "SlowOnAverage": "histogram_avg(rate(lat[5m])) > 0.2",
    "SlowByParts": "histogram_sum(sum(rate(lat[5m]))) / histogram_count(sum(rate(lat[5m]))) > 0.3",
    "FewFast": "histogram_fraction(0, 0.3, sum(rate(lat[1h]))) < 0.9",
    "Busy": "histogram_count(rate(lat[5m])) + histogram_count(rate(other[5m])) > 5",
}


@pytest.fixture(scope="module")
def promtool() -> Path:
    return find_binary("promtool", major=3).path


def found_in(folder: Path, alerts: dict[str, str]) -> Rules:
    rules = [{"alert": name, "expr": expression, "for": "5m"} for name, expression in alerts.items()]
    (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}), "utf-8")
    return read([folder / "rules.yml"])


def proven(folder: Path, promtool: Path, alerts: dict[str, str]) -> list[Outcome]:
    found = found_in(folder, alerts)
    return prove(found.alerts, found.recordings, Judge(promtool))


def test_alerts_over_native_histograms_are_proven_and_their_tests_notice(
    tmp_path: Path, promtool: Path
) -> None:
    outcomes = proven(tmp_path, promtool, ALERTS)
    assert {outcome.alert.name: outcome.verdict for outcome in outcomes} == dict.fromkeys(ALERTS, PROVEN)
    written = write(outcomes, [], promtool, tmp_path / "out")
    assert written.left == ()
    rules = [file.with_name(file.name.replace(".test.yml", ".rules.yml")) for file in written.files]
    result = score(promtool, rule_documents(rules), files_of([str(tmp_path / "out")]))
    assert result.failing == ()
    assert [(m.subject.name, m.change.what) for m in result.survivors] == []


def test_one_that_divides_a_histogram_by_itself_is_not_proven(tmp_path: Path, promtool: Path) -> None:
    (outcome,) = proven(
        tmp_path,
        promtool,
        {"Same": "histogram_count(rate(lat[5m])) / histogram_count(rate(lat[5m])) > 0.5"},
    )
    assert outcome.verdict != PROVEN


def test_a_plain_histogram_is_decided_by_the_same_promtool(tmp_path: Path, promtool: Path) -> None:
    plain = "histogram_quantile(0.9, sum by (le) (rate(lat_bucket[5m]))) > 0.5"
    (outcome,) = proven(tmp_path, promtool, {"Plain": plain})
    assert outcome.verdict == PROVEN
