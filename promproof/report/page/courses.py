"""The course of a load session: what callers felt and what the generator did, as curves over one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Picture:
    """One chart and its legend: names in the order of their colours."""

    title: str
    chart: Markup
    names: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table of texts; the first column is the row's name."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Course:
    """A load session. generator: how well it kept its promise, in one line; reasons: why the session is invalid."""

    headline: str
    generator: str
    reasons: Sequence[str]
    pictures: Sequence[Picture]
    tables: Sequence[Table]
