"""A target that needs a moment to have its database again is asked once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from promproof.contract.model import Contract
from promproof.evidence.history import Recorder
from promproof.evidence.records import ExpositionRead, StimulusOutage
from promproof.observe import recording
from promproof.run import outage
from promproof.run.clock import SystemClock

pytestmark = pytest.mark.unit
CONTRACT = Contract.model_validate(
    {
        "contract": 1,
        "service": "shop",
        "target": {"job": "shop", "health": "/health", "outage": {"fault": "database", "health": 503}},
        "metrics": [{"name": "stock", "type": "gauge", "truth": {"kind": "rows", "query": "SELECT 1"}}],
    }
)
GONE, BACK = "# TYPE other gauge\nother 1\n", "# TYPE stock gauge\nstock 7\n"


@pytest.mark.parametrize(
    ("statuses", "texts", "health", "back"),
    [
        ((503, 200), (GONE, BACK), 200, True),
        ((503, 503, 200), (GONE, BACK, BACK), 200, True),
        ((503, 200, 200), (GONE, GONE, BACK), 200, True),
        ((503, 503, 503, 503, 503), (GONE, GONE, GONE, GONE, GONE), 503, False),
    ],
    ids=["at once", "health later", "rows later", "never"],
)
def test_a_database_that_comes_back_late_is_asked_once_more(
    statuses: tuple[int, ...],
    texts: tuple[str, ...],
    health: int,
    back: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, shown = iter(statuses), iter(texts)

    def read(history: Recorder, url: str, label: str, authorization: Any) -> None:
        history.add(ExpositionRead(label, history.now(), history.now(), next(shown), 200))

    monkeypatch.setattr(recording, "exposition", read)
    service = Mock(metrics_url="", authorization=None)
    service.sender.request = lambda method, path: Mock(status_code=next(answers))
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    outage.take_out(service, CONTRACT, history, lambda: None)
    history.close()
    assert [*answers, *shown] == []
    (said,) = history.of(StimulusOutage)
    assert (said.data.health_during, said.data.health_after) == (503, health)
    assert ("stock" in list(history.of(ExpositionRead))[-1].data.text) is back
