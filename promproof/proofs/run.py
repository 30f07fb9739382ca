"""Proves the rules that were read: those that an earlier run has proven come from the cache."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from time import perf_counter

from promproof.places import proofs_folder
from promproof.proofs.asking import Judge
from promproof.proofs.cache import Cache
from promproof.proofs.known import remember
from promproof.proofs.outcome import Outcome
from promproof.proofs.prove import prove
from promproof.proofs.recordings import Recordings
from promproof.proofs.rulefiles import Rules
from promproof.stack.binaries import Binary, find_binary

LONG = 40
"""Alerts, from which on a terminal is told how far it is."""


@dataclass(frozen=True)
class Settings:
    """How to prove.

    promtool: None: whichever is found. scrape: seconds between samples; None: the shortest of the folder's, else 15.
    is_cached: whether verdicts are kept and found again. is_fresh: whether all are proven again. within: seconds for
    all that is not known yet.
    """

    promtool: Binary | None = None
    scrape: float | None = None
    is_cached: bool = True
    is_fresh: bool = False
    within: float = math.inf


def proven(rules: Rules, settings: Settings) -> list[Outcome]:
    """The outcomes of all alerts, in their order.

    Raises:
        EvidenceError: promtool did not answer, or not within the time.
    """
    promtool = settings.promtool or find_binary("promtool")
    scrape = rules.scrape if settings.scrape is None else settings.scrape
    folder = proofs_folder()
    cache = Cache(folder if settings.is_cached else None, promtool.version, scrape)
    is_fresh = settings.is_fresh or not settings.is_cached
    recordings = Recordings(rules.recordings)
    known = [None if is_fresh else cache.get(alert, recordings) for alert in rules.alerts]
    waiting = [alert for alert, outcome in zip(rules.alerts, known, strict=True) if outcome is None]
    begun = perf_counter()

    def say(done: int, of: int) -> None:
        if of >= LONG and sys.stderr.isatty():
            left = (perf_counter() - begun) / done * (of - done)
            sys.stderr.write(f"{done} of {of} alerts, about {left:.0f} s left" + "\n")

    judge = Judge(promtool.path, until=begun + settings.within)
    new = iter(prove(waiting, rules.recordings, judge, scrape=scrape, say=say, is_kept=settings.is_fresh))
    outcomes = []
    for outcome in known:
        made = next(new) if outcome is None else outcome
        if outcome is None:
            cache.put(made, recordings)
        outcomes.append(made)
    if settings.is_cached:
        remember(folder, promtool.path, promtool.version)
    return outcomes
