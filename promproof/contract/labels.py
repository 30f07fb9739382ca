"""Where the labels of a metric come from: what the ledger knows of a request, a constant, or nothing that is known.

A ledger knows a request by method, route and status. Libraries write them under names and in spellings of their own
(`handler`, `code="2xx"`, `method="get"`); a contract says for each label which of the three it is.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from promproof.contract.texts import Pattern

Names = Annotated[tuple[str, ...], Field(strict=False)]
Source = Literal["method", "route", "status", "status_class", "constant", "anything"]
"""`status_class` is `2xx`; `anything` is known to nobody: its series are added up."""
Known = Literal["method", "route", "status"]
"""What the ledger knows of a request."""


class Model(BaseModel):
    """Strict and frozen: a misspelt key is an error, a loaded contract does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Spoken(Model):
    """A model some of whose keys are words of Python: it is written out as it is read."""

    model_config = ConfigDict(serialize_by_alias=True)


class Label(Spoken):
    """A label: what its values may be (a list, a pattern that must match in full, or open), and where they come from.

    spelling: what the label says where that is not the ledger's word; an empty text is a label that is not there.
    """

    values: Names | None = None
    pattern: Pattern | None = None
    source: Source | None = Field(default=None, alias="from")
    case: Literal["lower", "upper"] | None = None
    spelling: dict[str, str] = Field(default_factory=dict, alias="as")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.source == "constant" and len(self.values or ()) != 1:
            raise ValueError("from: constant needs its one value in values")
        if (self.case or self.spelling) and self.source not in (
            None,
            "method",
            "route",
            "status",
            "status_class",
        ):
            raise ValueError(f"case and as say how a request is spelt; the label is from: {self.source}")
        return self

    def allows(self, value: str) -> bool:
        """Whether the documentation allows this value."""
        if self.values is not None and value in self.values:
            return True
        if self.pattern is not None:
            return re.fullmatch(self.pattern, value) is not None
        return self.values is None

    @property
    def may_lack(self) -> bool:
        """Whether a series may be without it."""
        return "" in self.spelling.values() or "" in (self.values or ())

    def spelt(self, value: str) -> str:
        """The label's value for what the ledger calls `value`."""
        if value in self.spelling:
            return self.spelling[value]
        match self.case:
            case "lower":
                return value.lower()
            case "upper":
                return value.upper()
        return value


class RequestTruth(Spoken):
    """A truth by request. method, endpoint, status: the labels that hold them where no label says where it is from.

    where, but_not: which requests the metric counts, by patterns that match in full (a status is `404`).
    scrapes: whether requests for the metrics themselves are among them. before_answer: whether the target counts a
    request, and stops its clock, before the last byte of the answer leaves; a middleware does so some time after.
    at_end: whether a request that is still under way is certainly not counted yet.
    """

    method: str = "method"
    endpoint: str = "endpoint"
    status: str = "status"
    where: dict[Known, Pattern] = Field(default_factory=dict)
    but_not: dict[Known, Pattern] = Field(default_factory=dict, alias="except")
    scrapes: bool = False
    before_answer: bool = False
    at_end: bool = False

    def source(self, name: str, label: Label) -> Source:
        """Where the values of a label come from."""
        if label.source is not None:
            return label.source
        named: dict[str, Source] = {self.status: "status", self.endpoint: "route", self.method: "method"}
        return named.get(name, "anything")

    def counts(self, method: str, route: str, status: str) -> bool:
        """Whether a request is one of those that the metric counts; a status that is not known yet may be one."""
        given: dict[Known, str] = {"method": method, "route": route, "status": status}
        told = {known: value for known, value in given.items() if value}
        wanted = all(_matches(self.where.get(known), value, absent=True) for known, value in told.items())
        unwanted = [_matches(pattern, given[known], absent=False) for known, pattern in self.but_not.items()]
        return wanted and not (unwanted and all(unwanted))

    @property
    def asks_status(self) -> bool:
        """Whether it depends on the status which requests are counted."""
        return "status" in self.where or "status" in self.but_not


class RequestsTruth(RequestTruth):
    """Finished requests: ledgers of all senders. Of a histogram or summary its count."""

    kind: Literal["requests"]
    unmatched: str = "unmatched"
    """The endpoint value of requests that no route matched."""


class DurationsTruth(RequestTruth):
    """Durations of finished requests: count exactly, buckets and sum between injected delay and client latency."""

    kind: Literal["durations"]


class OpenRequestsTruth(RequestTruth):
    """Requests in progress at an instant, by method and endpoint."""

    kind: Literal["open_requests"]


class Create(Model):
    """A request that makes one more id: POST with a body of JSON."""

    path: str = Field(pattern=r"^/")
    body: dict[str, Any] = Field(default_factory=dict, alias="json")


class Limit(Model):
    """How many ids have series of their own: a variable of the target's environment, and what a restart sets it to."""

    variable: str
    of: int = Field(gt=0)
    create: Create | None = None
    """Sent after that restart: what it makes is beyond the limit as well."""
    use: Create | None = None
    """Sent for each id that `create` made, `{id}` in its path: what it counts belongs to those that share a series."""
    delete: str = Field(default="", pattern=r"^(/.*\{id\}.*)?$")
    """Path of a DELETE of one of the first ids, `/shops/{id}`; what is then made by `create` gets the free place."""


class ConstantTruth(Model):
    """A value that never changes: 1 of an info metric."""

    kind: Literal["constant"]
    value: float = 1.0


def _matches(pattern: str | None, value: str, *, absent: bool) -> bool:
    return absent if pattern is None else re.fullmatch(pattern, value) is not None
