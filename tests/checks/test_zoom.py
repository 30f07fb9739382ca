"""Which zooms lie, and what a fixed window may do: arithmetic, without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.checks.base import judge
from promproof.checks.panel_zoom import CHECK, claims
from promproof.contract.model import Contract, load
from promproof.contract.panels import DashboardClaim
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.grafana import zoom
from promproof.grafana.origins import DataSource
from promproof.grafana.provisioning import Texts
from promproof.grafana.steps import Resolved
from promproof.observe import panels
from promproof.run.clock import SystemClock
from promproof.verdict import Outcome, Verdict
from tests.grafana.twins import ROOT

pytestmark = pytest.mark.unit
PROMETHEUS = {"type": "prometheus", "uid": "p"}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load(ROOT / "monitoring" / "contract.yaml")


def judged(contract: Contract, folder: Path, expression: str, **panel: Any) -> Verdict:
    """The verdict on one panel with one query, at a scrape interval of 15 s."""
    claim = {"title": "A", "uid": "a", "panels": [{"title": "P", "unit": "reqps", **panel}]}
    changed = contract.model_copy(update={"dashboards": (DashboardClaim.model_validate(claim),)})
    target = {"refId": "A", "expr": expression, "datasource": PROMETHEUS}
    shown = {"id": 1, "type": "timeseries", "title": "P", "datasource": PROMETHEUS, "targets": [target]}
    source = DataSource("P", "p", "prometheus", "http://p", "15s", True, "sources.yml")
    text = json.dumps({"uid": "a", "title": "A", "panels": [shown]})
    history = Recorder(folder / "history.jsonl", "test", SystemClock())
    panels.files(history, Texts({"a.json": text}, (source,), (), ()), {"api": 15_000})
    history.close()
    (only,) = claims(changed)
    return judge(CHECK, only, Evidence(changed, history))


@pytest.mark.parametrize(
    ("window", "says"),
    [
        ("10s", "empty windows at a scrape interval of 15s"),
        ("29s", "windows with a single sample at a scrape interval of 15s"),
        ("1m", "of the time is shown nowhere"),
    ],
)
def test_a_window_that_lies_is_red(window: str, says: str, contract: Contract, tmp_path: Path) -> None:
    verdict = judged(contract, tmp_path, f"rate(x[{window}])")
    assert verdict.outcome is Outcome.FAIL
    assert says in verdict.reason


@pytest.mark.parametrize("promised", [{"fixed_window": True}, {"alert": "HighErrorRate"}])
def test_a_window_that_is_fixed_on_purpose_passes(
    promised: dict[str, Any], contract: Contract, tmp_path: Path
) -> None:
    verdict = judged(contract, tmp_path, "rate(x[5m])", **promised)
    assert verdict.outcome is Outcome.PASS
    assert "sampled at 5 of them, the worst 168h0m0s at 300 px" in verdict.reason


def test_a_fixed_window_that_may_be_empty_fails(contract: Contract, tmp_path: Path) -> None:
    assert judged(contract, tmp_path, "rate(x[10s])", fixed_window=True).outcome is Outcome.FAIL


def test_the_rate_interval_leaves_no_window_empty(contract: Contract, tmp_path: Path) -> None:
    verdict = judged(contract, tmp_path, "rate(x[$__rate_interval])")
    assert verdict.reason == "42 combinations, none empty"


def test_the_share_of_time_that_is_shown_nowhere_is_reported() -> None:
    day = zoom.Zoom(zoom.DAY, 300, Resolved(15_000, 300_000, 315_000), 60_000, 15_000)
    assert (day.least_samples, day.unseen) == (4, 0.8)
    wrong, sampled = zoom.lies([day], alert_window=False)
    assert wrong == ["24h0m0s at 300 px (step 5m0s, window 1m0s): 80% of the time is shown nowhere"]
    assert sampled == []
    assert zoom.lies([day], alert_window=True) == ([], wrong)
