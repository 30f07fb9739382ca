"""From verdicts to blocks: each red claim is in exactly one. Pure; the same input gives the same blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os.path import commonpath

from promproof.evidence.evidence import Evidence
from promproof.report.causes.facts import Facts, facts_of
from promproof.report.causes.model import ALONE, RED, UNKNOWN, Block
from promproof.report.causes.rule import Rule, Words
from promproof.report.causes.rules import DIED, LATE, RULES
from promproof.verdict import Outcome, Verdict

DEAD, BROKEN = "dead-component", "broken-off"
"""Kinds of the block of a run that broke off: because a component died, or for another reason."""
BUSY = "busy-machine"
"""The kind of the block of claims that are unknown because the machine was too late."""
_PLACE = re.compile(r"(?:^|(?<=; ))\S+?:\d+: ")
"""`file:line: ` before what is said of it."""
Key = tuple[str, str]
Found = tuple[Rule, list[tuple[Verdict, Words]]]
"""A cause: its rule, and the claims that say it, each with its words."""


def blocks_of(
    verdicts: Sequence[Verdict], evidence: Evidence | None, trouble: str | None = None
) -> list[Block]:
    """The blocks of a run, what explains most first. trouble: what broke it off, unless the history says it."""
    facts = facts_of(evidence)
    return blocks(verdicts, replace(facts, trouble=trouble) if trouble else facts)


def blocks(verdicts: Sequence[Verdict], facts: Facts = Facts(), rules: Sequence[Rule] = RULES) -> list[Block]:  # noqa: B008 - frozen
    """The blocks, in the order in which to read them.

    First what broke the run off, then known causes in the order of the rules, then failed claims without a known cause,
    then unknown ones. Claims of one outcome and cause keep their order.
    """
    red = [verdict for verdict in verdicts if verdict.outcome in RED]
    broken = _broken(red, facts)
    left = _without(red, broken)
    known = _known(left, facts, rules)
    left = _without(left, known)
    return [*broken, *known, *_failed(left, facts), *_unknown(left, facts)]


def _failed(left: Iterable[Verdict], facts: Facts) -> list[Block]:
    """Failed claims whose cause no rule knows; those that say the same of several places are one block.

    Equal words that name no place are no common cause: that two counters are 1 in place of 2 may be two mistakes.
    """
    found: dict[str, list[Verdict]] = {}
    for verdict in left:
        if verdict.outcome is Outcome.FAIL:
            said = _PLACE.sub("", verdict.reason)
            found.setdefault(said if said != verdict.reason else verdict.claim, []).append(verdict)
    made = []
    for said, same in found.items():
        (first, *more) = same
        title, again = f"{first.claim} fails", facts.again(same, first.claim)
        if more:
            title = f"{len(same)} claims fail: {said.partition('; ')[0]}"
            shared = commonpath([verdict.claim for verdict in same])
            again = facts.again(same, f"{shared}/") if shared else facts.whole(same)
        made.append(Block(ALONE, title, tuple(same), again=again))
    return made


def _without(verdicts: Iterable[Verdict], taken: Iterable[Block]) -> list[Verdict]:
    ids = {id(verdict) for block in taken for verdict in block.claims}
    return [verdict for verdict in verdicts if id(verdict) not in ids]


def _broken(red: Sequence[Verdict], facts: Facts) -> list[Block]:
    """The block of a run that broke off; of a target that died, that it was not scraped from then on is a symptom."""
    symptoms = [verdict for verdict in red if verdict.symptom]
    if not symptoms:
        return []
    head, *more = facts.trouble.splitlines() or ["the run was ended before"]
    died = DIED.match(head)
    if died is not None and died["component"] in ("target", "api", "app"):
        symptoms += [
            v for v in red if v.claim == "target/up" and "scrapes failed" in v.reason and not v.symptom
        ]
    todo = next((line.partition("to do: ")[2] for line in more if line.strip().startswith("to do: ")), "")
    kind = DEAD if died is not None else BROKEN
    return [Block(kind, head, (symptoms[0],), tuple(symptoms[1:]), todo=todo, again=facts.command)]


def _known(red: Sequence[Verdict], facts: Facts, rules: Sequence[Rule]) -> list[Block]:
    found: dict[Key, Found] = {}
    for rule in rules:
        taken = {id(verdict) for _, shown in found.values() for verdict, _ in shown}
        for verdict in red:
            words = rule.words(verdict, facts) if id(verdict) not in taken else None
            if words is not None and not (rule.yields and _behind(found, verdict, facts, but=rule)):
                found.setdefault(rule.key(words), (rule, []))[1].append((verdict, words))
    causes = {id(verdict) for _, shown in found.values() for verdict, _ in shown}
    symptoms: dict[Key, list[Verdict]] = {key: [] for key in found}
    for verdict in red:
        if id(verdict) not in causes:
            key = _behind(found, verdict, facts)
            if key is not None:
                symptoms[key].append(verdict)
    return [
        replace(rule.block(shown, facts), symptoms=tuple(symptoms[key]))
        for key, (rule, shown) in found.items()
    ]


def _behind(
    found: Mapping[Key, Found], verdict: Verdict, facts: Facts, but: Rule | None = None
) -> Key | None:
    """The first cause that a claim is a symptom of."""
    if verdict.outcome is Outcome.UNKNOWN and LATE.search(verdict.reason):
        return None
    for key, (rule, shown) in found.items():
        if rule is not but and any(rule.is_behind(verdict, words, facts) for _, words in shown):
            return key
    return None


def _unknown(left: Iterable[Verdict], facts: Facts) -> list[Block]:
    """Unknown claims by their reason: one that several share is told once."""
    found: dict[str, list[Verdict]] = {}
    late: list[Verdict] = []
    for verdict in left:
        if verdict.outcome is Outcome.UNKNOWN:
            same = late if LATE.search(verdict.reason) else found.setdefault(verdict.reason, [])
            same.append(verdict)
    title, todo = (
        "this machine was too busy to tell",
        "run again when nothing else runs, or with a smaller --time-scale",
    )
    busy = [Block(BUSY, title, tuple(late), todo=todo, again=facts.whole(late))] if late else []
    return busy + [
        Block(UNKNOWN, reason, (same[0],), tuple(same[1:]), again=facts.again(same, same[0].claim))
        for reason, same in found.items()
    ]
