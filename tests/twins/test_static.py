"""Twins that need no server: a changed rule or route turns the right claims red, and no others."""

from __future__ import annotations

import re
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from promproof.checks import claims
from promproof.checks.base import judge
from promproof.config.rules import read
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import Boundary
from promproof.places import DEFAULT_MONITORING
from promproof.proofs.rulefiles import scrape_intervals
from promproof.run import static
from promproof.run.clock import SystemClock
from promproof.run.options import Options
from promproof.run.prepare import Prepared, prepare
from promproof.stack.binaries import Binaries, find_binaries
from promproof.verdict import Outcome, Verdict
from tests.twins.folders import EXECUTIONS, STATIC, Twin, make

pytestmark = [pytest.mark.stack, pytest.mark.takes(4)]
OPEN = {"alert/DiskWillFill/boundary", "alert/MetricsMissing/boundary"}
"""What the contract says no boundary of: their rules compare two quantities, and `promproof prove` proves them."""
KINDS = re.compile(r"config/clean|alert/\w+/(documented|boundary)|docs/.*")


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    return find_binaries()


POINTS: dict[tuple[str, ...], Boundary] = {}


def points(prepared: Prepared, binaries: Binaries) -> Boundary:
    """Where the alerts flip: the same alerts, rules and intervals flip at the same points, and are asked about once."""
    rules = tuple(document.path.read_text(encoding="utf-8") for document in prepared.folder.rules)
    alerts = tuple(alert.model_dump_json() for alert in prepared.contract.alerts)
    scrape = min(scrape_intervals(prepared.folder.prometheus.data), default=None)
    about = (str(scrape), *rules, "alerts:", *alerts)
    if about not in POINTS:
        POINTS[about] = static.boundary(prepared, binaries)
    return POINTS[about]


def verdicts(monitoring: Path, folder: Path, binaries: Binaries, changed: str = "") -> dict[str, Verdict]:
    """What the checks say of a monitoring folder without a run.

    changed: a rule file; of all alerts only its own are judged then, since promtool takes most of the time.
    """
    prepared = prepare(Options.of(monitoring=monitoring))
    if "/rules/" in changed:
        path = (monitoring / changed).resolve()
        own = {
            rule.name
            for rule in read([file for file in prepared.folder.rules if file.path.resolve() == path])
        }
        kept = tuple(alert for alert in prepared.contract.alerts if alert.name in own)
        documented = {"alerts": kept, "documentation": None}
        prepared = replace(prepared, contract=prepared.contract.model_copy(update=documented))
    with closing(Recorder(folder / "history.jsonl", "static", SystemClock())) as history:
        static.check_files(prepared, binaries, history)
        asked: Future[Boundary] = Future()
        asked.set_result(points(prepared, binaries))
        static.record_boundary(history, asked)
    evidence = Evidence(prepared.contract, history)
    wanted = [(check, claim) for check, claim in claims(prepared.contract) if KINDS.fullmatch(claim.id)]
    return {claim.id: judge(check, claim, evidence) for check, claim in wanted}


def red(judged: dict[str, Verdict]) -> set[str]:
    return {name for name, verdict in judged.items() if verdict.outcome is not Outcome.PASS} - OPEN


def test_the_shipped_folder_is_green(tmp_path: Path, binaries: Binaries) -> None:
    judged = verdicts(DEFAULT_MONITORING, tmp_path, binaries)
    assert {name: judged[name].reason for name in red(judged)} == {}
    assert {judged[name].outcome for name in OPEN} == {Outcome.NOT_VERIFIED}
    pages = 15 + 14 + 5 + 2  # metrics, alerts, dashboards; the deployment, and what the page has too much
    assert len(judged) == 1 + 2 * 14 + pages


@pytest.mark.parametrize(
    "twin",
    [pytest.param(twin, marks=pytest.mark.nightly) if twin.nightly else twin for twin in STATIC],
    ids=lambda twin: twin.name,
)
def test_a_broken_folder_turns_exactly_its_claims_red(twin: Twin, tmp_path: Path, binaries: Binaries) -> None:
    judged = verdicts(make(twin, tmp_path), tmp_path, binaries, twin.file)
    assert red(judged) == twin.red, {name: judged[name].reason for name in red(judged)}


def test_the_page_s_own_sample_rule_fires_far_below_ten_percent(tmp_path: Path, binaries: Binaries) -> None:
    """Divided series by series, each failed series is divided by itself: 1 at any failure rate."""
    monitoring = make(Twin("none", EXECUTIONS, "> 0.1", "> 0.1", frozenset()), tmp_path)
    (monitoring / EXECUTIONS).write_text(
        """
groups:
  - name: custom.rules
    rules:
      - alert: HighPromptFailureRate
        expr: rate(prompt_executions_total{status="failed"}[5m]) / rate(prompt_executions_total[5m]) > 0.1
        for: 5m
        labels:
          severity: warning
""",
        encoding="utf-8",
    )
    verdict = verdicts(monitoring, tmp_path, binaries, EXECUTIONS)["alert/HighPromptFailureRate/boundary"]
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == "fires at 0.002 already, documented > 0.1"
