"""An alert whose labels change while it fires: the course counts that it fires, whatever its labels are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promproof.proofs.asking import Judge
from promproof.proofs.generated import write
from promproof.proofs.outcome import PROVEN
from promproof.proofs.prove import prove
from promproof.proofs.rulefiles import read
from promproof.stack.binaries import find_binary

pytestmark = pytest.mark.stack


def test_tests_are_left_for_an_alert_whose_shorter_window_goes_first(tmp_path: Path) -> None:
    """As of burn rates without `for`: the labels are those of one window, then those of another."""
    recorded = [
        {"record": "errors", "expr": f"rate(c_total[{window}])", "labels": {"window": window}}
        for window in ("5m", "30m")
    ]
    expression = 'errors{window="5m"} > 0.02 or ignoring (window) errors{window="30m"} > 0.01'
    rules = [*recorded, {"alert": "Burns", "expr": expression}]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}), "utf-8")
    found = read([tmp_path / "rules.yml"])
    promtool = find_binary("promtool").path
    outcomes = prove(found.alerts, found.recordings, Judge(promtool))
    assert [outcome.verdict for outcome in outcomes] == [PROVEN]
    written = write(outcomes, found.recordings, promtool, tmp_path / "out")
    assert written.left == ()
    (file,) = written.files
    assert "window: 30m" in file.read_text("utf-8")
