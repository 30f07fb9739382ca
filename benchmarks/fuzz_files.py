"""What a run does with each file that a user writes, before anything is started and when it is judged.

A kind of file is its place in a small workspace, the text that is varied, and a function that goes through the run's
own steps; it returns whether anything was found, or raises what the run would raise.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from benchmarks.mutator import Mutant, Syntax
from promproof.checks import claims
from promproof.config.folder import read_folder
from promproof.config.rules import Rule, read
from promproof.config.timescale import TimeScale
from promproof.config.yamlfile import load
from promproof.contract.model import Contract
from promproof.drills import drill as drills
from promproof.drills.drill import Loaded
from promproof.drills.plan import power_gate, steps
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.history import History, Record
from promproof.grafana.provisioning import texts
from promproof.load import baseline
from promproof.load import scenario as scenarios
from promproof.load.plan import Plan
from promproof.observe import panels
from promproof.places import REPOSITORY
from promproof.render.grafana import render_grafana
from promproof.render.monitoring import render
from promproof.run import static
from promproof.run.options import Options
from promproof.run.pace import timing_of
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared
from promproof.verdict import Outcome

SHIPPED = REPOSITORY / "monitoring"
CONTRACT = SHIPPED / "contract.yaml"
PAGE = REPOSITORY / "docs" / "monitoring.md"
DASHBOARD = SHIPPED / "grafana" / "dashboards" / "pipeline-metrics.json"
RULES = "http.yml"
DRILL = REPOSITORY / "scenarios" / "drills" / "slow-responses.yaml"
ADDRESS = "127.0.0.1:1"
URL = "http://127.0.0.1:1/x"
PARTS = {name: [0.1, 0.2, 0.15, 0.1, 0.2, 0.1] for name in baseline.QUANTITIES}
BASELINE = "\n".join(
    json.dumps({"baseline": 1, "scenario": "steady", "run": f"r{n}", "parts": PARTS}) for n in range(3)
)


class Workspace:
    """A folder with one of each file; a variant takes the place of one of them and is taken away again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.monitoring = folder / "monitoring"
        self.out = folder / "out"
        for name in ("prometheus", "alertmanager"):
            shutil.copytree(SHIPPED / name, self.monitoring / name)
        for path in (self.monitoring / "prometheus" / "rules").iterdir():
            if path.name != RULES:  # the others would cost as much again
                path.unlink()
        contract = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
        contract["documentation"] = "page.md"
        contract["traffic"] = {"reconcile": "scenarios/executions.yaml"}
        contract["target"]["outage"]["requests"] = "scenarios/outage.yaml"
        claimed = contract["dashboards"]
        contract["dashboards"] = [dashboard for dashboard in claimed if dashboard["uid"] == DASHBOARD.stem]
        left_out = tuple(
            f"| {dashboard['title']} |" for dashboard in claimed if dashboard["uid"] != DASHBOARD.stem
        )
        page = PAGE.read_text(encoding="utf-8").splitlines()
        # prose takes time to parse and promises nothing
        rows = [row for row in page if row[:1] in ("|", "#", "") and not row.startswith(left_out)]
        (folder / "page.md").write_text("\n".join(rows) + "\n", encoding="utf-8")
        (folder / "contract.yaml").write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
        (folder / "scenarios" / "drills").mkdir(parents=True)
        for path in (
            *(REPOSITORY / "scenarios").glob("*.yaml"),
            *(REPOSITORY / "scenarios").glob("drills/*.yaml"),
        ):
            shutil.copyfile(path, folder / path.relative_to(REPOSITORY))
        (folder / "baseline.jsonl").write_text(BASELINE, encoding="utf-8")
        self._grafana()

    def _grafana(self) -> None:
        """A second folder, with a dashboard: rendering it costs more than everything else."""
        self.shown = self.folder / "shown"
        for name in ("prometheus", "alertmanager", "grafana/provisioning"):
            shutil.copytree(SHIPPED / name, self.shown / name)
        for name in ("docker-compose.yml", ".env"):
            shutil.copyfile(SHIPPED / name, self.shown / name)
        (self.shown / "grafana" / "dashboards").mkdir()
        shutil.copyfile(DASHBOARD, self.shown / "grafana" / "dashboards" / DASHBOARD.name)

    @cached_property
    def prepared(self) -> Prepared:
        """The workspace as it is before anything is varied."""
        return prepare(self.options())

    @cached_property
    def documented(self) -> Contract:
        """The contract with the alerts of the folder without dashboards."""
        names = {rule.name for rule in read(read_folder(self.monitoring).rules)}
        alerts = tuple(alert for alert in self.prepared.contract.alerts if alert.name in names)
        return self.prepared.contract.model_copy(update={"alerts": alerts})

    def compute(self) -> None:
        """Read what is compared with, before a file is varied."""
        _ = self.prepared, self.documented

    def options(self) -> Options:
        return Options.of(contract=self.folder / "contract.yaml", monitoring=self.shown)

    def put(self, name: str, mutant: Mutant) -> None:
        """Let a variant take the place of a file."""
        path = self.folder / name
        path.unlink()
        match mutant.place:
            case "file":
                path.write_bytes(mutant.content)
            case "folder":
                path.mkdir()
            case "loop":
                path.symlink_to(path.name)
            case "link":
                path.symlink_to("/dev/zero")
            case "pipe":
                os.mkfifo(path)

    def take_away(self, name: str, text: str) -> None:
        """Put the file back."""
        path = self.folder / name
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Kind:
    """A kind of file: its place, the syntax, what the run does with it, and its share of all variants."""

    name: str
    file: str
    syntax: Syntax
    go: Callable[[Workspace], bool]
    share: float


