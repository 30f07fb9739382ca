"""A service whose page and reality have drifted apart: every drift is named, and the cause first."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.judging import judge

HERE = Path(__file__).parent / "drifted"


@pytest.mark.unit
def test_what_the_files_say_against_each_other_is_found_without_a_target() -> None:
    found = judge(discover([HERE], HERE), lambda rule: True).findings
    assert {(finding.rule, finding.file) for finding in found if finding.severity != "hint"} == {
        ("grafana/wrapped", "monitoring/grafana/dashboards/shop.json"),
        ("prometheus/no-rule-file", "monitoring/prometheus/prometheus.yml"),
        ("prometheus/no-alertmanager", "monitoring/prometheus/prometheus.yml"),
    }


@pytest.mark.unit
@pytest.mark.parametrize("image", ["grafana/loki:3.0.0", "victoriametrics/vmalert:v1.101.0"])
def test_an_alertmanager_that_others_talk_to_is_not_forgotten(image: str, tmp_path: Path) -> None:
    shutil.copytree(HERE, tmp_path / "drifted")
    compose = tmp_path / "drifted" / "monitoring" / "docker-compose.yml"
    compose.write_text(compose.read_text() + f"  rules:\n    image: {image}\n", encoding="utf-8")
    found = judge(discover([tmp_path], tmp_path), lambda rule: rule == "prometheus/no-alertmanager").findings
    assert not found


def verified(folder: Path, *more: str) -> tuple[int, str, dict[str, dict[str, str]]]:
    """Status, text, and verdicts by claim."""
    app = f"{sys.executable} {HERE / 'app.py'} {{port}} {' '.join(more)}"
    options = [
        "--contract",
        str(HERE / "monitoring" / "contract.yaml"),
        "--monitoring",
        str(HERE / "monitoring"),
    ]
    words = [sys.executable, "-m", "promproof", "verify", "--stack", "processes", "--app", app, *options]
    reports = ["--reports", str(folder / "reports")]
    done = subprocess.run([*words, *reports], capture_output=True, text=True, timeout=600, check=False)
    report = folder / "reports" / "latest" / "report.json"
    rows = json.loads(report.read_text())["verdicts"] if report.is_file() else []
    return done.returncode, done.stdout + done.stderr, {row["claim"]: row for row in rows}


@pytest.mark.stack
@pytest.mark.nightly
@pytest.mark.whole_run
def test_an_app_without_metrics_is_said_to_have_none_first(tmp_path: Path) -> None:
    status, text, _ = verified(tmp_path)
    assert status in (1, 2)
    assert "answers 404: there are no metrics to judge" in text


@pytest.mark.stack
@pytest.mark.nightly
@pytest.mark.whole_run
def test_every_metric_under_another_name_is_named_and_what_is_right_is_not(tmp_path: Path) -> None:
    status, text, found = verified(tmp_path, "full")
    assert status == 1, text
    red = {claim for claim, row in found.items() if row["outcome"] == "fail"}
    assert {"metric/http_requests_total/form", "metric/orders_total/form"} <= red
    assert not {
        claim for claim in red if claim.startswith(("metric/stock_items/", "metric/http_request_duration_"))
    }
    assert "api_requests_total has its help text" in text
    assert "orders_created_total has its help text" in text
