"""Rules as judges look at them: the labels that recorded metrics have, and how a reader sees a finding oneself."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache, reduce
from shlex import quote

from promproof.config.promql import parse
from promproof.findings.setup import Rule, Setup
from promproof.promql.labels import Labels, Recorded, labels_of
from promproof.promql.tree import text

IS_WATCHDOG = re.compile(r"watch-?dog|dead-?man|heart-?beat|always-?firing|snitch", re.IGNORECASE)
"""Of the name of an alert that always fires, so that somebody notices when it stops."""
_LINE = 160
_COMMENT = "#"
_SHELL = re.compile(r"[\"$`\\!]")


@lru_cache(maxsize=2)
def recorded_by(setup: Setup) -> Recorded:
    """What is known of the labels of each metric that the set-up records.

    A name without a colon may be exposed as well as recorded: nothing is known of it.
    """
    known: dict[str, Labels | None] = {}

    def recorded(name: str) -> Labels | None:
        seen = setup.knowledge.labels.get(name) if setup.knowledge.complete else None
        if seen and name not in setup.recorded:
            return Labels(may=frozenset(seen))
        if name not in known:
            known[name] = None  # a rule that reads its own past
            rules = setup.recorded.get(name, ()) if ":" in name else ()
            given = [_given(rule, recorded) for rule in rules if rule.tree is not None]
            if given and len(given) == len(rules):
                known[name] = reduce(Labels.either, given)
        return known[name]

    return recorded


def _given(rule: Rule, recorded: Recorded) -> Labels:
    return labels_of(rule.tree, recorded).given(rule.labels)


def one_line(text: str) -> str:
    """A text on one line, cut where nobody would read on."""
    line = " ".join(text.split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 3]}..."


def asking(expression: str) -> str:
    """The command that asks a Prometheus for an expression."""
    if _COMMENT in expression:
        with suppress(ValueError):
            expression = text(parse(expression))
    return f"promtool query instant http://PROMETHEUS:9090 {_quoted(' '.join(expression.split()))}"


def _quoted(expression: str) -> str:
    """For a shell; double quotes read better around single ones, where nothing inside means something to it."""
    if "'" not in expression:
        return f"'{expression}'"
    return quote(expression) if _SHELL.search(expression) else f'"{expression}"'


def checking(rule: Rule) -> str:
    """The command that lets promtool check the file of a rule."""
    return f"promtool check rules {rule.argument}"
