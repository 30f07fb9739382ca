"""`for` twice as long, half as long, and gone."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.config.durations import format_milliseconds
from promproof.proofs.mutants.base import Change, Subject, register, times


@register("for")
def make(subject: Subject) -> Iterator[Change]:
    """A rule without `for` has none of these."""
    held = str(subject.data.get("for") or "0")
    try:
        before = times(held, 1)
    except ValueError:
        return
    if not before or not subject.is_alert:
        return
    for after in (before * 2, before // 2):
        text = format_milliseconds(after)
        yield Change(
            f"for {held} -> {text}",
            {**subject.data, "for": text},
            f"a case between {format_milliseconds(min(before, after))} and "
            f"{format_milliseconds(max(before, after))} after the cause began",
        )
    without = {key: value for key, value in subject.data.items() if key != "for"}
    yield Change(
        f"for {held} -> none", without, f"a silent case before {held} have passed since the cause began"
    )
