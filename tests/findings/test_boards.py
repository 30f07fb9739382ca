"""Folders as people have them, each with one trouble or with something that only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.judging import judge

pytestmark = pytest.mark.unit
FOLDERS = Path(__file__).parent / "boards"
EXPECTED: dict[str, list[str]] = {
    "auto-interval-variable": [],
    "queries-without-refid": [],
    "dashboard-with-an-id": [],
    "quantile-of-recording-rule": [],
    "native-histogram": [],
    "log-panel-with-named-source": [],
    "dashboard-with-bom": ["grafana/byte-order-mark at $"],
    "library-panel": ["grafana/library-panel at $.panels[1].libraryPanel"],
    "v2-dashboard": [
        "grafana/window-too-short at $.spec.elements.panel-1.spec.data.spec.queries[0].spec.expr"
    ],
    "window-interval-macro": ["grafana/window-too-short at $.panels[0].targets[0].expr"],
    "unknown-data-source-variable": ["grafana/undeclared-source at $.panels[0].targets[0].datasource"],
    "grafana-managed-alert": [
        "grafana/alert-condition at groups[0].rules[0].condition",
        "grafana/alert-silent-on-errors at groups[0].rules[0].noDataState",
        "grafana/alert-source at groups[0].rules[0].data[0].datasourceUid",
        "grafana/alert-expression at groups[0].rules[0].data[1].model",
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_folder_has_the_findings_that_it_should_have_and_no_others(name: str) -> None:
    judged = judge(discover([FOLDERS / name], FOLDERS), lambda rule: rule.startswith("grafana/"))
    assert not judged.unjudged
    assert [f"{finding.rule} at {finding.path}" for finding in judged.findings] == EXPECTED[name]
    assert all(finding.line for finding in judged.findings)


def test_every_folder_is_looked_at() -> None:
    assert {folder.name for folder in FOLDERS.iterdir()} == set(EXPECTED)
