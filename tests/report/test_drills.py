"""The matrix of a run of drills: in a pipe whole, on a narrow terminal below each other, and never cut."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from promproof.drills.states import State
from promproof.report.drills import Row, happened, listed, matrix, rows_of
from promproof.report.tables import print_whole
from promproof.verdict import Outcome
from tests.report.test_golden import run

pytestmark = pytest.mark.unit
ALERTS = (
    "HighErrorRate",
    "SlowResponses",
    "HighCPUUsage",
    "HighMemoryUsage",
    "ServiceDown",
    "HighPromptFailureRate",
)


def row(drilled: str, outcome: Outcome) -> Row:
    """Of a drill whose alert fired, while one other was pending and allowed to be."""
    cells = dict.fromkeys(ALERTS, "-") | {"ServiceDown": "pending (may)", drilled: "[bold]FIRED[/]"}
    return Row(drilled, cells, frozenset(ALERTS) - {drilled, "ServiceDown"}, outcome, None)


ROWS = [row(name, Outcome.NOT_VERIFIED if name == "HighCPUUsage" else Outcome.PASS) for name in ALERTS]


def printed(width: int, *, terminal: bool) -> list[str]:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=terminal, color_system=None, legacy_windows=False
    )
    print_whole(console, matrix(ROWS), lambda: [listed(ROWS)])
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(("width", "terminal"), [(80, False), (160, False), (200, True)])
def test_a_pipe_and_a_wide_terminal_have_the_whole_matrix(width: int, terminal: bool) -> None:
    lines = printed(width, terminal=terminal)
    [head] = [line for line in lines if line.startswith("drill  ")]
    assert head.split() == ["drill", *ALERTS, "verdict"]
    [cpu] = [line for line in lines if line.startswith("HighCPUUsage")]
    assert cpu.split() == ["HighCPUUsage", "-", "-", "FIRED", "-", "pending", "(may)", "-", "not", "verified"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_has_each_drill_with_what_its_alerts_did(width: int) -> None:
    lines = printed(width, terminal=True)
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert "HighCPUUsage FIRED" in text
    assert text.count("ServiceDown pending (may)") == len(ALERTS) - 1
    for alert in ALERTS:
        assert f" {alert} " in text
    assert "not verified" in text


def told_of_the_recorded_drill(furthest: State, width: int | None = None) -> str:
    """The lines of the recorded drill of HighMemoryUsage, had that alert come so far."""
    found = run("drill")
    rows = [
        replace(row, furthest={**row.furthest, row.alert: furthest})
        for row in rows_of(found.evidence, found.drills, found.verdicts)
    ]
    return "\n".join(line.plain for line in happened(rows, width))


def test_an_alert_that_no_drill_is_about_is_not_said_to_have_failed_to_fire() -> None:
    text = told_of_the_recorded_drill(State.FIRING)
    assert "did not fire" not in text
    assert "not drilled in this run: HighErrorRate, SlowResponses, HighCPUUsage, ServiceDown" in text


def test_a_drilled_alert_that_did_not_fire_is_named() -> None:
    text = told_of_the_recorded_drill(State.PENDING)
    assert "drilled, and did not fire: HighMemoryUsage" in text.splitlines()
    assert "HighMemoryUsage" not in text.partition("not drilled in this run")[2]


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (80, "HighErrorRate, SlowResponses, HighCPUUsage and 2 more"),
        (50, "HighErrorRate and 4 more"),
        (40, "5"),
    ],
)
def test_a_terminal_has_one_line_of_alerts_that_no_drill_is_about(width: int, said: str) -> None:
    lines = told_of_the_recorded_drill(State.FIRING, width).splitlines()
    assert lines[-1] == f"not drilled in this run: {said}"
