"""A matcher that is dropped, or that takes more than it should."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register, removed
from promproof.proofs.mutants.syntax import Matcher

_OPEN = re.compile(r"\((?:{0}\|)*{0}\)|(?:{0}\|)*{0}".format(r"[^()|]*(?<!\\)\.[*+]"))
"""Patterns each of whose alternatives takes any end already."""


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
    if matcher.operator == "=~" and value and not _OPEN.fullmatch(value):
        return f"=~{quote}(?:{value}).*{quote}"
    return ""
