"""Where the expected value of a metric comes from: the ledger, the database, the kernel, or nowhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from promproof.contract.labels import (
    ConstantTruth,
    DurationsTruth,
    Limit,
    Model,
    Names,
    OpenRequestsTruth,
    RequestsTruth,
)
from promproof.contract.panels import RowsSumTruth
from promproof.contract.texts import Duration


class TallyTruth(Model):
    """Events that the scenario counts by name and labels (executions by prompt and outcome)."""

    kind: Literal["tally"]
    tally: str
    born_at_zero: dict[str, Names] = Field(default_factory=dict)
    """Label values that exist at 0 for each known id before the first event, e.g. `status: [success, failed]`."""
    subject: str
    """The label that carries the id whose series are born and die with it, e.g. `prompt_id`."""
    ids: str
    """SQL that lists the ids alive in the target's database, one column."""
    limit: Limit | None = None


class UsersTruth(Model):
    """Distinct users of the ledger inside a sliding window."""

    kind: Literal["distinct_users"]
    window: Duration


class RowsTruth(Model):
    """Rows in the target's own database, asked with SQL."""

    kind: Literal["rows"]
    query: str
    created: str = ""
    """The tally of a row's birth, `prompts_created` say: then each scrape is judged, not the one at rest alone."""
    deleted: str = ""


class ProcessTruth(Model):
    """A figure of the kernel for the target's process."""

    kind: Literal["process"]
    figure: Literal["cpu_seconds", "resident_bytes", "open_descriptors"]


class NoTruth(Model):
    """Nothing says what the metric should read: its form and its movement are judged, and no number."""

    kind: Literal["none"] = "none"


class RestTruth(Model):
    """A gauge that reads at rest what it read before the traffic; nothing says what it reads meanwhile."""

    kind: Literal["rest"]


Truth = Annotated[
    NoTruth
    | RestTruth
    | RequestsTruth
    | DurationsTruth
    | OpenRequestsTruth
    | TallyTruth
    | UsersTruth
    | RowsTruth
    | RowsSumTruth
    | ProcessTruth
    | ConstantTruth,
    Field(discriminator="kind"),
]
