"""Twins that need no server: a changed rule or route turns the right claims red, and no others."""

from __future__ import annotations

import re
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.catalogue.boundaries import Boundaries
from promproof.checks import claims
from promproof.checks.base import judge
from promproof.config.folder import read_folder
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import Boundary, DeploymentRead, ToolResult
from promproof.places import DEFAULT_MONITORING
from promproof.run import static
from promproof.run.clock import SystemClock
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared
from promproof.stack.binaries import find_binaries
from promproof.verdict import Outcome, Verdict
from tests.twins.folders import EXECUTIONS, STATIC, Twin, make

pytestmark = [pytest.mark.stack, pytest.mark.takes(4)]
KINDS = re.compile(r"config/clean|alert/\w+/(documented|boundary)|docs/.*")


class Bench:
    """Asks promtool and amtool about copies of the shipped folder: what is the same in two of them is asked once."""

    def __init__(self) -> None:
        self.binaries = find_binaries()
        self._said: dict[tuple[str, ...], static.Printed] = {}
        self._boundaries = Boundaries()

    def check_files(self, prepared: Prepared, history: Recorder) -> None:
        """What the programs say of the files; of the compose file nothing, which no twin here changes."""
        root = str(prepared.folder.root)
        asking = static.Asking(
            run=lambda command: self._run(root, command), deployment=lambda *_: DeploymentRead()
        )
        static.check_files(prepared, self.binaries, history, asking)

    def _run(self, root: str, command: list[Any]) -> static.Printed:
        words = [str(word).replace(root, "") for word in command]
        if words[1:3] == ["check", "rules"]:
            files = [Path(command[-1])]
        else:
            files = sorted(
                Path(root, "alertmanager" if words[0].endswith("amtool") else "prometheus").rglob("*.yml")
            )
        about = (*words, *(file.read_text(encoding="utf-8") for file in files))
        if about not in self._said:
            self._said[about] = static.ask(command)
        return self._said[about]

    def boundary(self, prepared: Prepared) -> Boundary:
        """Where the alerts flip: the same promise, rules and intervals flip at the same points."""
        return self._boundaries.points(prepared, self.binaries)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def verdicts(monitoring: Path, folder: Path, bench: Bench, changed: str = "") -> dict[str, Verdict]:
    """What the checks say of a monitoring folder without a run. changed: for a rule file the page is not looked at."""
    prepared = prepare(Options.of(monitoring=monitoring))
    # who notices when series vanish is no claim of these
    alerts = tuple(alert.model_copy(update={"vanishing": ()}) for alert in prepared.contract.alerts)
    update: dict[str, Any] = {"alerts": alerts}
    if "/rules/" in changed:
        update["documentation"] = None
    prepared = replace(prepared, contract=prepared.contract.model_copy(update=update))
    with closing(Recorder(folder / "history.jsonl", "static", SystemClock())) as history:
        bench.check_files(prepared, history)
        asked: Future[Boundary] = Future()
        asked.set_result(bench.boundary(prepared))
        static.record_boundary(history, asked)
    evidence = Evidence(prepared.contract, history)
    wanted = [(check, claim) for check, claim in claims(prepared.contract) if KINDS.fullmatch(claim.id)]
    return {claim.id: judge(check, claim, evidence) for check, claim in wanted}


def red(judged: dict[str, Verdict]) -> set[str]:
    return {name for name, verdict in judged.items() if verdict.outcome is not Outcome.PASS}


def test_the_shipped_folder_is_green(tmp_path: Path, bench: Bench) -> None:
    judged = verdicts(DEFAULT_MONITORING, tmp_path, bench)
    assert {name: judged[name].reason for name in red(judged)} == {}
    pages = 15 + 17 + 5 + 2  # metrics, alerts, dashboards; the deployment, and what the page has too much
    assert len(judged) == 1 + 2 * 17 + pages


@pytest.mark.parametrize(
    "twin",
    [pytest.param(twin, marks=pytest.mark.nightly) if twin.nightly else twin for twin in STATIC],
    ids=lambda twin: twin.name,
)
def test_a_broken_folder_turns_exactly_its_claims_red(twin: Twin, tmp_path: Path, bench: Bench) -> None:
    judged = verdicts(make(twin, tmp_path), tmp_path, bench, twin.file)
    assert red(judged) == twin.red, {name: judged[name].reason for name in red(judged)}


def test_the_page_s_own_sample_rule_fires_far_below_ten_percent(tmp_path: Path, bench: Bench) -> None:
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
    verdict = verdicts(monitoring, tmp_path, bench, EXECUTIONS)["alert/HighPromptFailureRate/boundary"]
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == "fires at 0.002 already, documented > 0.1"


def promtool_says(folder: Path, rules: str) -> ToolResult:
    """What promtool says of a configuration that names these rules beside it, as an image would have them."""
    folder.mkdir()
    (folder / "prometheus.yml").write_text(f"rule_files: [{rules}]\n", encoding="utf-8")
    rule = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n"
    (folder / "alerts.yml").write_text(rule, encoding="utf-8")
    return static.configuration(read_folder(folder), find_binaries().promtool.path, static.ask)


def test_rules_at_the_place_that_the_image_has_them_are_found_by_promtool(tmp_path: Path) -> None:
    said = promtool_says(tmp_path / "whole", "/etc/prometheus/alerts.yml")
    assert (said.status, said.command) == (0, "promtool check config prometheus.yml"), said.output


def test_rules_that_are_nowhere_are_told_by_promtool(tmp_path: Path) -> None:
    said = promtool_says(tmp_path / "whole", "/etc/prometheus/alerts.yml, /etc/prometheus/gone.yml")
    assert said.status == 1
    assert '"gone.yml" does not point to an existing file' in said.output
    assert 'alerts.yml" does not' not in said.output
    assert "promproof-" not in said.output


def test_promtool_says_of_many_rule_files_what_it_says_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, asked = "{alert: Down, expr: up == 0}", list[int]()
    files = [tmp_path / f"{number}.yml" for number in range(3)]
    for file, rules in zip(files, (rule, f"{rule}, {rule}", rule), strict=True):
        file.write_text(f"groups: [{{name: g, rules: [{rules}]}}]\n", encoding="utf-8")

    def said() -> list[ToolResult]:
        def run(command: list[Any]) -> static.Printed:
            asked.append(len(command) - 3)
            return static.ask(command)

        return list(static.rules_said(find_binaries().promtool.path, files, tmp_path, run))

    each = said()
    assert "duplicate" in each[1].output
    monkeypatch.setattr(static, "TOGETHER", 2)
    assert said() == each
    assert asked == [1, 1, 1, 2, 1, 1, 1]  # a warning doesn't say of which
    files[1].write_text("groups: [{name: g, rules: [{alert: Down, expr: up =}]}]\n", encoding="utf-8")
    broken = said()
    assert [result.status for result in broken] == [0, 1, 0]
    assert broken[0] == each[0]
    assert "1.yml" in broken[1].output
    files[1].write_text(files[0].read_text(encoding="utf-8"), encoding="utf-8")
    asked.clear()
    assert [result.output.strip() for result in said()] == [
        f"Checking {file}\n  SUCCESS: 1 rules found".replace(f"{tmp_path}/", "") for file in files
    ]
    assert asked == [2, 1]
