"""An aggregation that keeps a label too few or one too many."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.proofs.mutants.base import Change, Subject, edited, register, removed

ADDED = ("instance", "job")


@register("grouping")
def make(subject: Subject) -> Iterator[Change]:
    """Each label of by and without dropped, and one added."""
    for node in subject.tree.walk():
        if node.kind != "aggregate" or not node.modifier:
            continue
        names = [name for name, _ in node.labels]
        for name, span in node.labels:
            killer = f"two series that differ in {name} only, one of them beyond the threshold"
            place = removed(subject.expression, span)
            yield from edited(
                subject, place, "", f"{node.modifier} ({', '.join(names)}): {name} dropped", killer
            )
        for added in ADDED:
            if added not in names:
                text = f"({', '.join([*names, added])})"
                killer = f"two values of {added} that are beyond the threshold together only"
                yield from edited(
                    subject,
                    node.labels_span,
                    text,
                    f"{node.modifier} ({', '.join(names)}): {added} added",
                    killer,
                )
                break
