"""Why a repeated main job could not judge at first: the line that `.ci/run` ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gate.reason import reason

pytestmark = pytest.mark.unit

UNKNOWN = [
    {"claim": f"metric/{name}/exact", "outcome": "unknown", "reason": "the ledger\nis cut off"}
    for name in "ab"
]
PASSED = [{"claim": "port/api", "outcome": "pass", "reason": "open"}]


@pytest.mark.parametrize(
    ("report", "says"),
    [
        ({"trouble": "the target died", "verdicts": PASSED}, "the target died"),
        (
            {"trouble": None, "verdicts": PASSED + UNKNOWN},
            "2 claims unknown, first metric/a/exact: the ledger is cut off",
        ),
        (
            {"trouble": "the target died", "verdicts": UNKNOWN},
            "the target died; 2 claims unknown, first metric/a/exact: the ledger is cut off",
        ),
    ],
    ids=["trouble", "unknown", "both"],
)
def test_the_reason_of_a_run_is_that_of_its_report(report: dict[str, Any], says: str, tmp_path: Path) -> None:
    for name, document in (("run-1", report), ("run-2", {"trouble": "another run", "verdicts": []})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(json.dumps(document))
    assert reason("report: reports/run-1/report.json\nnox > Session verify failed.\n", tmp_path) == says


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("a\n\x1b[31mno report can be written\x1b[0m\nnox > failed\n", "no report can be written"),
        ("", "no output"),
    ],
    ids=["no report", "nothing"],
)
def test_a_run_without_a_report_has_its_last_line_as_reason(output: str, says: str, tmp_path: Path) -> None:
    assert reason(output, tmp_path) == says
