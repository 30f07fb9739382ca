"""command: a fault of somebody else's target that a command makes and another one takes back."""

from __future__ import annotations

from typing import Literal

from promproof.faults.kind import Fault, Words, register
from promproof.faults.site import Site
from promproof.faults.undo import RunCommand, run


@register
class CommandFault(Fault):
    """Both are run without a shell; `{dose}` in the words of the first one is the dose."""

    kind: Literal["command"]
    apply: Words
    undo: Words

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Run the command."""
        site.write(drill, RunCommand(argv=self.undo))
        run(self.apply, dose)
