"""Several instances of one target: requests go to them in turn, and each has a ledger of its own.

Whoever sends decides who is asked, so that it is known of every request which instance has counted it. What a request
needs of another (an id that was created) it finds as behind any balancer: the instances share what they store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from pathlib import Path

from promproof.evidence.ledgerfile import LedgerWriter
from promproof.evidence.view import LedgerView
from promproof.load.ledger import Ledger, merge
from promproof.load.wire import Wire

Lane = tuple[Ledger, Wire]
"""One instance: what is sent to it, and by which client."""


class Spread:
    """The ledgers of several instances, by URL; what is asked of all is their sum."""

    def __init__(self, clock: Callable[[], float], bin_seconds: float, instances: Sequence[str]) -> None:
        self.bin_seconds = bin_seconds
        self.ledgers = {instance: Ledger(clock, bin_seconds) for instance in instances}
        self._first = next(iter(self.ledgers.values()))

    @property
    def first(self) -> Ledger:
        """That of the first instance."""
        return self._first

    @property
    def opened(self) -> int:
        """Requests that were opened so far."""
        return sum(ledger.opened for ledger in self.ledgers.values())

    def open_requests(self) -> int:
        """Requests that were opened and not yet given back."""
        return sum(ledger.open_requests() for ledger in self.ledgers.values())

    def lag(self, seconds: float) -> None:
        """An arrival was sent so many seconds after it was due; whom it asks is decided later."""
        self._first.lag(seconds)

    def drain_each(self) -> dict[str, LedgerView]:
        """What was recorded since the last drain, by instance."""
        return {instance: ledger.drain() for instance, ledger in self.ledgers.items()}

    def drain(self) -> LedgerView:
        """The same of all together."""
        return merge(self.drain_each().values())

    def turns(self, wires: Sequence[Wire]) -> Callable[[], Lane]:
        """Whose turn it is, one after the other. wires: a client for each instance, in their order."""
        return cycle(zip(self.ledgers.values(), wires, strict=True)).__next__


class SpreadWriter(LedgerWriter):
    """Writes the increments of each instance in lines of their own."""

    def __init__(
        self, path: Path, spread: Spread, clock: Callable[[], float], epoch: float, **about: object
    ) -> None:
        self._spread = spread
        super().__init__(path, spread, clock, epoch, **about)

    def _increments(self) -> Iterable[tuple[str, LedgerView]]:
        return self._spread.drain_each().items()
