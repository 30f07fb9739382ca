"""A matcher that is dropped, or that takes more than it should."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register, removed
from promproof.proofs.mutants.syntax import Matcher

_TOKENS = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|.", re.DOTALL)


@register("matcher")
def make(subject: Subject) -> Iterator[Change]:
    """Each matcher dropped, and each that wants a value widened to all values that begin with it."""
    for node in subject.tree.walk():
        for matcher in node.matchers:
            shown = f"{matcher.name}{matcher.operator}{matcher.value}"
            killer = (
                f"a series of {node.word or 'the selector'} that {shown} leaves out, beyond the threshold"
            )
            dropped = removed(subject.expression, matcher.span)
            yield from edited(subject, dropped, "", f"matcher {shown} dropped", killer)
            wider = _wider(matcher)
            if wider:
                yield from edited(
                    subject,
                    matcher.span,
                    matcher.name + wider,
                    f"matcher {shown} -> {matcher.name}{wider}",
                    killer,
                )


def _wider(matcher: Matcher) -> str:
    quote, value = matcher.value[0], matcher.value[1:-1]
    if matcher.operator == "=" and value and value.replace("_", "").replace("-", "").isalnum():
        return f"=~{quote}{value}.*{quote}"
    pattern = value if quote == "`" else value.replace("\\\\", "\\")
    if matcher.operator == "=~" and value and not _takes_any_end(pattern):
        return f"=~{quote}(?:{value}).*{quote}"
    return ""


def _takes_any_end(pattern: str) -> bool:
    """Whether each alternative of a pattern takes any end already: `a.*|b.+`, `x(a.*|b.+)`, `.*(a|b).*`."""
    return _are_open(_TOKENS.findall(pattern))


def _are_open(tokens: list[str]) -> bool:
    alternatives: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if token == "|" and depth == 0:
            alternatives.append([])
        else:
            alternatives[-1].append(token)
    return all(map(_is_open, alternatives))


def _is_open(tokens: list[str]) -> bool:
    """Whether a pattern without alternatives takes any end: it ends so itself, or in a group that does."""
    if tokens[-2:] in ([".", "*"], [".", "+"]):
        return True
    if tokens[-1:] != [")"]:
        return False
    depth = 0
    for place in range(len(tokens) - 1, -1, -1):
        depth += (tokens[place] == ")") - (tokens[place] == "(")
        if depth == 0:
            inner = tokens[place + 1 : -1]
            if inner[:2] == ["?", ":"]:
                inner = inner[2:]
            return inner[:1] != ["?"] and _are_open(inner)
    return False
