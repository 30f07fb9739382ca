"""A block: the claims that are red for one reason, and what to tell of them. Every output shows the same blocks."""

from __future__ import annotations

from dataclasses import dataclass

from promproof.verdict import Outcome, Verdict

ALONE = "claim"
"""The kind of a block whose cause no rule knows: a claim that failed."""
UNKNOWN = "unknown"
"""The kind of a block of claims that are unknown for the same reason, which no rule knows."""
RED = (Outcome.FAIL, Outcome.UNKNOWN)


@dataclass(frozen=True)
class Block:
    """Red claims with one cause.

    kind: the id of the rule that knows the cause, `ALONE` or `UNKNOWN`. title: the cause in one sentence, without a
    full stop. causes: the claims that say it, at least one; symptoms: claims that are red because of it. where:
    file:line, empty where no file is to blame. todo, look: what to do, and a command that shows it; again: the command
    that runs only this.
    """

    kind: str
    title: str
    causes: tuple[Verdict, ...]
    symptoms: tuple[Verdict, ...] = ()
    where: str = ""
    todo: str = ""
    look: str = ""
    again: str = ""

    @property
    def claims(self) -> tuple[Verdict, ...]:
        """All of the block, its causes first."""
        return (*self.causes, *self.symptoms)

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of its claims."""
        failed = any(verdict.outcome is Outcome.FAIL for verdict in self.claims)
        return Outcome.FAIL if failed else Outcome.UNKNOWN

    @property
    def is_known(self) -> bool:
        """Whether a rule knows the cause."""
        return self.kind not in (ALONE, UNKNOWN)

    @property
    def promised(self) -> str:
        """What was promised, by the first claim that says the cause."""
        return self.causes[0].expected

    @property
    def seen(self) -> str:
        """What was seen instead, each text once."""
        return "; ".join(dict.fromkeys(verdict.reason for verdict in self.causes))

    @property
    def records(self) -> tuple[int, ...]:
        """Record numbers of the history that the causes point to, in their order."""
        return tuple(dict.fromkeys(number for verdict in self.causes for number in verdict.evidence))
