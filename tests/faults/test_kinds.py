"""Each kind of fault by itself: what it does to a process or a file, its undo in the book, and its end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from promproof.drills.drill import Drill
from promproof.errors import EvidenceError, InputError
from promproof.faults.kind import FAULTS, Fault, Need
from promproof.faults.procfs import ProcFolder
from promproof.faults.site import Site
from promproof.faults.undo import UndoBook
from promproof.places import REPOSITORY
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.stack
CONFIG = "scrape_configs:\n- job_name: api\n  static_configs:\n  - targets: [here]\n- job_name: other\n"


@dataclass
class Process:
    """A target that the run has started."""

    process: subprocess.Popen[bytes] = field(default_factory=lambda: subprocess.Popen(["sleep", "600"]))

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        self.process = subprocess.Popen(["sleep", "600"])

    def restart(self, env: Mapping[str, str] | None = None) -> None:
        self.kill()
        self.start()


class Reloads(list[str]):
    """A stack that notes what it is told to reload."""

    def reload(self, name: str) -> None:
        self.append(name)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG, encoding="utf-8")
    target, stack = Process(), Reloads()
    with UndoBook(tmp_path / "undo") as book:
        yield Site(book, stack, target, None, None, "api", config, 1.0)  # type: ignore[arg-type]  # one method
    target.kill()


def reloads(site: Site) -> list[str]:
    told: Any = site.stack
    return list(told)


def fault(kind: str, **keys: Any) -> Fault:
    return FAULTS.get(kind).model_validate({"kind": kind, **keys})


def status(target: Any) -> str:
    return str(psutil.Process(target.pid).status())


def test_a_hanging_target_is_stopped_with_its_undo_in_the_book_and_goes_on(site: Site) -> None:
    hanging = fault("hanging")
    hanging.hold(site, "drill", 1.0)
    wait_until(lambda: "" if status(site.target) == "stopped" else status(site.target), 30)
    assert [undo.kind for undo in site.book.open] == ["signal"]
    hanging.heal(site, "drill")
    wait_until(lambda: "" if status(site.target) == "sleeping" else status(site.target), 30)
    assert not site.book.open
    assert not site.state


def test_a_hanging_target_goes_on_after_trouble(site: Site) -> None:
    hanging = fault("hanging")
    hanging.hold(site, "drill", 1.0)
    assert hanging.rescue(site) == "the target goes on"
    wait_until(lambda: "" if status(site.target) == "sleeping" else status(site.target), 30)
    assert hanging.rescue(site) == "", "once is enough"


def test_a_killed_target_is_started_anew(site: Site) -> None:
    assert site.target is not None
    before, killed = site.target.pid, fault("killed")
    killed.hold(site, "drill", 1.0)
    assert before is not None
    assert not psutil.pid_exists(before)
    assert site.state, "nobody takes it for clean"
    killed.heal(site, "drill")
    assert site.target.pid not in (None, before)
    assert not site.state


def test_an_undiscovered_target_leaves_the_configuration_and_comes_back(site: Site) -> None:
    assert site.rendered is not None
    undiscovered = fault("undiscovered")
    undiscovered.hold(site, "drill", 1.0)
    assert "here" not in site.rendered.read_text(encoding="utf-8")
    assert "other" in site.rendered.read_text(encoding="utf-8")
    undiscovered.heal(site, "drill")
    assert site.rendered.read_text(encoding="utf-8") == CONFIG
    assert reloads(site) == ["prometheus", "prometheus"]
    assert not site.state


@pytest.mark.parametrize("kind", ["killed", "hanging", "undiscovered"])
def test_healing_what_was_not_applied_does_nothing(kind: str, site: Site) -> None:
    fault(kind).heal(site, "drill")
    assert reloads(site) == []
    assert status(site.target) not in ("stopped", "zombie")


def test_a_signal_goes_to_the_process_of_a_pid_file_and_back(site: Site, tmp_path: Path) -> None:
    assert site.target is not None
    path = tmp_path / "pid"
    path.write_text(str(site.target.pid), encoding="utf-8")
    signalled = fault("signal", pid_file=str(path), apply="STOP", undo="CONT")
    signalled.hold(site, "drill", 1.0)
    wait_until(lambda: "" if status(site.target) == "stopped" else status(site.target), 30)
    signalled.heal(site, "drill")
    wait_until(lambda: "" if status(site.target) == "sleeping" else status(site.target), 30)
    path.write_text("nobody", encoding="utf-8")
    with pytest.raises(InputError, match="no pid can be read"):
        signalled.hold(site, "drill", 1.0)


def test_a_command_is_told_the_dose_and_taken_back_once(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "log"
    note = f"import sys; open({str(path)!r}, 'a').write(sys.argv[1] + ' ')"
    told = fault(
        "command", apply=[sys.executable, "-c", note, "{dose}"], undo=[sys.executable, "-c", note, "x"]
    )
    for dose in (0.04, 0.06):
        told.hold(site, "drill", dose)
    assert len(site.book.open) == 1, "two doses of one fault have one undo"
    told.heal(site, "drill")
    told.heal(site, "drill")
    assert path.read_text(encoding="utf-8").split() == ["0.04", "0.06", "x"]


def test_cpu_and_memory_are_held_by_the_proc_folder(site: Site, tmp_path: Path) -> None:
    memory = fault("memory")
    with pytest.raises(EvidenceError, match="this run has none"):
        memory.hold(site, "drill", 0.9)
    site.folder = ProcFolder(tmp_path / "proc", 2, lambda: 0.0)
    try:
        before = (tmp_path / "proc" / "meminfo").read_text(encoding="utf-8")
        memory.hold(site, "drill", 0.9)
        assert "MemAvailable:    1600000 kB" in (tmp_path / "proc" / "meminfo").read_text(encoding="utf-8")
        memory.heal(site, "drill")
        assert (tmp_path / "proc" / "meminfo").read_text(encoding="utf-8") == before
    finally:
        site.folder.close()


@pytest.mark.parametrize("kind", ["errors", "slow", "failed_executions", "failing_scrapes"])
def test_a_fault_that_needs_the_fault_port_says_so(kind: str, site: Site) -> None:
    keys: dict[str, dict[str, Any]] = {
        "errors": {"routes": ["GET /x"]},
        "slow": {"routes": ["GET /x"], "delay": "1s"},
        "failed_executions": {"routes": ["GET /x"], "marks": {"status": "failed"}},
    }
    made = fault(kind, **keys.get(kind, {}))
    assert made.needs == {Need.FAULT_PORT}
    with pytest.raises(EvidenceError, match="--fault-url"):
        made.hold(site, "drill", 0.5)
    made.heal(site, "drill")


def test_every_kind_has_its_row_in_the_documentation() -> None:
    text = (REPOSITORY / "docs" / "drills.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for name in FAULTS.names():
        assert any(f"`{name}`" in row.split("|")[1] for row in rows), name


def test_a_drill_needs_a_share_where_its_fault_has_one() -> None:
    base = {"drill": 1, "name": "X", "alert": "X"}
    with pytest.raises(ValueError, match="needs a share below and a share above"):
        Drill.model_validate({**base, "fault": {"kind": "cpu"}})
    with pytest.raises(ValueError, match="has no share"):
        Drill.model_validate({**base, "fault": {"kind": "killed"}, "above": 0.5})
    with pytest.raises(ValueError, match="needs traffic"):
        Drill.model_validate(
            {**base, "fault": {"kind": "errors", "routes": ["x"]}, "below": 0.1, "above": 0.2}
        )