def judged(contract: Contract, found: Iterable[records.Kind], kinds: tuple[str, ...]) -> bool:
    """Whether a check finds anything in these records; an exception of a check goes through."""
    rows = [records.Prepared(60.0), *found]
    history = History("fuzz", 0.0, 0.0)
    history.records += [Record(number, 0.0, data) for number, data in enumerate(rows)]
    evidence = Evidence(contract, history)
    finds = False
    for check, claim in claims(contract):
        if not claim.id.startswith(kinds):
            continue
        try:
            finds = check.judge(claim, evidence).outcome is Outcome.FAIL or finds
        except Gap:
            continue
    return finds


def configuration(space: Workspace) -> bool:
    """prometheus.yml, rule files, alertmanager.yml: read, scaled, rendered, read again, judged."""
    folder = read_folder(space.monitoring)
    rules = tuple(read(folder.rules))
    base = space.prepared
    refused: InputError | None = None
    findings: list[Any] = []
    for factor in (1.0, 60.0):
        scale = TimeScale(factor)
        prepared = replace(base, folder=folder, rules=rules, scale=scale)
        try:
            rendered = render(
                space.monitoring,
                space.out,
                scale=scale,
                addresses=dict.fromkeys(folder.jobs, ADDRESS),
                alertmanager=ADDRESS,
                receivers=dict.fromkeys(folder.receivers, URL),
            )
        except InputError as error:
            refused = error
            continue
        findings += rendered.findings
        again = read(load(path, "a rule file") for path in rendered.rule_files)
        static.receiver_urls(rendered.alertmanager_config)
        for alert in space.documented.alerts:
            try:
                timing_of(prepared, alert)
            except EvidenceError as error:
                findings.append(error)
    panels.scrape_intervals(folder.prometheus.data)
    if refused is not None:
        raise refused
    written: list[records.Kind] = [
        records.Tools((), tuple(str(finding) for finding in folder.findings)),
        records.RuleFiles((), tuple(rules)),
        records.RenderedRules(tuple(again)),
        records.RulesLoaded(tuple(_served(rule) for rule in again)),
    ]
    return judged(space.documented, written, ("alert", "config")) or bool(findings)


def _served(rule: Rule) -> dict[str, Any]:
    """A group as Prometheus' API would give it, had it loaded this rule."""
    served = {
        "type": "alerting",
        "name": rule.name,
        "query": rule.expression,
        "duration": rule.hold,
        "health": "ok",
        "labels": rule.labels,
        "annotations": rule.annotations,
    }
    return {"name": rule.group, "rules": [served]}


def contract(space: Workspace) -> bool:
    """The contract: everything that is prepared from it, and all claims on what is known before a start."""
    prepared = prepare(space.options())
    return _judged_before_start(prepared)


def page(space: Workspace) -> bool:
    """The documentation page."""
    return _judged_before_start(prepare(space.options()))


