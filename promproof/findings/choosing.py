"""Which kinds of findings are asked for: `rule/quantile-over-one`, or a whole family, `rule`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from promproof.errors import InputError
from promproof.findings import proofids
from promproof.findings.kind import KINDS


def matches(pattern: str, rule: str) -> bool:
    """Whether an id, a family or a pattern with `*` names a kind."""
    return rule == pattern or rule.startswith(f"{pattern.rstrip('/*')}/") or fnmatchcase(rule, pattern)


def unknown(pattern: str) -> str:
    """What is wrong with an id, a family or a pattern that names no kind; empty when it names one."""
    names = (*KINDS.names(), *proofids.TITLES)
    if any(matches(pattern, name) for name in names):
        return ""
    near = get_close_matches(pattern, names, n=1)
    return f"no kind of finding is called {pattern!r}" + (f"; did you mean {near[0]}?" if near else "")


def wanted(patterns: Iterable[str], where: str) -> Callable[[str], bool]:
    """Says of a kind whether it is asked for; all are where there are no patterns.

    Raises:
        InputError: a pattern names no kind.
    """
    asked = tuple(patterns)
    for pattern in asked:
        if wrong := unknown(pattern):
            raise InputError(
                what=wrong,
                where=where,
                expected="an id, rule/quantile-out-of-range say, or a family, rule say",
                todo="promproof explain lists them all",
            )
    return lambda rule: not asked or any(matches(pattern, rule) for pattern in asked)
