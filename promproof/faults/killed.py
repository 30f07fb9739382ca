"""killed: the target's process is killed; its end is a new process."""

from __future__ import annotations

from typing import ClassVar, Literal

from promproof.faults.kind import Need, register
from promproof.faults.site import Site
from promproof.faults.target_state import TargetState


@register
class Killed(TargetState):
    """The target is a child of the run, so nothing is left of it when the run ends."""

    kind: Literal["killed"]
    needs: ClassVar[frozenset[Need]] = frozenset({Need.TARGET})
    silences: ClassVar[bool] = True

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Kill it."""
        site.state[self.kind] = True
        site.own_target().kill()

    def mend(self, site: Site, drill: str) -> None:
        """Start it anew."""
        if self.kind in site.state:
            site.own_target().start()
            del site.state[self.kind]
