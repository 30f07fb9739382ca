"""The usual form of a failure ratio, `rate(x{status="failed"}) / rate(x)`, fires far below its threshold.

The sides join on all labels, so each failed series is divided by itself; docs/monitoring.md says so.
"""

import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.stack

SAMPLE = 'rate(prompt_executions_total{status="failed"}[5m]) / rate(prompt_executions_total[5m]) > 0.1'
SHIPPED = Path(__file__).parents[2] / "monitoring" / "prometheus" / "rules" / "executions.yml"


def _alerts_at_one_percent(promtool: Path, rules: Path, folder: Path) -> str:
    """What promtool says when 1 % of the executions fail and the alert is expected to stay silent."""
    series = {"success": "0+99x80", "failed": "0+1x80"}
    document = {
        "rule_files": [str(rules)],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {
                        "series": 'prompt_executions_total{job="promptpilot-api",prompt_id="7",'
                        f'status="{status}"}}',
                        "values": values,
                    }
                    for status, values in series.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname, prompt_id) (ALERTS{alertstate="firing"})',
                        "eval_time": "20m",
                        "exp_samples": [],
                    }
                ],
            }
        ],
    }
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    outcome = subprocess.run(
        [promtool, "test", "rules", path], capture_output=True, text=True, timeout=60, check=False
    )
    return "" if outcome.returncode == 0 else outcome.stdout + outcome.stderr


def test_the_sample_rule_fires_at_one_percent(promtool: Path, tmp_path: Path) -> None:
    rule = {"alert": "HighPromptFailureRate", "expr": SAMPLE, "for": "5m", "labels": {"severity": "warning"}}
    rules = tmp_path / "sample.yml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "sample", "rules": [rule]}]}), encoding="utf-8")
    said = _alerts_at_one_percent(promtool, rules, tmp_path)
    assert 'alertname="HighPromptFailureRate", prompt_id="7"' in said, said


def test_the_shipped_rule_is_silent_at_one_percent(promtool: Path, tmp_path: Path) -> None:
    assert _alerts_at_one_percent(promtool, SHIPPED, tmp_path) == ""
