"""`promproof explain`: what a kind of finding is, or which kinds there are."""

from __future__ import annotations

import sys
from typing import Any

from promproof.errors import InputError
from promproof.findings import proofids
from promproof.findings.choosing import matches, unknown
from promproof.findings.kind import KINDS
from promproof.report.findings.explaining import explained, listed
from promproof.report.findings.forms import width_of


def names() -> list[str]:
    """The ids, for a shell that completes."""
    return list(KINDS.names())


def run(given: dict[str, Any]) -> int:
    """The exit status."""
    asked = given["id"]
    width = width_of(sys.stdout)
    if asked is not None and asked in KINDS.names():
        sys.stdout.write(explained(KINDS.get(asked), width))
        return 0
    if asked is not None and (wrong := unknown(asked)):
        raise InputError(what=wrong, where="promproof explain", todo="promproof explain lists them all")
    proofs = [id for id in proofids.TITLES if asked is not None and matches(asked, id)]
    if proofs:
        told = (f"{id}: {proofids.TITLES[id]}\n" for id in proofs)
        sys.stdout.write("".join(told) + "\nFound by promproof check --prove; docs/prove.md tells how.\n")
        return 0
    sys.stdout.write(listed([kind for kind in KINDS if asked is None or matches(asked, kind.id)]))
    return 0