def _judged_before_start(prepared: Prepared) -> bool:
    shown = prepared.dashboards
    written: list[records.Kind] = [
        prepared.documentation,
        records.RuleFiles((), tuple(prepared.rules)),
        records.Dashboards(shown.dashboards, (), (), (), {}),
    ]
    for alert in prepared.contract.alerts:
        if alert.is_dosed:  # without an edge it is not drilled, and nobody asks
            timing_of(prepared, alert)
    return judged(prepared.contract, written, ("",))


def scenario(space: Workspace) -> bool:
    """A scenario: read, changed by options, stretched, and made ready to be sent."""
    path = space.folder / "scenarios" / "executions.yaml"
    found = scenarios.load(path)
    scenarios.stretched(found, 2.0)
    scenarios.override(found, max_requests=5)
    plan = Plan(found)
    if not found.pools and found.mix:
        for _ in range(3):
            session, visit = plan.next_of_mix()
            for request in session.requests:
                request.call(visit)
    return False


def drill(space: Workspace) -> bool:
    """A drill: read, compared with contract and rules, planned."""
    path = space.folder / "scenarios" / "drills" / DRILL.name
    loaded = Loaded(plan=drills.load(path), path=path)
    prepared = space.prepared
    drills.check(
        loaded, prepared.contract, {rule.name for rule in prepared.rules}, set(prepared.folder.receivers)
    )
    if loaded.scenario is not None:
        scenarios.load(loaded.scenario)
    alert = prepared.contract.alert(loaded.plan.alert)
    timing = timing_of(prepared, alert)
    power_gate(loaded, alert, timing, prepared.scale, prepared.contract.edges(alert))
    steps(loaded.plan, timing, 0.1)
    drills.as_json(loaded.plan)
    return False


def dashboards(space: Workspace) -> bool:
    """Dashboards, data sources, providers: read, rendered, judged."""
    found = texts(space.shown)
    folder = read_folder(space.shown)
    render_grafana(folder, space.out, TimeScale(60))
    history = _Records()
    panels.files(history, found, panels.scrape_intervals(folder.prometheus.data))  # type: ignore[arg-type]  # takes what has `add`
    return judged(space.prepared.contract, history.rows, ("dashboards", "panel")) or bool(found.problems)


class _Records:
    """Takes records as a Recorder does."""

    def __init__(self) -> None:
        self.rows: list[records.Kind] = []

    def add(self, data: records.Kind) -> None:
        self.rows.append(data)


def compose(space: Workspace) -> bool:
    """The compose file, resolved by Compose itself."""
    prepared = space.prepared
    wanted = prepared.contract.deployment
    assert wanted is not None
    found = static.deployment(prepared, wanted)
    return judged(prepared.contract, [found], ("deployment",)) or found.error is not None


def sessions(space: Workspace) -> bool:
    """A baseline of load sessions, and the comparison with it."""
    runs = baseline.load(space.folder / "baseline.jsonl", "steady")
    for name in baseline.QUANTITIES:
        baseline.judge(name, [run[name] for run in runs], PARTS[name])
    return False


KINDS = (
    Kind("contract", "contract.yaml", "yaml", contract, 0.07),
    Kind("scenario", "scenarios/executions.yaml", "yaml", scenario, 0.16),
    Kind("drill", f"scenarios/drills/{DRILL.name}", "yaml", drill, 0.17),
    Kind("prometheus.yml", "monitoring/prometheus/prometheus.yml", "yaml", configuration, 0.08),
    Kind("rule file", "monitoring/prometheus/rules/http.yml", "yaml", configuration, 0.10),
    Kind("alertmanager.yml", "monitoring/alertmanager/alertmanager.yml", "yaml", configuration, 0.08),
    Kind("dashboard", "shown/grafana/dashboards/pipeline-metrics.json", "json", dashboards, 0.08),
    Kind("data source", "shown/grafana/provisioning/datasources/*.y*ml", "yaml", dashboards, 0.04),
    Kind("provider", "shown/grafana/provisioning/dashboards/*.y*ml", "yaml", dashboards, 0.03),
    Kind("compose file", "shown/docker-compose.yml", "yaml", compose, 0.02),
    Kind("page", "page.md", "page", page, 0.02),
    Kind("baseline", "baseline.jsonl", "lines", sessions, 0.15),
)
