"""Another service, another contract, another folder: nothing of the harness is wired to PromptPilot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from promproof.config.timescale import TimeScale
from promproof.report.panels import draw
from promproof.run.clock import SystemClock
from promproof.run.main import run
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.stack.binaries import Binaries, find_binaries
from promproof.stack.journal import Journal
from promproof.stack.processes import ProcessStack
from promproof.verdict import Verdict
from tests.run.shops import SHOP, beside, not_passed, often, open_shop, say

pytestmark = [pytest.mark.stack, pytest.mark.whole_run, pytest.mark.takes(28)]


@pytest.fixture
def binaries() -> Binaries:
    return find_binaries()


def judge(
    folder: Path, app: str | None = None, target: str | None = None, monitoring: Path = SHOP / "monitoring"
) -> dict[str, Verdict]:
    wanted = Options.of(contract=SHOP / "contract.yaml", monitoring=monitoring, app=app, target=target)
    done = run(prepare(wanted), folder, SystemClock(), say, draw)
    assert done.ending.trouble is None
    return {verdict.claim: verdict for verdict in done.verdicts}


def with_secrets(folder: Path) -> Path:
    """The shop's monitoring, scraped and notified with passwords."""
    shutil.copytree(SHOP / "monitoring", folder)
    config, alertmanager = folder / "prometheus.yml", folder / "alertmanager.yml"
    auth = "basic_auth: {username: shop, password: planted-scrape-1}"
    config.write_text(config.read_text().replace("metrics_path", f"{auth}\n    metrics_path"))
    url = "http://desk:planted-hook-3@desk.internal/"
    hook = f'url: "{url}", http_config: {{authorization: {{credentials: planted-bearer-2}}}}'
    alertmanager.write_text(alertmanager.read_text().replace('url: "http://desk.internal/"', hook))
    return folder


def test_a_stranger_s_service_is_started_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its monitoring, its command and its environment hold secrets, which the service itself logs."""
    monkeypatch.setenv("SHOP_PASSWORD", "planted-variable-4")
    monitoring = with_secrets(tmp_path / "monitoring")
    app = f"{{python}} {SHOP / 'shop.py'} {{port}} --token planted-option-5"
    verdicts = judge(tmp_path / "run", app=app, monitoring=monitoring)
    assert not_passed(verdicts) == {}
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert [str(path) for path in files if b"planted" in path.read_bytes()] == []
    assert "'--token', '<secret>'] <secret>" in (tmp_path / "run/target/logs/target.log").read_text()
    assert "password: <secret>" in (tmp_path / "run/rendered/prometheus.yml").read_text()
    assert not (tmp_path / "run/private").exists()
    assert len(verdicts) == 8 + 13 + 5 + 2
    assert "1000 requests" in verdicts["metric/shop_calls_total/cardinality"].reason


@pytest.mark.nightly  # every day: a target that runs already below, a stack of our own above
def test_a_stranger_s_service_that_runs_already_is_verified(tmp_path: Path) -> None:
    with open_shop() as (url, process):
        verdicts = judge(tmp_path / "run", target=url)
        assert not_passed(verdicts) == {}
        assert process.poll() is None


def test_a_stack_that_runs_already_is_asked_and_verified(tmp_path: Path, binaries: Binaries) -> None:
    """Nothing is started: neither the service nor its Prometheus, whose durations are their own."""
    folder = often(tmp_path / "monitoring")
    with open_shop() as (url, _), Journal(tmp_path / "runs") as journal:
        configure = beside(url, folder, tmp_path / "copy", is_told=False)
        with ProcessStack(binaries, configure, tmp_path / "stack", TimeScale(1), journal) as stack:
            wanted = Options.of(
                contract=SHOP / "contract.yaml",
                monitoring=folder,
                target=url,
                prometheus=stack.endpoints.prometheus,
                stack="external",
            )
            done = run(prepare(wanted), tmp_path / "run", SystemClock(), say, draw)
            assert stack.alive()
    verdicts = {verdict.claim: verdict for verdict in done.verdicts}
    assert done.ending.trouble is None
    assert not_passed(verdicts) == {
        "config/alertmanager-connected": "not verified: the run has no Alertmanager",
        "config/reload": "not verified: a stack that runs already keeps its files",
    }
    assert {verdict.time_scale for verdict in verdicts.values()} == {1.0}
