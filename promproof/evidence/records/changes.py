"""Readings of which each is written as what differs from the one before: most figures of a machine stand still."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
MARK = "changes"
"""The key that says so: readings of a history without it are whole."""


def differences(rows: Iterable[Row], always: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """What is other in each row than in the one before; of an object the keys, None for one that is gone.

    always: what is in each row. The first row is whole.
    """
    before: Row = {}
    for row in rows:
        made = {key: row[key] for key in always}
        for key in (*row, *(key for key in before if key not in row)):
            old, new = before.get(key), row.get(key)
            if key in always or old == new:
                continue
            made[key] = _inner(old, new) if isinstance(old, Mapping) and isinstance(new, Mapping) else new
        yield made
        before = row


def whole(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """The rows that `differences` was given."""
    before: dict[str, Any] = {}
    for row in rows:
        made = dict(before)
        for key, new in row.items():
            old = before.get(key)
            made[key] = (
                _without_gone({**old, **new}) if isinstance(old, dict) and isinstance(new, dict) else new
            )
        before = _without_gone(made)
        yield before


def _inner(old: Row, new: Row) -> dict[str, Any]:
    found = {key: value for key, value in new.items() if key not in old or old[key] != value}
    return found | {key: None for key in old if key not in new}


def _without_gone(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}
