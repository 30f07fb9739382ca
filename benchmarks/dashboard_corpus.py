"""What the product does with other people's dashboards: read, scale, ask, judge and draw every file of a folder.

`python -m benchmarks.dashboard_corpus FOLDER` takes each JSON file below FOLDER alone, with the data sources of
SOURCES beside it, against a Prometheus without samples. It prints tracebacks (there must be none), files that could
not be read, verdicts by claim, and findings by kind. The status is 1 when there was a traceback.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks import words
from promproof.checks import (
    panel_agreement,
    panel_data,
    panel_form,
    panel_inventory,
    panel_legend,
    panel_variables,
    panel_zoom,
)
from promproof.checks.base import Check, Claim
from promproof.config.folder import read_folder
from promproof.config.timescale import TimeScale
from promproof.contract.model import Contract, load
from promproof.contract.panels import DashboardClaim, PanelClaim
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.history import Recorder
from promproof.grafana.dashboard import Dashboard
from promproof.grafana.provisioning import GrafanaFolder, parsed, texts
from promproof.observe import panels as record
from promproof.observe.prometheus import Prometheus
from promproof.render.grafana import render_grafana
from promproof.report import panels as page
from promproof.report.drawings import drawings
from promproof.run.clock import SystemClock
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from promproof.verdict import Outcome, Verdict
from tests.grafana.backfill import serve
from tests.records import filled

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
SOURCES = """datasources:
  - {name: Prometheus, uid: prometheus, type: prometheus, isDefault: true, jsonData: {timeInterval: 15s}}
  - {name: Loki, uid: loki, type: loki}
"""
PROMETHEUS = (
    "scrape_configs: [{job_name: api, scrape_interval: 15s, static_configs: [{targets: [api:80]}]}]\n"
)
SCALES = (TimeScale(1), TimeScale(60))
WINDOW_SECONDS = 3600.0
CHECKS: tuple[Check, ...] = (
    *panel_inventory.CHECKS,
    panel_variables.CHECK,
    panel_form.CHECK,
    panel_zoom.CHECK,
    panel_legend.CHECK,
    panel_data.CHECK,
    panel_agreement.CHECK,
)
_NAMES = re.compile(r"(asks for|the metric|label of|of) [\w:.]+")
_PARTS = re.compile(r"'[^']*'|\"[^\"]*\"|\$[\w.\[\]]+|\$\{?\w+|\d[\w.]*|\{\{.*?\}\}")


@dataclass
class Tally:
    """What came of a folder."""

    files: int = 0
    panels: int = 0
    queries: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    traces: dict[str, str] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)

    def guarded(self, name: str, step: str, work: Callable[[], T]) -> T | None:
        """The result of a step; an input error is a refusal, any other exception a crash."""
        try:
            return work()
        except InputError as error:
            self.refusals[f"{step}: {kind(error.what)}"] += 1
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{step}: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {error}"
            self.crashes[what[:200]] += 1
            self.traces.setdefault(what[:200], f"{name}\n{traceback.format_exc()}")
        return None

    def take(self, name: str, check: Check, verdict: Verdict) -> None:
        """Count a verdict, and each finding of it by its kind."""
        self.verdicts[check.name, str(verdict.outcome)] += 1
        if verdict.outcome is Outcome.PASS:
            return
        for text in verdict.reason.split("; "):
            key = f"{check.name} {verdict.outcome}", kind(text.removeprefix(f"{name}: "))
            self.findings[key] += 1
            self.examples.setdefault(key, f"{name}: {text}")


def kind(text: str) -> str:
    """A message without names and numbers."""
    return _PARTS.sub("~", _NAMES.sub(r"\1 ~", text))[:110]


def documented(contract: Contract, dashboard: Dashboard) -> Contract:
    """The contract with this dashboard promised as it is, as far as a contract can name it."""
    panels = {panel.slug: PanelClaim(title=panel.title, unit=panel.unit) for panel in dashboard.panels}
    try:
        claim = DashboardClaim(title=dashboard.title, uid=dashboard.uid, panels=tuple(panels.values()))
    except ValueError:  # without a uid, or without panels
        return contract.model_copy(update={"dashboards": ()})
    return contract.model_copy(update={"dashboards": (claim,)})


def monitoring(folder: Path, file: Path) -> Path:
    """A monitoring folder with one dashboard."""
    for name, text in (
        ("prometheus.yml", PROMETHEUS),
        ("grafana/provisioning/datasources/sources.yml", SOURCES),
    ):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (folder / "grafana" / "dashboards").mkdir()
    (folder / "grafana" / "dashboards" / "a.json").write_bytes(file.read_bytes())
    return folder


def exercise(tally: Tally, file: Path, prometheus: Prometheus, contract: Contract) -> None:
    """Everything that the product does with a dashboard."""
    name = file.name
    tally.files += 1
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        folder = monitoring(root / "monitoring", file)
        found = tally.guarded(name, "read", lambda: texts(folder))
        if found is None:
            return
        dashboards = tally.guarded(name, "read", lambda: parsed(found))
        if dashboards is None or not dashboards.dashboards:
            return
        dashboard = dashboards.dashboards[0]
        tally.panels += len(dashboard.panels)
        tally.queries += sum(1 for _ in dashboard.queries())
        for scale in SCALES:
            tally.guarded(name, f"render at {scale}", partial(rendered, folder, root / f"out-{scale}", scale))
            history = Recorder(root / f"{scale}.jsonl", "corpus", SystemClock())
            history.add(filled("prepared", {"time_scale": scale.factor}))
            record.files(history, found, {"api": 15_000})
            asking = partial(asked, history, prometheus, dashboards, scale)
            tally.guarded(name, f"ask at {scale}", asking)
            history.close()
            judged(tally, name, Evidence(documented(contract, dashboard), history), count=scale.is_identity)


def rendered(folder: Path, out: Path, scale: TimeScale) -> None:
    """The run copy."""
    render_grafana(read_folder(folder), out, scale)


def asked(history: Recorder, prometheus: Prometheus, folder: GrafanaFolder, scale: TimeScale) -> None:
    """All queries over one window that ends with the history's begin."""
    length = WINDOW_SECONDS / scale.factor
    record.panels(history, prometheus, folder, scale, (-length, 0.0), [record.Zoom("whole", length)])


