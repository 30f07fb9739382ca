"""The drills' command with one thing broken in the harness itself: `python broken.py WHAT ARGUMENTS`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from promproof.cli.program import main
from promproof.faults.procfs import IDLE_SHARES, ProcFolder
from promproof.observe.webhook import Delivery, Receiver, Route
from promproof.run.conductor import Conductor, Course

HEARD = "webhook"
"""The receiver of the drills' alerts; a watchdog has one of its own."""


def half_dose() -> None:
    """A fault that moves half of the way that it says."""
    hold = ProcFolder.hold

    def half(self: ProcFolder, kind: str, share: float) -> None:
        hold(self, kind, IDLE_SHARES[kind] + (share - IDLE_SHARES[kind]) / 2)

    ProcFolder.hold = half  # type: ignore[method-assign]


def deaf_webhook() -> None:
    """A webhook that answers every call and drops every second one about the drill's alert."""
    keep = Receiver._keep
    calls = 0

    def forgetful(self: Receiver, route: Route, delivery: Delivery) -> None:
        nonlocal calls
        calls += delivery.receiver == HEARD
        if calls % 2 or delivery.receiver != HEARD:
            keep(self, route, delivery)

    Receiver._keep = forgetful  # type: ignore[method-assign]


def dead_webhook() -> None:
    """A webhook that is gone after its first call about the drill's alert; the watchdog's come before."""
    keep = Receiver._keep

    def dying(self: Receiver, route: Route, delivery: Delivery) -> None:
        keep(self, route, delivery)
        if delivery.receiver != HEARD:
            return
        for server, _ in self._servers:
            server.shutdown()
            server.server_close()

    Receiver._keep = dying  # type: ignore[method-assign]


def patient() -> None:
    """A conductor that holds each dose for its whole time, also when all it waits for has come."""
    is_over = Conductor._is_over

    def waited(self: Conductor, course: Course, courses: Sequence[Course]) -> bool:
        over = is_over(self, course, courses)
        if course.at < 0 or course.steps[course.at].until == "time":
            return over
        return self._history.now() - course.since >= course.steps[course.at].seconds

    Conductor._is_over = waited  # type: ignore[method-assign]


if __name__ == "__main__":
    {"patient": patient, "half-dose": half_dose, "deaf-webhook": deaf_webhook, "dead-webhook": dead_webhook}[
        sys.argv[1]
    ]()
    sys.exit(main(["drill", *sys.argv[2:]]))
