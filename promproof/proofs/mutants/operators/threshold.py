"""A threshold that is a little off: 1 % lower and higher, or 1 for a small whole number, and twice as high."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from promproof.proofs.mutants.base import Change, Subject, edited, register
from promproof.proofs.mutants.syntax import COMPARISONS, literal

_SMALL = 100  # below it 1 % is less than the smallest step of a whole number


@register("threshold")
def make(subject: Subject) -> Iterator[Change]:
    """Every number that something is compared with; twice 0 is 0 and not made."""
    for node in subject.tree.walk():
        if node.kind != "binary" or node.word not in COMPARISONS:
            continue
        sides = [literal(child) for child in node.children]
        if all(sides):
            continue
        for number in filter(None, sides):
            try:
                before = Decimal(number.word)
            except InvalidOperation:
                continue
            if not before.is_finite():
                continue
            is_whole = before == before.to_integral_value()
            step = Decimal(1) if is_whole and abs(before) < _SMALL else abs(before) / 100
            for after in (before - step, before + step, before * 2):
                text = f"{after.normalize():f}"
                shown = f"({text})" if after < 0 else text
                killer = f"a value between {min(before, after).normalize():f} and {max(before, after).normalize():f}"
                yield from edited(
                    subject,
                    number.span,
                    shown,
                    f"threshold {number.word} -> {text}",
                    killer + ", held past `for`",
                )
