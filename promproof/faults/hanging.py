"""hanging: the target's process is stopped (SIGSTOP): it accepts connections and answers nothing."""

from __future__ import annotations

import os
import signal
from typing import ClassVar, Literal

from promproof.errors import EvidenceError
from promproof.faults.kind import Need, register
from promproof.faults.site import Site
from promproof.faults.target_state import TargetState
from promproof.faults.undo import SendSignal
from promproof.stack.journal import start_time

KIND = "hanging"


@register
class Hanging(TargetState):
    """Its end is SIGCONT to the same process."""

    kind: Literal["hanging"]
    needs: ClassVar[frozenset[Need]] = frozenset({Need.TARGET})
    silences: ClassVar[bool] = True

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Stop it; what lets it go on is in the book before."""
        pid = site.own_target().pid
        started = start_time(pid) if pid is not None else None
        if pid is None or started is None:
            raise EvidenceError("target", "its process cannot be seen", (), "use --stack processes")
        site.write(drill, SendSignal(pid=pid, started=started, number="CONT"))
        site.state[KIND] = (pid, started, drill)
        os.kill(pid, signal.SIGSTOP)

    def mend(self, site: Site, drill: str) -> None:
        """Let it go on."""
        self.rescue(site)

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Let it go on."""
        stopped = site.state.pop(KIND, None)
        if stopped is None:
            return ""
        pid, started, written = stopped
        if start_time(pid) == started:
            os.kill(pid, signal.SIGCONT)
        site.done(written)
        return "the target goes on"
