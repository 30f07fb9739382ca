"""What a contract says of dashboards: each panel with its unit, its alert, and the truth of its numbers.

A panel's truth names where the number comes from (ledger, database, operating system) and how it is composed; it
never is PromQL. A panel without a truth is still checked for everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, WrapValidator, model_validator

from promproof.grafana.dashboard import slug
from promproof.registry import Registry

if TYPE_CHECKING:
    from promproof.contract.model import Contract

Names = Annotated[tuple[str, ...], Field(strict=False)]


class PanelModel(BaseModel):
    """Strict and frozen, as all of the contract."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class PanelTruth(PanelModel):
    """What the numbers of a panel should be; the kinds are in `promproof/truth/`, one file each, and register there."""

    kind: str

    def misfit(self, contract: Contract) -> str:
        """Why the contract can't tell this truth, in words; empty when it can."""
        return ""


PANEL_TRUTHS: Registry[type[PanelTruth]] = Registry("panel truth", "promproof.truth")
"""The model of every kind of panel truth, by the name that a contract has in `kind`."""


def kinds(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The registered kinds of panel truth, for the model that stands for any; nothing for another."""
    return list(PANEL_TRUTHS) if model is PanelTruth else []


def _read(value: Any, handler: Callable[[Any], PanelTruth]) -> PanelTruth:
    """Validate with the model of the kind that is named."""
    if isinstance(value, PanelTruth) or not isinstance(value, dict):
        return value if isinstance(value, PanelTruth) else handler(value)
    known = sorted(PANEL_TRUTHS.names())
    if value.get("kind") not in known:
        raise ValueError(f"kind must be one of {', '.join(known)}")
    return PANEL_TRUTHS.get(value["kind"]).model_validate(value)


AnyPanelTruth = Annotated[SerializeAsAny[PanelTruth], WrapValidator(_read)]
"""A truth of any kind that is registered."""


Departure = Literal[
    "time",
    "step",
    "no_value",
    "mappings",
    "overrides",
    "transformations",
    "stacking",
    "axis",
    "gaps",
    "rounding",
    "names",
    "reduction",
    "choice",
]


class PanelClaim(PanelModel):
    """One documented panel. `alert`: it shows that alert's quantity; `complement`: one minus it."""

    title: str
    unit: str | None = None
    alert: str | None = None
    complement: bool = False
    shows: Literal["queries", "alerts"] = "queries"
    """`alerts`: a list of alerts, which asks no query."""
    fixed_window: bool = False
    """Whether its window is fixed on purpose, although it carries no alert: it may be sampled."""
    quiet: bool = False
    """Whether it may be empty: nothing in the traffic of the run causes what it shows."""
    legends: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """A word that the legend of each query has, in their order: `used`, `available`."""
    departs: Annotated[tuple[Departure, ...], Field(strict=False)] = ()
    """How it shows, on purpose, something else than its queries give; of a dashboard that is `plain`."""
    truth: AnyPanelTruth | None = None
    like: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """For each query the plainest one that gives what it has to give, where no truth says it; W is its window."""

    @property
    def slug(self) -> str:
        """The title as claim ids have it."""
        return slug(self.title)


class DashboardClaim(PanelModel):
    """One documented dashboard.

    described: each panel says what it shows; unfolded: none is in a closed row; plain: none shows other times,
    values or series than its queries give, and it opens with all of the newest.

    Without a list of panels those of the file are judged as ones that nobody promised.
    """

    title: str = ""
    uid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    panels: tuple[PanelClaim, ...] = Field(default=(), strict=False)
    described: bool = False
    unfolded: bool = False
    plain: bool = False

    @model_validator(mode="after")
    def _unique(self) -> DashboardClaim:
        slugs = [panel.slug for panel in self.panels]
        twice = sorted({name for name in slugs if slugs.count(name) > 1})
        if twice:
            raise ValueError(f"panel named twice: {', '.join(twice)}")
        return self

    def panel(self, wanted: str) -> PanelClaim:
        """The panel of this slug; KeyError when there is none."""
        for panel in self.panels:
            if panel.slug == wanted:
                return panel
        raise KeyError(wanted)


Dashboards = Annotated[tuple[DashboardClaim, ...], Field(strict=False)]


class RowsSumTruth(PanelModel):
    """A counter that adds a column up: SQL gives the label's value and the sum of its rows, two columns."""

    kind: Literal["rows_sum"]
    subject: str
    query: str
    within: tuple[str, ...] = Field(default=(), strict=False)
    """`METHOD PATH` of the requests that a time is spent in: it is no longer than they took, no shorter than their
    floors, which are those of ids that live on.
    """
