"""A promise of a page: where it stands, what it says, the claim that it belongs to, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from promproof.verdict import Outcome

UNCLAIMED = "no claim is about it"
NO_FILE = "no file says it"
NO_DEFAULT = "the compose file does not say its default"
HEDGED = "the sentence speaks of what is not so"
DOUBT = "it may be about something else"
PAST = "it stands where the page tells of earlier times"


@dataclass(frozen=True)
class Promise:
    """One thing that a page says.

    text: as the page has it. claim: the id of its claim, empty where there is none. thing, value: what is told of what,
    for promises that stand in several places (`setting/scrape interval`, `15 s`).
    """

    line: int
    kind: str
    text: str
    claim: str = ""
    outcome: Outcome = Outcome.NOT_VERIFIED
    reason: str = UNCLAIMED
    thing: str = ""
    value: str = ""

    def holds(self, reason: str = "as it is") -> Promise:
        """The same, shown to be true."""
        return replace(self, outcome=Outcome.PASS, reason=reason)

    def fails(self, reason: str) -> Promise:
        """The same, shown to be false: what it should be, and who says so."""
        return replace(self, outcome=Outcome.FAIL, reason=reason)

    def is_open(self, reason: str) -> Promise:
        """The same, with why nobody can tell."""
        return replace(self, outcome=Outcome.NOT_VERIFIED, reason=reason)

    def unless(self, doubt: bool, reason: str = DOUBT) -> Promise:
        """The same, open where it fails and there is a doubt."""
        return self.is_open(reason) if doubt and self.outcome is Outcome.FAIL else self

    def judged(self, right: bool, good: str, bad: str) -> Promise:
        """Holds or fails."""
        return self.holds(good) if right else self.fails(bad)


def listed(names: object) -> str:
    """Names in a line."""
    return ", ".join(map(str, names)) if isinstance(names, list | tuple | set | frozenset) else str(names)
