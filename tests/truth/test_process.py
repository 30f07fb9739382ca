"""What the kernel's readings allow for the panels of the target's process."""

from __future__ import annotations

from dataclasses import astuple
from types import SimpleNamespace
from typing import Any

import pytest

from promproof.evidence.evidence import Scrape
from promproof.evidence.figures import Figures
from promproof.evidence.records import Kernel
from promproof.truth.process import ProcessPanelTruth

pytestmark = pytest.mark.unit
AT = 10.0


def bounds(counts: dict[float, int]) -> Any:
    """Those of open descriptors at AT, from counts of every 0.05 s; between the times given they stay."""
    rows, now = [], 31
    for step in range(400):
        t = step / 20
        now = counts.get(t, now)
        figures = Figures(t, t + 0.001, 1.0, 1000, now, 1)
        rows.append(astuple(figures))
    scrape = Scrape(AT + 0.01, AT + 0.03, 1.0, 0.02)
    evidence = SimpleNamespace(
        need=lambda kind: SimpleNamespace(data=Kernel(tuple(rows))),
        run=SimpleNamespace(instance="api:1"),
        contract=SimpleNamespace(target=SimpleNamespace(job="api")),
    )
    views = SimpleNamespace(evidence=evidence, target_scrapes={AT: scrape}, failed=lambda job, instance: ())
    truth = ProcessPanelTruth(kind="process", figure="open_descriptors")
    return truth.bounds(views, SimpleNamespace(), 0, "")(AT)[()]  # type: ignore[arg-type]


def test_a_connection_that_no_reading_met_may_be_right() -> None:
    """Seen in a run: 31 in every reading for a second, 34 in a scrape, and steps of that height before and after."""
    assert 34 in bounds({6.0: 33, 6.05: 31})
    assert 40 not in bounds({6.0: 33, 6.05: 31})


def test_a_step_of_long_ago_makes_no_value_right() -> None:
    assert 34 not in bounds({1.0: 51, 2.0: 31})
