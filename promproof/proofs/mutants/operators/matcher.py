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
    """Whether each alternative of a pattern takes any end already: `a.*|b.+`, `(a.*|b.+)`, `.*(a|b).*`."""
    alternatives: list[list[str]] = [[]]
    tokens = _TOKENS.findall(pattern)
    depth, closed = 0, 0
    for place, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")
        if token == ")" and depth == 0 and not closed:
            closed = place
        if token == "|" and depth == 0:
            alternatives.append([])
        else:
            alternatives[-1].append(token)
    if tokens[:1] == ["("] and closed == len(tokens) - 1:
        inner = "".join(tokens[1:-1])
        return _takes_any_end(inner.removeprefix("?:"))
    return all(found[-2:] in ([".", "*"], [".", "+"]) for found in alternatives)
