"""`promproof explain`: what a kind of finding is, or which kinds there are."""

from __future__ import annotations

import sys
from typing import Any

from promproof.errors import InputError
from promproof.findings import proofids
from promproof.findings.choosing import matches, unknown
from promproof.findings.kind import KINDS, Kind
from promproof.report.findings.explaining import explained, listed
from promproof.report.lines import width_of


def names() -> list[str]:
    """The ids, for a shell that completes."""
    return [kind.id for kind in _kinds()]


def _kinds() -> list[Kind]:
    return [*KINDS, *proofids.KINDS]


def run(given: dict[str, Any]) -> int:
    """The exit status."""
    asked = given["id"]
    width = width_of(sys.stdout)
    for kind in _kinds():
        if kind.id == asked:
            sys.stdout.write(explained(kind, width))
            return 0
    if asked is not None and (wrong := unknown(asked)):
        raise InputError(what=wrong, where="promproof explain", todo="promproof explain lists them all")
    sys.stdout.write(listed([kind for kind in _kinds() if asked is None or matches(asked, kind.id)], width))
    return 0
