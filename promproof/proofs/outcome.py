"""An alert and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from promproof.proofs.questions import Course, Question

if TYPE_CHECKING:  # who reads outcomes of earlier runs plans nothing
    from promproof.proofs.plan import Plan
    from promproof.proofs.timeline import Timeline

PROVEN, CONTRADICTED, DEAD, OPEN = "proven", "contradicted", "dead", "not covered"


@dataclass(frozen=True)
class Alert:
    """An alerting rule as it stands in its file. hold: its `for`, in seconds.

    every, limit, offset: how often its group is evaluated (None: not known), its limit of alerts, and query_offset, or
    the longer one of a recording rule that it reads (None: nobody says any).
    bounded: the recording rules that it reads and whose group has a limit, each with it.
    """

    name: str
    expression: str
    hold: float
    data: Mapping[str, Any]
    group: str = ""
    where: str = ""
    every: float | None = None
    limit: int = 0
    offset: float | None = None
    bounded: tuple[tuple[str, int], ...] = ()


Staged: TypeAlias = "tuple[Question, Timeline, Course]"
"""Series from cause to healing, when they change, and what promtool saw."""


@dataclass
class Outcome:
    """What is known of an alert. compared: what was separated, as text.

    test: the series that show what is wrong with it, as a file for promtool that lacks `rule_files`.
    """

    alert: Alert
    verdict: str
    flips: str = "-"
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    plan: Plan | None = None
    course: Course | None = None
    staged: tuple[Question, Timeline] | None = None
    compared: list[str] = field(default_factory=list)
    test: str = ""
    moved: tuple[Alert, int] | None = None
    """The alert as it stands, where it was asked with its dates moved, and by how many days."""