def judged(tally: Tally, name: str, evidence: Evidence, *, count: bool) -> None:
    """Judge all claims about the dashboard and draw its page."""
    verdicts: list[Verdict] = []
    for check in CHECKS:
        for claim in check.claims(evidence.contract):
            verdict = tally.guarded(name, check.name, partial(verdict_of, check, claim, evidence))
            if verdict is not None:
                verdicts.append(verdict)
                if count:
                    tally.take(name, check, verdict)
    tally.guarded(name, "draw", partial(drawn, evidence, verdicts))


def verdict_of(check: Check, claim: Claim, evidence: Evidence) -> Verdict:
    """What the check says; unlike the product's own judge it lets exceptions pass."""
    try:
        return check.judge(claim, evidence)
    except Gap as gap:
        return Verdict(claim.id, Outcome.UNKNOWN, str(gap))


def drawn(evidence: Evidence, verdicts: list[Verdict]) -> None:
    """The page of panels."""
    with tempfile.TemporaryDirectory() as made:
        page.write(Path(made) / "panels.html", "corpus", drawings(evidence, verdicts))


def report(tally: Tally, seconds: float) -> None:
    """Print the tally."""
    print(f"{tally.files} files, {tally.panels} panels, {tally.queries} queries in {seconds:.0f} s")
    print(f"tracebacks: {tally.crashes.total()}")
    for what, count in tally.crashes.most_common():
        print(f"  {count:5} {what}\n{tally.traces[what]}")
    print(f"refused: {tally.refusals.total()}")
    for what, count in tally.refusals.most_common():
        print(f"  {count:5} {what}")
    print("verdicts:")
    for (check, outcome), count in sorted(tally.verdicts.items()):
        print(f"  {count:5} {check}: {outcome}")
    print("what they say, by kind:")
    for (where, what), count in tally.findings.most_common():
        print(f"  {count:5} {where}: {what}\n          such as {tally.examples[where, what][:200]}")


def main() -> int:
    """All JSON files below the folder."""
    given = words.parser(__doc__)
    given.add_argument("folder", type=words.folder)
    corpus = given.parse_args().folder
    contract = load(ROOT / "monitoring" / "contract.yaml")
    tally, began = Tally(), time.perf_counter()
    with tempfile.TemporaryDirectory() as made, Journal() as journal:
        folder = Path(made)
        with serve(find_binaries().prometheus.path, folder, folder / "data", journal) as url:
            prometheus = Prometheus(url)
            for file in sorted(corpus.rglob("*.json")):
                exercise(tally, file, prometheus, contract)
            prometheus.close()
    report(tally, time.perf_counter() - began)
    return 1 if tally.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
