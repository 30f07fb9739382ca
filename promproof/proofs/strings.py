"""Label values that matchers accept: equality, RE2, negations, solved together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from itertools import islice, product
from typing import Any

from promproof.config.re2 import whole

sre: Any = import_module("re._constants")  # the parser of Python's own engine, which has no public name
sre_parser: Any = import_module("re._parser")

Matcher = tuple[str, str]
"""Operator and value, without the label's name."""
MOST = 24
"""Strings that are made of one expression: an alternative of ten status codes shows all of them."""
STATUSES = ("500", "404", "200")
"""What a class of statuses is likely to mean."""
PLAIN = ("x", "a-1", "other", "1", "200", "500", "main", "/data", "eth0", "y", "zz")


def accepts(matchers: Iterable[Matcher], value: str) -> bool:
    """Whether all of them match; an absent label is an empty value."""
    return all(_accepts(operator, wanted, value) for operator, wanted in matchers)


def _accepts(operator: str, wanted: str, value: str) -> bool:
    if operator in ("=", "!="):
        return (value == wanted) == (operator == "=")
    return (whole(wanted).fullmatch(value) is not None) == (operator == "=~")


def values(matchers: Sequence[Matcher], preferred: Sequence[str] = ()) -> list[str]:
    """Values that all matchers accept, the best first; empty when none was found.

    Raises:
        ValueError: a regular expression can't be read.
    """
    made = [value for operator, value in matchers if operator == "="]
    made += STATUSES if any(operator == "=~" for operator, _ in matchers) else ()
    for operator, wanted in matchers:
        if operator == "=~":
            made += _strings(wanted)
    pool = [*preferred, *made, *PLAIN]
    return [value for value in dict.fromkeys(pool) if value and accepts(matchers, value)]


def refused(matchers: Iterable[Matcher]) -> list[str]:
    """Values that negations name."""
    made: list[str] = []
    for operator, wanted in matchers:
        made += [wanted] if operator == "!=" else _strings(wanted) if operator == "!~" else []
    return [value for value in made if value]


@cache
def _strings(pattern: str) -> tuple[str, ...]:
    tree = sre_parser.parse(whole(pattern).pattern)
    return tuple(dict.fromkeys(islice(_sequence(tree), MOST)))


def _sequence(items: Any) -> Iterable[str]:
    parts = [list(islice(_item(kind, argument), MOST)) for kind, argument in items]
    return ("".join(words) for words in islice(product(*parts), MOST))


def _item(kind: Any, argument: Any) -> Iterable[str]:
    if kind is sre.LITERAL:
        return [chr(argument)]
    if kind is sre.NOT_LITERAL:
        return [next(c for c in "xyz" if ord(c) != argument)]
    if kind is sre.ANY:
        return ["x", "0"]
    if kind is sre.IN:
        return _members(argument)
    if kind is sre.BRANCH:
        return [text for branch in argument[1] for text in _sequence(branch)]
    if kind is sre.SUBPATTERN:
        return _sequence(argument[3])
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, inner = argument
        return [
            text * count
            for count in dict.fromkeys((max(least, min(1, most)), least))
            for text in _sequence(inner)
        ]
    if kind is sre.AT:
        return [""]
    return []


def _members(items: Any) -> list[str]:
    if items[0][0] is sre.NEGATE:
        held = _members(items[1:])
        return [c for c in "x1-_/ay" if c not in held and not _in_ranges(items[1:], ord(c))][:2]
    made = []
    for kind, argument in items:
        if kind is sre.LITERAL:
            made.append(chr(argument))
        elif kind is sre.RANGE:
            made.append(chr(argument[0]))
    return made


def _in_ranges(items: Any, code: int) -> bool:
    return any(kind is sre.RANGE and argument[0] <= code <= argument[1] for kind, argument in items)
