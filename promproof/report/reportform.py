"""The form of report.json, for whoever reads it: its keys, their types, and the JSON schema that is published.

The number `report` grows when a key goes away or means something else; new keys may come at any time.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

OutcomeText = Literal["pass", "fail", "unknown", "not verified"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class VerdictForm(_Form):
    """One judgement of one claim."""

    claim: str = Field(description="its id, which is public: metric/http_requests_total/exact")
    outcome: OutcomeText
    reason: str = Field(description="what was seen")
    expected: str = Field(description="what was promised")
    observed: str
    tolerance: str = Field(description="with its formula")
    evidence: list[int] = Field(description="record numbers of history.jsonl")
    time_scale: float = Field(description="by which every duration was shortened")
    symptom: bool = Field(description="unknown for the trouble that broke the run off, and for nothing else")


class CauseForm(_Form):
    """Claims that are red for one reason; each red claim is in exactly one."""

    kind: str = Field(description="the rule that knows the cause; claim or unknown where none does")
    title: str
    outcome: Literal["fail", "unknown"]
    where: str = Field(description="file:line; empty where no file is to blame")
    todo: str
    look: str = Field(description="a command that shows it")
    again: str = Field(description="a command that runs only this")
    causes: list[str] = Field(description="ids of the claims that say the cause")
    symptoms: list[str] = Field(description="ids of the claims that are red because of it")


class PhaseForm(_Form):
    """A phase of the run; seconds from its begin."""

    name: str
    begin: float
    seconds: float


class ReportForm(_Form):
    """What a run of promproof verify, drill or judge found."""

    report: Literal[1] = Field(description="the version of this form")
    run: dict[str, Any] = Field(description="what identifies the run: its id, and what belongs to it alone")
    cause: str | None = Field(description="what broke the run off, in one line")
    trouble: str | None = Field(description="the same with its details")
    interrupted: bool
    doubt: str | None = Field(description="why the run proves less than it should")
    tracebacks: int = Field(description="exceptions of the harness itself")
    exit_status: Literal[0, 1, 2, 4]
    counts: dict[OutcomeText, int]
    unknown_for_the_cause: int
    causes: list[CauseForm]
    phases: list[PhaseForm]
    verdicts: list[VerdictForm]


FORM = TypeAdapter(ReportForm)


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **FORM.json_schema()}
