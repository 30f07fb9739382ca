"""What promtool proves of a folder's rules, for the draft: where each alert flips, and which never can.

No series is written by hand, and none into the contract: `promproof prove` finds them anew for the rules as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from promproof.config.folder import Folder
from promproof.errors import EvidenceError, InputError
from promproof.proofs.outcome import CONTRADICTED, DEAD, PROVEN, Outcome
from promproof.proofs.rulefiles import read
from promproof.proofs.run import Settings, proven
from promproof.stack.binaries import find_binary

MOST = 60
"""Alerts; more take longer than a draft should."""


def proofs(folder: Folder) -> dict[str, str]:
    """By alert what is proven of it, as a sentence; empty where promtool isn't there or there are too many."""
    rules = read([document.path for document in folder.rules])
    if not rules.alerts or len(rules.alerts) > MOST:
        return {}
    try:
        return told(proven(rules, Settings(find_binary("promtool", fetch=None))))
    except (InputError, EvidenceError):
        return {}


def told(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """What is proven of each alert; nothing of one that is not covered, or whose name another one has too."""
    found: dict[str, str] = {}
    twice = set()
    for outcome in outcomes:
        name = outcome.alert.name
        twice |= {name} & set(found)
        why = f": {outcome.reason}" if outcome.reason else ""
        if outcome.verdict == PROVEN and outcome.flips != "-":
            found[name] = f"proven (promproof prove): flips at {outcome.flips}"
        elif outcome.verdict in (DEAD, CONTRADICTED):
            found[name] = f"Look at this rule (promproof prove), {outcome.verdict}{why}"
    return {name: text for name, text in found.items() if name not in twice}
