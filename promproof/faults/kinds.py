"""The kinds of faults as drill files name them. Each has an undo: built-in ones bring their own, those for other
people's targets must name it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from promproof.contract.model import Model
from promproof.contract.texts import Duration

Share = Annotated[float, Field(gt=0, lt=1)]
Words = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class Dosed(Model):
    """An exact share of the requests on some routes, decided by the target's fault port."""

    kind: Literal["errors", "slow", "failed_executions"]
    routes: Words
    status: int = Field(default=503, ge=500, le=599)
    delay: Duration | None = None
    marks: dict[str, str] = Field(default_factory=dict)
    """Labels of the events that the fault makes, where the alert's metric counts a tally: `{status: failed}`."""

    @model_validator(mode="after")
    def _fits(self) -> Dosed:
        if (self.kind == "failed_executions") != bool(self.marks):
            raise ValueError("marks belong to the fault 'failed_executions', which needs them")
        if (self.kind == "slow") != (self.delay is not None):
            raise ValueError("a delay belongs to the fault 'slow', and 'slow' needs one")
        return self


class Resource(Model):
    """An exact share of CPU time or memory, told to a real Node Exporter by a proc folder."""

    kind: Literal["cpu", "memory"]
    cpus: int = Field(default=4, ge=2)
    """At least two, unequally loaded, so that a wrong aggregation shows."""


class TargetState(Model):
    """Something that is done to the target as a whole, or to what Prometheus knows of it."""

    kind: Literal["killed", "hanging", "failing_scrapes", "undiscovered"]


class HttpCall(Model):
    """One request; `{dose}` in its URL and body is the dose."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str = Field(pattern=r"^https?://")
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    expect: Annotated[tuple[int, ...], Field(strict=False, min_length=1)] = (200, 201, 202, 204)


class HttpFault(Model):
    """A fault of somebody else's target that is switched by HTTP calls."""

    kind: Literal["http"]
    apply: HttpCall
    undo: HttpCall


class CommandFault(Model):
    """A fault that a command makes and another one takes back; run without a shell, `{dose}` is the dose."""

    kind: Literal["command"]
    apply: Words
    undo: Words


class SignalFault(Model):
    """A signal to the process that listens on a loopback port or is named in a pid file, and the one that undoes it."""

    kind: Literal["signal"]
    port: int | None = Field(default=None, ge=1, le=65535)
    pid_file: str | None = None
    apply: Literal["STOP", "USR1", "USR2", "HUP"]
    undo: Literal["CONT", "USR1", "USR2", "HUP"]

    @model_validator(mode="after")
    def _one(self) -> SignalFault:
        if (self.port is None) == (self.pid_file is None):
            raise ValueError("name the process by port or by pid_file, one of them")
        return self


class ContainerFault(Model):
    """An action of the container engine, and the one that undoes it."""

    kind: Literal["container"]
    container: str
    apply: Literal["pause", "stop", "kill"]
    undo: Literal["unpause", "start"]

    @model_validator(mode="after")
    def _fits(self) -> ContainerFault:
        if (self.apply == "pause") != (self.undo == "unpause"):
            raise ValueError(f"{self.undo!r} does not undo {self.apply!r}")
        return self


Foreign = HttpFault | CommandFault | SignalFault | ContainerFault
Fault = Annotated[Dosed | Resource | TargetState | Foreign, Field(discriminator="kind")]
