"""Links in texts of alerts: parameters of dashboards, anchors that YAML takes for comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.findings.ruletexts import found

pytestmark = pytest.mark.unit


def said(folder: Path, line: str) -> list[str]:
    """The kinds found in an alert with this annotation."""
    text = (
        f"groups:\n- name: a\n  rules:\n  - alert: Down\n    expr: up == 0\n    annotations:\n      {line}\n"
    )
    return [
        finding.rule
        for finding in found(folder, f"# rules.yml\n{text}")
        if finding.rule in ("rule/link-parameter", "rule/cut-by-comment")
    ]


@pytest.mark.parametrize(
    "parameter", ["viewpanel=2", "orgId=1&view_panel=2", "From=now-1h", "ViewPanel=2&to=now"]
)
def test_a_misspelt_parameter_of_a_dashboard_is_found(parameter: str, tmp_path: Path) -> None:
    assert said(tmp_path, f"url: http://grafana/d/api/api?{parameter}") == ["rule/link-parameter"]


@pytest.mark.parametrize(
    "link",
    [
        "http://grafana/d/api?viewPanel=2&from=now-1h&to=now&var-job=api&orgId=1",
        "http://grafana/d/api?mine=2",
        "http://wiki/page?viewpanel=2",
        "http://grafana/d/api",
    ],
)
def test_any_other_link_is_not(link: str, tmp_path: Path) -> None:
    assert said(tmp_path, f"url: {link}") == []


@pytest.mark.parametrize(
    "line", ["runbook: docs/runbooks.md #api-down", "runbook: https://wiki/runbooks   #api_down "]
)
def test_an_anchor_in_a_comment_is_found(line: str, tmp_path: Path) -> None:
    assert said(tmp_path, line) == ["rule/cut-by-comment"]


@pytest.mark.parametrize(
    "line",
    [
        "runbook: https://wiki/runbooks#api-down",
        "runbook: 'https://wiki/runbooks' #api-down",
        "runbook: https://wiki/runbooks # to be written",
        "runbook: https://wiki/runbooks #to be written",
        "runbook: https://wiki/runbooks#api-down #yes",
        "summary: down #api-down",
    ],
)
def test_a_comment_of_words_and_what_stands_in_quotes_is_not(line: str, tmp_path: Path) -> None:
    assert said(tmp_path, line) == []
