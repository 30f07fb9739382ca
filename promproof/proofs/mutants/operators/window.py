"""A window twice as long, of an alert or of a recording rule."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.config.durations import format_milliseconds
from promproof.proofs.mutants.base import Change, Subject, edited, register, times


@register("window")
def make(subject: Subject) -> Iterator[Change]:
    """Every range and every subquery."""
    for node in subject.tree.walk():
        for span in node.windows:
            before = subject.expression[slice(*span)]
            try:
                after = format_milliseconds(times(before, 2))
            except ValueError:
                continue
            killer = f"a cause that began or ended between {before} and {after} before the case"
            yield from edited(subject, span, after, f"window {before} -> {after}", killer)
