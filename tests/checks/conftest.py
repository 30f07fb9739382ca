"""One real run for all dashboard tests: the shipped dashboards and every twin next to them, asked at the same time."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.contract.model import Contract, load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import read
from promproof.evidence.records import Boundary
from promproof.report.panels import draw
from promproof.run import static
from promproof.run.clock import SystemClock
from promproof.run.main import run
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.verdict import Verdict
from tests.grafana.twins import ROOT, TWINS

UNDOCUMENTED = "undocumented"


@dataclass(frozen=True)
class Judged:
    """The run's verdicts by claim, and what they rest on."""

    verdicts: dict[str, Verdict]
    evidence: Evidence
    trouble: str | None


def shipped_contract() -> dict[str, Any]:
    """The shipped contract as data."""
    data: dict[str, Any] = yaml.safe_load((ROOT / "monitoring" / "contract.yaml").read_text(encoding="utf-8"))
    return data


def folder_of_twins(folder: Path) -> Path:
    """A copy of the monitoring folder with every twin, promised in its contract; the contract's path."""
    monitoring = folder / "monitoring"
    shutil.copytree(ROOT / "monitoring", monitoring)
    for name in ("docs", "scenarios"):
        (folder / name).symlink_to(ROOT / name)
    contract = shipped_contract()
    del contract["accepted"]  # what is said of the twins' files is judged elsewhere
    promised = {
        (dashboard["uid"], panel["title"]): panel
        for dashboard in contract["dashboards"]
        for panel in dashboard["panels"]
    }
    for twin in TWINS:
        made = twin.make()
        (monitoring / "grafana" / "dashboards" / f"{twin.uid}.json").write_text(
            json.dumps(made), encoding="utf-8"
        )
        panel = promised[twin.dashboard, twin.panel]
        board = {
            "title": made["title"],
            "uid": twin.uid,
            "described": True,
            "unfolded": True,
            "panels": [panel],
        }
        contract["dashboards"].append(board)
    (monitoring / "grafana" / "dashboards" / "broken.json").write_text("{", encoding="utf-8")
    path = monitoring / "contract.yaml"
    path.write_text(yaml.safe_dump(contract), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A run without drill over the shipped dashboards and the twins."""
    folder = tmp_path_factory.mktemp("dashboards")
    contract = folder_of_twins(folder)
    prepared = prepare(
        Options.of(
            contract=contract, monitoring=contract.parent, drill=False, reports=folder, stack="processes"
        )
    )
    where = folder / "run"
    where.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        # where the alerts flip says nothing of a panel, and takes promtool as long as all else
        patch.setattr(static, "boundary", lambda *_: Boundary(()))
        result = run(prepared, where, SystemClock(), lambda text: None, draw)
    loaded: Contract = load(contract)
    verdicts = {verdict.claim: verdict for verdict in result.verdicts}
    return Judged(verdicts, Evidence(loaded, read(where / "history.jsonl")), result.ending.trouble)
