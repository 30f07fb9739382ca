"""Texts of alerts that are about something else than the alert: copied from another one, or another program's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from promproof.findings.finding import Finding
from promproof.findings.kind import each_alert, whole_setup
from promproof.findings.rule.printed import ADVICE, NUMBER
from promproof.findings.setup import Rule, Setup
from promproof.promql.templates import error, plain
from promproof.promql.tree import metric, selectors

_PROGRAM = (
    "prometheus|alertmanager|grafana|node exporter|cadvisor|loki|tempo|thanos|redis|postgres|mysql|rabbitmq|kafka|"
    "elasticsearch|mongodb|nginx|haproxy|consul|vault|etcd|traefik"
)
_WHOSE = re.compile(
    rf"(?P<program>{_PROGRAM})(?:q?l| instance| server)? (?:is )?(?:not )?"
    r"(?:unreachable|down|reachable|missing|absent|unavailable|running|responding)"
)
_OBJECT = re.compile(
    rf"\b(?:cannot|can't|can not|could not|unable to|does not|doesn't|fails to|failed to) "
    rf"(?:reach|connect to|contact|talk to) (?:the |its |any |an? )?(?P<program>{_PROGRAM})(?:q?l)?\b",
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_STEM = 6
"""Letters by which two forms of a word are told to be one: `notification`, `notifications`."""
_SEE = "promtool test rules prints the texts with exp_annotations"


@each_alert(NUMBER)
def judge_programs(rule: Rule, setup: Setup) -> Iterator[Finding]:
    """`AlertmanagerUnreachable` with the text `cannot reach Prometheus`, which never names Alertmanager."""
    named = _WHOSE.fullmatch(" ".join(words(rule.name)))
    for name, template in _texts(rule) if named is not None else ():
        said = plain(template).lower()
        found = _OBJECT.search(said)
        if found and named and found["program"] != named["program"] and named["program"] not in said:
            yield NUMBER.at(
                rule.at("annotations", name),
                f"{name}: the text says {found[0]!r}, and the alert is about {named['program'].title()}",
                effect="the reader looks at another program",
                todo="name the program that the alert is about",
                see=_SEE,
            )


@whole_setup(NUMBER)
def judge_copies(setup: Setup) -> Iterator[Finding]:
    """A text of two alerts about different metrics that has the words of one alert's name, and none of the other's."""
    same: dict[tuple[str, str], list[Rule]] = {}
    for rule in setup.alerts:
        for name, template in _texts(rule):
            said = " ".join(template.split())
            if rule not in same.setdefault((name, said), []):
                same[name, said].append(rule)
    for (name, said), rules in same.items():
        for pair in combinations(rules, 2):
            for mine, other in (pair, pair[::-1]):
                if _is_about(other, mine, plain(said)):
                    yield NUMBER.at(
                        mine.at("annotations", name),
                        f"{name}: the text is that of {other.name}, word for word, and says nothing of {mine.name}",
                        effect="the reader looks for what has not happened",
                        todo="say what this alert is about",
                        see=_SEE,
                    )


def words(name: str) -> list[str]:
    """`HighCPUUsage` in words, in lower case; NodeExporter is two."""
    return [word.lower() for word in _WORDS.findall(name)]


def _texts(rule: Rule) -> Iterator[tuple[str, str]]:
    """The texts that say what has happened."""
    for name, template in rule.annotations.items():
        if not ADVICE.search(name) and not error(template):
            yield name, template


def _is_about(other: Rule, mine: Rule, said: str) -> bool:
    """Whether a text has all words that the name of the other alert has beyond this one's, and none of this one's."""
    theirs, own = (
        [word for word in words(one.name) if not _is_among(word, words(two.name))]
        for one, two in ((other, mine), (mine, other))
    )
    spoken = words(said)
    return (
        bool(theirs and own)
        and all(_is_among(word, spoken) for word in theirs)
        and not any(_is_among(word, spoken) for word in own)
        and not _metrics(other) & _metrics(mine)
    )


def _is_among(word: str, others: list[str]) -> bool:
    """Whether one of the others is a form of the word."""
    return any(
        word[:length] == other[:length]
        for other in others
        if (length := min(len(word), len(other), _STEM)) > 2
    )


def _metrics(rule: Rule) -> set[str]:
    return {metric(selector) for selector in selectors(rule.tree)} if rule.tree is not None else set()
