"""The pytest plugin of the gate: `-p tests.gate.recorder --gate-record FILE` writes down what this process did.

Of a process with workers only the one that the workers report to writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.gate.records import Collection, Item, Phase, Refusal, end_line, line


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--gate-record", help="write what was collected and how each test ended to this file")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--gate-record")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(path)), "gate-recorder")


class Recorder:
    """Appends a line for each thing that happens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken_away: list[str] = []
        path.write_text("", encoding="utf-8")

    def _write(self, text: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            self._write(line(Refusal(report.nodeid or ".", first_line(report))))

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._taken_away.extend(item.nodeid for item in items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if not session.config.pluginmanager.has_plugin("dsession"):  # else the workers collect
            items = tuple(_item(item) for item in session.items)
            self._write(line(Collection("", items, tuple(self._taken_away))))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        items = tuple(Item(without_group(nodeid)) for nodeid in ids)
        self._write(line(Collection(str(node.gateway.id), items)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome: str = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed"
        self._write(
            line(
                Phase(
                    id=without_group(report.nodeid),
                    when=str(report.when),
                    outcome=outcome,
                    seconds=report.duration,
                    reason="" if report.outcome == "passed" else first_line(report),
                    text=report.longreprtext if report.failed else "",
                )
            )
        )

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write(end_line(int(exitstatus)))


def _item(item: pytest.Item) -> Item:
    marks = tuple(sorted({mark.name for mark in item.iter_markers()}))
    whole_run = item.get_closest_marker("whole_run")
    return Item(item.nodeid, marks, bool(whole_run and whole_run.kwargs.get("alone")))


def without_group(nodeid: str) -> str:
    """The id as pytest knows it: xdist hangs the group on it, behind the parameters (`test_a[x]@GROUP`)."""
    return nodeid.rpartition("@")[0] if nodeid.rfind("@") > nodeid.rfind("]") else nodeid


def first_line(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why, in one line: the reason of a skip, else what the exception says first."""
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(longrepr).strip()
    lines = [text_line for text_line in text.splitlines() if text_line.strip()]
    if not lines:
        return ""
    if crash is None and len(lines) > 1:  # a trace: its last line names the exception
        return str(lines[-1]).removeprefix("E").strip()
    return str(lines[0]).strip()
