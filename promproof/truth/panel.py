"""What a kind of panel truth is: its keys in the contract, the bounds of each point, and how it is told.

Each kind is one file that registers its model by the name in `kind`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import Field

from promproof.config.promql_durations import windows
from promproof.contract.panels import PANEL_TRUTHS, PanelTruth
from promproof.evidence.evidence import Evidence, Gap
from promproof.exposition import Labels
from promproof.registry import names_in
from promproof.truth.metrics import Interval
from promproof.truth.views import Answered, Views

Names = Annotated[tuple[str, ...], Field(strict=False)]
Bounds = dict[Labels, Interval | None]
"""Expected values by group; None where the truth leaves it open. A group that is not there must be absent or 0."""
AtPoint = Callable[[float], Bounds]


class Truth(PanelTruth):
    """A truth that panels can be judged by."""

    tolerance: ClassVar[str]
    """What the width of the bounds comes from, in words."""
    of_target: ClassVar[bool] = True
    """Whether only series of the target belong to it."""
    of_instances: ClassVar[bool] = False
    """Whether it is known of several instances of a service, and not of the first alone."""
    unmoved: ClassVar[str] = ""
    """Why nothing but zeros says nothing of the panel here; empty where the scenario should have moved it."""

    def beyond(self, evidence: Evidence) -> str:
        """Why this run cannot know the truth; empty when it can."""
        return ""

    @abstractmethod
    def bounds(self, views: Views, answer: Answered, ordinal: int, subject: str) -> AtPoint:
        """The expected bounds of an answer at a point in time.

        ordinal: which of the panel's queries it is. subject: `uid/slug` of the panel.

        Raises:
            Gap: evidence of the truth is missing.
        """

    def by_instance(self) -> Self:
        """The same for a query that keeps the instances apart."""
        return self

    @abstractmethod
    def key(self, labels: Labels) -> Labels:
        """The part of a series' labels by which the truth tells groups apart."""

    @property
    def complete(self) -> bool:
        """Whether every group of the truth must be drawn."""
        return True

    @property
    @abstractmethod
    def about(self) -> str:
        """What it is the truth of and where that is known, in words."""


TruthT = TypeVar("TruthT", bound=Truth)


def register(model: type[TruthT]) -> type[TruthT]:
    """Let contracts name this kind: a class decorator. Its names are the values that `kind` can have.

    Raises:
        ValueError: `kind` is no Literal, or a name is taken.
    """
    for name in names_in(model, "kind"):
        PANEL_TRUTHS.add(name, model)
    return model


def window_of(answer: Answered) -> float:
    """The shortest window of an expanded query in seconds.

    Raises:
        Gap: it has none, or does not parse.
    """
    try:
        found = windows(answer.expanded)
    except ValueError as error:
        raise Gap(f"{answer.target.path}: cannot be parsed: {error}") from error
    if not found:
        raise Gap(f"{answer.target.path}: the query has no window")
    return min(found) / 1000
