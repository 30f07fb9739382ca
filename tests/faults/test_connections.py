"""Connections that are held so that the target's open files must move."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from promproof.contract.model import Contract
from promproof.evidence.history import Recorder, read
from promproof.evidence.records import StimulusConnections
from promproof.faults import stimuli
from promproof.run.clock import SystemClock

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("takes", "is_held"), [(stimuli.CONNECTIONS, True), (1, False)])
def test_a_target_that_takes_few_connections_at_once_is_told_and_breaks_nothing(
    takes: int, is_held: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stimuli, "CONNECT_SECONDS", 0.05)
    history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
    with socket.create_server(
        ("127.0.0.1", 0), backlog=takes
    ) as server:  # nobody accepts: the queue is all there is
        stimuli.hold_connections(f"http://127.0.0.1:{server.getsockname()[1]}", history, lambda: None)
    history.close()
    [record] = read(tmp_path / "history.jsonl").of(StimulusConnections)
    assert (record.data.unavailable is None) == is_held
    if not is_held:
        assert str(record.data.unavailable).startswith("the target does not take 20 connections at once: ")


@pytest.mark.parametrize(("figure", "is_asked"), [("open_descriptors", True), ("cpu_seconds", False)])
def test_connections_are_held_only_for_a_metric_of_open_files(figure: str, is_asked: bool) -> None:
    metric = {"name": "files", "type": "gauge", "truth": {"kind": "process", "figure": figure}}
    about = {"contract": 1, "service": "s", "target": {"job": "s"}}
    assert stimuli.asks_connections(Contract.model_validate({**about, "metrics": [metric]})) == is_asked
    assert not stimuli.asks_connections(Contract.model_validate(about))
