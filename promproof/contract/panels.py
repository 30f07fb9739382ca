"""What a contract says of dashboards: each panel with its unit, its alert, and the truth of its numbers.

A panel's truth names where the number comes from (ledger, database, operating system) and how it is composed; it
never is PromQL. A panel without a truth is still checked for everything else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from promproof.contract.texts import Pattern
from promproof.grafana.dashboard import slug

Names = Annotated[tuple[str, ...], Field(strict=False)]


class PanelModel(BaseModel):
    """Strict and frozen, as all of the contract."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Counted(PanelModel):
    """Events of a documented counter or histogram, selected by label patterns and grouped by labels."""

    metric: str
    by: Names = ()
    where: dict[str, Pattern] = Field(default_factory=dict)
    """Label name to a regular expression that its value matches in full."""


class RateTruth(Counted):
    """Events per second."""

    kind: Literal["rate"]


class IncreaseTruth(Counted):
    """Events in the panel's range."""

    kind: Literal["increase"]


class RatioTruth(Counted):
    """The share of events whose labels match `part`; `complement` turns it into the rest."""

    kind: Literal["ratio"]
    part: dict[str, Pattern] = Field(min_length=1)
    complement: bool = False


class QuantileTruth(Counted):
    """Quantiles of durations, one for each target of the panel in order; as wide as the bucket."""

    kind: Literal["quantile"]
    quantiles: tuple[float, ...] = Field(strict=False, min_length=1)


class RowsPanelTruth(PanelModel):
    """A figure of rows in the target's database.

    `query` gives three columns for each event: the label's value, when it ended (UTC text or a time), and the figure.
    rows_mean: the mean of the events in a window; rows_total: their sum in the panel's range.
    """

    kind: Literal["rows_mean", "rows_total"]
    label: str
    query: str
    figure_is_duration: bool = False
    """Whether the figure is how long the event took (s): its request then took at least as long."""
    counter: str
    """The documented counter of the same events, whose scrapes tell what a window can hold."""


class MachineTruth(PanelModel):
    """A figure of the kernel for the machine, read from /proc and statvfs while the run lasts."""

    kind: Literal["machine"]
    figure: Literal[
        "cpu_used", "memory_used", "disk_used", "cpu_modes", "memory_bytes", "disk_bytes", "network_bytes"
    ]


class ProcessPanelTruth(PanelModel):
    """A figure of the kernel for the target's process."""

    kind: Literal["process"]
    figure: Literal["cpu_cores", "resident_bytes", "open_descriptors", "uptime"]


PanelTruth = Annotated[
    RateTruth
    | IncreaseTruth
    | RatioTruth
    | QuantileTruth
    | RowsPanelTruth
    | MachineTruth
    | ProcessPanelTruth,
    Field(discriminator="kind"),
]


class PanelClaim(PanelModel):
    """One documented panel. `alert`: it shows that alert's quantity; `complement`: one minus it."""

    title: str
    unit: str
    alert: str | None = None
    complement: bool = False
    fixed_window: bool = False
    """Whether its window is fixed on purpose, although it carries no alert: it may be sampled."""
    truth: PanelTruth | None = None

    @property
    def slug(self) -> str:
        """The title as claim ids have it."""
        return slug(self.title)


class DashboardClaim(PanelModel):
    """One documented dashboard."""

    title: str
    uid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    panels: tuple[PanelClaim, ...] = Field(strict=False, min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> DashboardClaim:
        slugs = [panel.slug for panel in self.panels]
        twice = sorted({one for one in slugs if slugs.count(one) > 1})
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
