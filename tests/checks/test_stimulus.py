"""A process figure that follows what was done to the process, from records written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks import metric_stimulus
from promproof.checks.base import Claim, judge
from promproof.contract import model as contracts
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.places import DEFAULT_CONTRACT
from promproof.verdict import Verdict
from tests.records import record

pytestmark = pytest.mark.unit
METRIC = "process_cpu_seconds_total"
BEGIN, END = 1.0, 6.4


def used(t: float) -> float:
    """CPU seconds: a tenth of a core from the begin on, and a burst after the last scrape."""
    return round(max(t - BEGIN, 0.0) * 0.1 + (0.5 if t > 6.2 else 0.0), 2)


def verdict(stored: Any) -> Verdict:
    readings = [t / 20 for t in range(129)]
    stamps = [0.5 * n for n in range(13)]
    series = {METRIC: stored, "up": lambda t: 1.0, "scrape_duration_seconds": lambda t: 0.01}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("run", {"scrape_interval": 0.5}),
        ("clock_offset", {"low": -0.001, "high": 0.001}),
        ("kernel", {"readings": [[t, t + 0.001, used(t), 1000, 30, 2] for t in readings]}),
        (
            "stimulus_cpu",
            {
                "asked": BEGIN,
                "begin": BEGIN,
                "end": END,
                "amount": used(END),
                "what": "1555 requests",
            },
        ),
        (
            "stored",
            {
                "series": [
                    {"name": name, "labels": {}, "samples": [[t, value(t)] for t in stamps]}
                    for name, value in series.items()
                ]
            },
        ),
    ]
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, END, kind, data) for number, (kind, data) in enumerate(rows))
    claim = Claim(f"metric/{METRIC}/stimulus", METRIC)
    return judge(metric_stimulus.CHECK, claim, Evidence(contracts.load(DEFAULT_CONTRACT), history))


def test_work_after_the_last_scrape_is_not_missed() -> None:
    found = verdict(used)
    assert found.outcome == "pass", found.reason


def test_a_counter_that_rises_by_less_than_the_kernel_charged_fails() -> None:
    found = verdict(lambda t: used(t) / 2)
    assert found.outcome == "fail", found.reason
    assert "rose by 0.25 seconds under 1555 requests" in found.reason


def held(good: tuple[float, float], rise: int, taken: int | None = None) -> Verdict:
    """Ten connections are held from 3 s on. Before the pause, which begins at 2.2 s, forty were open.

    taken: how many of them the process had by the last scrape, as the kernel says; None: it was not asked.
    """
    samples = [[good[0], 40], [good[1], 12 if good[1] > 2.2 else 40], [3.5, 12 + rise], [4.0, 12 + rise]]
    metric = "process_open_fds"
    rows: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "run", {"scrape_interval": 0.5}),
        (2.2, "phase", {"name": "stimuli", "edge": "begin"}),
        (5.0, "clock_offset", {"low": -0.001, "high": 0.001}),
        (
            5.0,
            "stimulus_connections",
            {
                "asked": 3.0,
                "begin": 3.1,
                "end": 4.2,
                "amount": 10,
                "what": "10 connections",
            },
        ),
        (
            5.0,
            "stored",
            {
                "series": [
                    {"name": metric, "labels": {}, "samples": samples},
                    {"name": "up", "labels": {}, "samples": [[t, 1.0] for t, _ in samples]},
                    {
                        "name": "scrape_duration_seconds",
                        "labels": {},
                        "samples": [[t, 0.01] for t, _ in samples],
                    },
                ]
            },
        ),
    ]
    if taken is not None:
        kernel = [[t / 20, t / 20 + 0.001, 0.1, 1000, 12 + (taken if t > 62 else 0), 2] for t in range(84)]
        rows.append((5.0, "kernel", {"readings": [*kernel, [4.9, 4.91, 0.1, 1000, 30, 2]]}))
    history = History("by hand", 0.0, 1_700_000_000.0)
    history.records.extend(record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows))
    claim = Claim(f"metric/{metric}/stimulus", metric)
    return judge(metric_stimulus.CHECK, claim, Evidence(contracts.load(DEFAULT_CONTRACT), history))


@pytest.mark.parametrize(
    ("good", "outcome"), [((0.5, 2.5), "pass"), ((0.5, 2.0), "unknown"), ((2.5, 2.5), "fail")]
)
def test_a_level_from_before_the_pause_is_no_level_to_rise_from(
    good: tuple[float, float], outcome: str
) -> None:
    found = held(good, 10 if outcome != "fail" else 5)
    assert found.outcome == outcome, found.reason


@pytest.mark.parametrize(("taken", "outcome"), [(6, "unknown"), (10, "fail")])
def test_connections_that_the_process_has_not_taken_yet_are_not_missed(taken: int, outcome: str) -> None:
    found = held((2.5, 2.5), 5, taken)
    assert found.outcome == outcome, found.reason
    if outcome == "unknown":
        assert found.reason == "the target had taken 6 of 10 connections by the last scrape"
