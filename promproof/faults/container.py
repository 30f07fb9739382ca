"""container: an action of the container engine, and the one that undoes it."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from promproof.faults.kind import Fault, register
from promproof.faults.site import Site
from promproof.faults.undo import Container


@register
class ContainerFault(Fault):
    """`unpause` undoes `pause`, `start` undoes `stop` and `kill`."""

    kind: Literal["container"]
    container: str
    apply: Literal["pause", "stop", "kill"]
    undo: Literal["unpause", "start"]

    @model_validator(mode="after")
    def _fits(self) -> ContainerFault:
        if (self.apply == "pause") != (self.undo == "unpause"):
            raise ValueError(f"{self.undo!r} does not undo {self.apply!r}")
        return self

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Have the engine do it."""
        site.write(drill, Container(container=self.container, action=self.undo))
        Container(container=self.container, action=self.apply).perform()
