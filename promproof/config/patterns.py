"""Label matchers by what they select: `5..` and `5[0-9]{2}` are one matcher of a label whose values are documented.

Two ways to write a pattern are the same when they accept the same of the documented values. Without such a list only
the plainest rewriting is seen through: anchors that hold anyway, the order of alternatives, a pattern of one word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from itertools import product
from typing import Any

from promproof.config.re2 import whole

sre: Any = import_module("re._constants")  # the parser of Python's own engine, which has no public name
sre_parser: Any = import_module("re._parser")

Domains = Mapping[tuple[str, str], frozenset[str]]
"""By metric and label: all values that the label may have."""
MOST = 2000
"""Strings of one pattern that are written out: three digits are a thousand."""
_FEW = 20
"""Values that a label has beside those that a matcher leaves out: so many are named in place of the others."""
_STRING = r'"(?:\\.|[^"\\])*"'
_SELECTOR = re.compile(rf"{_STRING}|(?P<name>[A-Za-z_:][\w:]*)?\{{(?P<matchers>(?:[^{{}}\"]|{_STRING})*)\}}")
_MATCHER = re.compile(rf"(?P<label>\w+)(?P<operator>=~|!~|!=|=)(?P<value>{_STRING})")
_WORDS = re.compile(r"[\w:/ -]+(?:\|[\w:/ -]+)*")
_NAME = re.compile(r"[A-Za-z_:][\w:]*")
_ENDINGS = ("_bucket", "_sum", "_count")


def in_one_spelling(printed: str, domains: Domains) -> str:
    """An expression as promql-parser prints it, each pattern in one spelling: equal texts select the same."""

    def selector(found: re.Match[str]) -> str:
        if found["matchers"] is None:
            return found[0]
        given = list(_MATCHER.finditer(found["matchers"]))
        named = [
            matcher["value"][1:-1]
            for matcher in given
            if matcher["label"] == "__name__" and matcher["operator"] == "="
        ]
        name = found["name"] or (named[0] if len(named) == 1 and _NAME.fullmatch(named[0]) else "")
        others = [matcher for matcher in given if found["name"] or not name or matcher["label"] != "__name__"]
        spelt = sorted(_matcher(matcher, _domain(name, matcher["label"], domains)) for matcher in others)
        return f"{name}{{{','.join(spelt)}}}" if spelt or not name else name

    return _SELECTOR.sub(selector, printed)


def _domain(metric: str, label: str, domains: Domains) -> frozenset[str] | None:
    names = (metric, *(metric.removesuffix(ending) for ending in _ENDINGS))
    return next((domains[name, label] for name in names if (name, label) in domains), None)


def _matcher(found: re.Match[str], domain: frozenset[str] | None) -> str:
    label, operator, written = found["label"], found["operator"], found["value"]
    if operator == "!=" and domain is not None and written[1:-1] in domain:
        others = sorted(domain - {written[1:-1]})
        return _spelt(label, "=~", others) if 0 < len(others) <= _FEW else found[0]
    if operator not in ("=~", "!~"):
        return found[0]
    pattern = re.sub(r"\\(.)", r"\1", written[1:-1])
    if domain is not None:
        try:
            selected = sorted(value for value in domain if whole(pattern).fullmatch(value))
        except ValueError:
            return found[0]
        others = sorted(domain - set(selected))
        if selected and operator == "!~" and 0 < len(others) <= _FEW:
            return _spelt(label, "=~", others)
        if selected:
            return _spelt(label, operator, selected)
    bare = pattern if "|" in pattern else pattern.removeprefix("^").removesuffix("$")
    if _WORDS.fullmatch(bare):
        return _spelt(label, operator, sorted(set(bare.split("|"))))
    return f'{label}{operator}"{bare}"'


def _spelt(label: str, operator: str, values: list[str]) -> str:
    sign = operator if len(values) > 1 else {"=~": "=", "!~": "!="}[operator]
    return f'{label}{sign}"{"|".join(values)}"'


@cache
def every(pattern: str) -> frozenset[str] | None:
    """All strings that a pattern accepts; None for one without end, with over `MOST`, or with what is not read here."""
    try:
        tree = sre_parser.parse(whole(pattern).pattern)
    except (ValueError, re.error):
        return None
    return _sequence(tree)


def _sequence(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    made = frozenset({""})
    for kind, argument in items:
        strings = _item(kind, argument)
        if strings is None or len(made) * len(strings) > MOST:
            return None
        made = frozenset(before + behind for before, behind in product(made, strings))
    return made


def _item(kind: Any, argument: Any) -> frozenset[str] | None:
    if kind is sre.LITERAL:
        return frozenset({chr(argument)})
    if kind is sre.IN:
        return _members(argument)
    if kind is sre.SUBPATTERN:
        return _sequence(argument[3])
    if kind is sre.BRANCH:
        branches = [_sequence(branch) for branch in argument[1]]
        known = [branch for branch in branches if branch is not None]
        return frozenset().union(*known) if len(known) == len(branches) else None
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT) and argument[1] <= MOST:
        least, most, inner = argument
        counts = [_sequence(list(inner) * count) for count in range(least, most + 1)]
        known = [strings for strings in counts if strings is not None]
        return frozenset().union(*known) if len(known) == len(counts) else None
    return None


def _members(items: Any) -> frozenset[str] | None:
    made: set[str] = set()
    for kind, argument in items:
        if kind is sre.LITERAL:
            made.add(chr(argument))
        elif kind is sre.RANGE and argument[1] - argument[0] < MOST:
            made.update(map(chr, range(argument[0], argument[1] + 1)))
        else:
            return None
    return frozenset(made)
