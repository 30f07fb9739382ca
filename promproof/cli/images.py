"""`promproof images`: build the images of the container tests, or pin those that ship."""

from __future__ import annotations

from typing import Any

from promproof.errors import EvidenceError
from promproof.interrupts import terminate_as_interrupt
from promproof.places import REPOSITORY
from promproof.report.lines import tell
from promproof.run.housekeeping import opened
from promproof.stack import pinning
from promproof.stack.images import build


def run(given: dict[str, Any]) -> int:
    """The exit status; with --pin 2 when an image has got no digest."""
    if given["pin"]:
        found = pinning.files(REPOSITORY)
        return EvidenceError.exit_status if pinning.pin(found, pinning.ask_registry, tell) else 0
    try:
        with terminate_as_interrupt(), opened(tell):
            build(tell)
    except KeyboardInterrupt as signalled:
        raise KeyboardInterrupt(f"{signalled}; what was built is kept") from None
    return 0
