"""What promtool proves of a folder's rules, for the draft: where each alert flips, and which never can.

No series is written by hand, and none into the contract: `promproof prove` finds them anew for the rules as they are.
Windows of days have many samples, which take promtool long: such alerts come last, one by one, while there is time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter

from promproof.config.folder import Folder
from promproof.config.promql_durations import windows
from promproof.errors import EvidenceError, InputError
from promproof.proofs.outcome import CONTRADICTED, DEAD, PROVEN, Alert, Outcome
from promproof.proofs.recordings import Recordings
from promproof.proofs.rulefiles import Rules, read
from promproof.proofs.run import Settings, proven
from promproof.proofs.tree import NotCovered, parse
from promproof.stack.binaries import find_binary

MOST = 60
"""Alerts; more take longer than a draft should."""
TOLD = 10
"""Alerts; fewer are proven before anybody asks what goes on."""
LONG_SECONDS = 6 * 3600.0
"""A window that is no shorter is asked by itself."""
SECONDS = 30.0
"""For all short ones."""
LONG_ONES_SECONDS = 20.0
"""For all long ones."""
TO_PROVE = "`promproof prove FOLDER` takes the time that it needs"
Say = Callable[[str], None]


def proofs(folder: Folder, say: Say) -> dict[str, str]:
    """By alert what is proven of it, as a sentence; empty where promtool isn't there or there are too many.

    say: told what takes long, and what was left out for it.
    """
    rules = read([document.path for document in folder.rules])
    if not rules.alerts:
        return {}
    if len(rules.alerts) > MOST:
        say(f"  {len(rules.alerts)} alerts are not proven here, as more than {MOST} take long: {TO_PROVE}")
        return {}
    try:
        promtool = find_binary("promtool", fetch=None)
    except (InputError, EvidenceError):
        return {}
    lengths = [longest(alert, Recordings(rules.recordings)) for alert in rules.alerts]
    pairs = list(zip(rules.alerts, lengths, strict=True))
    short = [alert for alert, length in pairs if length < LONG_SECONDS]
    long = [
        (alert, length) for alert, length in sorted(pairs, key=lambda pair: pair[1]) if length >= LONG_SECONDS
    ]
    outcomes: list[Outcome] = []
    if len(short) >= TOLD:
        say(f"proving {len(short)} alerts with promtool")
    if short:
        outcomes += _within(rules, short, Settings(promtool, within=SECONDS), say)
    begun = perf_counter()
    for alert, length in long:
        left = LONG_ONES_SECONDS - (perf_counter() - begun)
        say(f"proving {alert.name}, which looks back over {_days(length)}")
        outcomes += _within(rules, [alert], Settings(promtool, within=max(0.0, left)), say)
    return told(outcomes)


def _within(rules: Rules, alerts: Sequence[Alert], settings: Settings, say: Say) -> list[Outcome]:
    """What is proven of some alerts; nothing where the time does not suffice."""
    try:
        return proven(replace(rules, alerts=list(alerts)), settings)
    except (InputError, EvidenceError) as error:
        state = error.state if isinstance(error, EvidenceError) else str(error)
        names = ", ".join(alert.name for alert in alerts)
        say(f"  not proven: {names}: {state}; {TO_PROVE}")
        return []


def longest(alert: Alert, recordings: Recordings) -> float:
    """The longest window (s) of an alert's expression and of the recording rules that it reads; 0 for none."""
    try:
        needed = recordings.needed(parse(alert.expression))
        texts = [alert.expression, *(str(rule["expr"]) for rule in needed)]
        return max((window / 1000 for text in texts for window in windows(text)), default=0.0)
    except (NotCovered, ValueError, RecursionError):  # promtool is not asked about it at all
        return 0.0


def _days(seconds: float) -> str:
    return f"{seconds / 86400:g} d" if seconds >= 86400 else f"{seconds / 3600:g} h"


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
