"""Whole drills from the page: one at a time, by the drills' own command, against the stack that is running.

A drill is its own child process: it sends its own traffic, moves its dose, heals and judges exactly as in a terminal.
Since it compares what it has sent with what the target counts, no run of the web UI can send at the same time.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from promproof import isolated
from promproof.config import jsonlines
from promproof.drills.drill import Loaded
from promproof.errors import InputError
from promproof.faults.dosed import Dosed
from promproof.places import REPOSITORY
from promproof.stack.children import Child, Patience, start_child

LINES = 15
"""The newest lines of the timeline are shown up to here."""
HEALING = Patience(interrupt=30.0)
"""A drill that is interrupted heals, lets its requests end, and writes its report."""


@dataclass(frozen=True)
class Notices:
    """Whose notifications a drill hears of, and where it listens for them (`HOST:PORT`)."""

    alertmanager: str
    receiver: str

    @staticmethod
    def of(alertmanager: str, receiver: str) -> Notices | None:
        """None where no address is given to listen at."""
        return Notices(alertmanager, receiver) if receiver else None

    def options(self) -> tuple[str, ...]:
        """As options of the drills' command."""
        return "--alertmanager", self.alertmanager, "--receiver", self.receiver


@dataclass(frozen=True)
class Place:
    """Where drills act: the addresses of what runs, and the files that document it."""

    target: str
    prometheus: str
    fault_url: str
    fault_token: str
    contract: Path
    monitoring: Path
    instance: str = ""
    """The target's instance label in that Prometheus, when it is not the host and port of `target`."""
    notices: Notices | None = None
    """None for drills that are judged without notifications."""

    def command(self, name: str, reports: Path) -> list[str]:
        """The drills' command; the token is not in it."""
        instance = ["--instance", self.instance] if self.instance else []
        return isolated.command(
            "promproof",
            "drill",
            name,
            "--stack",
            "external",
            *instance,
            *(self.notices.options() if self.notices is not None else ()),
            "--target",
            self.target,
            "--prometheus",
            self.prometheus,
            "--fault-url",
            self.fault_url,
            "--contract",
            str(self.contract),
            "--monitoring",
            str(self.monitoring),
            "--reports",
            str(reports),
        )


@dataclass
class Running:
    """A drill that was started; `reports` is a folder of its own."""

    name: str
    child: Child
    reports: Path
    stopped: bool = False
    ended: dict[str, Any] = field(default_factory=dict)


class DrillDesk:
    """The drills of one running target. place: None with `trouble` where there can be none."""

    def __init__(
        self, place: Place | None, drills: Sequence[Loaded], reports: Path, trouble: str = ""
    ) -> None:
        self._place = place
        self._drills = [drill for drill in drills if drill.default and isinstance(drill.plan.fault, Dosed)]
        self._reports = reports
        self._trouble = trouble
        self._now: Running | None = None
        self._ending = threading.Lock()

    @property
    def is_running(self) -> bool:
        """Whether a drill is under way."""
        return self._now is not None and self._now.child.is_running()

    def start(self, name: str) -> None:
        """Start a drill.

        Raises:
            InputError: there is no such drill here, or one is under way.
        """
        names = [drill.plan.name for drill in self._drills]
        if self._place is None or name not in names:
            raise InputError(
                what=f"no such drill here: {name}", where="", expected=self._trouble or ", ".join(names)
            )
        if self._now is not None and self.is_running:
            raise InputError(
                what=f"the drill {self._now.name} is under way",
                where="",
                expected="one drill at a time",
                todo="stop it",
            )
        if self._now is not None:
            self._now.child.reap()
        number = next(n for n in count(1) if not [*self._reports.glob(f"drill-{n}-*")])
        reports = self._reports / f"drill-{number}-{name}"
        child = start_child(
            self._place.command(name, reports),
            name=f"drill {name}",
            log=reports / "drill.log",
            cwd=REPOSITORY,
            env={"FAULT_TOKEN": self._place.fault_token, "PYTHONUNBUFFERED": "1"},
        )
        self._now = Running(name, child, reports)

    def stop(self) -> None:
        """Interrupt the drill and wait until it has healed; nothing when none is under way."""
        with self._ending:  # a second signal would break the healing off that the first one asked for
            if self._now is not None and self.is_running:
                self._now.stopped = True
                self._now.child.stop(HEALING)

    def state(self) -> dict[str, Any]:
        """For the page: what can be started, and how the newest one stands."""
        now = self._now
        running = self.is_running
        return {
            "trouble": self._trouble,
            "drills": [
                {
                    "name": drill.plan.name,
                    "title": drill.plan.description,
                    "on": running and now is not None and now.name == drill.plan.name,
                }
                for drill in (self._drills if self._place is not None else ())
            ],
            "newest": None if now is None else self._newest(now, running),
        }

    def _newest(self, now: Running, running: bool) -> dict[str, Any]:
        if running:
            return {"name": now.name, "state": "running", "lines": _timeline(now.child.log), "verdicts": []}
        if not now.ended:
            now.child.reap()
            now.ended = {
                "name": now.name,
                "state": f"{'interrupted, ' if now.stopped else ''}status {now.child.exit_status()}",
                "verdicts": _verdicts(now.reports),
                "lines": _timeline(now.child.log),
                "reports": str(now.reports),
            }
        return now.ended


def _timeline(log: Path) -> list[str]:
    """The newest lines of what the drill says; what is no turn of it (an error) too, when it is all there is."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    turns = [line for line in lines if line.startswith("[")]
    return (turns or lines)[-LINES:]


def _verdicts(reports: Path) -> list[dict[str, str]]:
    """What the ended drill says of each claim; nothing when it did not come so far."""
    found = sorted(reports.glob("*/report.json"))
    if not found:
        return []
    try:
        report = jsonlines.written(found[-1])
    except (OSError, ValueError):  # it was killed while it wrote, or the disk is full
        return []
    return [
        {key: str(verdict[key]) for key in ("claim", "outcome", "reason")} for verdict in report["verdicts"]
    ]
