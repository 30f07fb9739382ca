"""What a scenario file may hold, key by key. How sessions arrive is in `arrival/`, a file for each model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Discriminator, Field, JsonValue, Tag

from promproof.load.arrival.kind import AnyArrival, Stage
from promproof.load.fields import (
    AnswerPath,
    AnyCondition,
    Duration,
    Identifier,
    RequestLine,
    Scalar,
    Share,
    Status,
    Strict,
)


class Tally(Strict):
    """An event that the request causes, once per execution, under labels the service uses as well."""

    name: Annotated[str, Field(min_length=1, description="what is counted, prompt_executions say")]
    labels: dict[str, str] = Field(
        default={},
        description="constants, {placeholders}, $.field of the response, or @.field of an item of each",
    )
    each: AnswerPath | None = Field(
        default=None, description="a list in the response: one tally for each of its items"
    )
    statuses: list[Status] | None = Field(
        default=None, description="only on these statuses; those of expect by default"
    )
    at_most: Annotated[int, Field(ge=1)] = Field(
        default=1, description="how often it can happen in one request"
    )
    not_before: Duration = Field(
        default=0.0, description="the target counts it so long after the request was sent at the earliest"
    )


class Request(Strict):
    """One request, what is right as an answer to it, and what follows from it."""

    request: RequestLine = Field(
        description="method and path; the path with its {placeholders} is the endpoint in the ledger"
    )
    method: str | None = Field(
        default=None, description="the method as the target labels it, when it differs"
    )
    endpoint: str | None = Field(
        default=None, description="the endpoint as the target labels it, when it differs"
    )
    query: dict[str, Scalar] = Field(default={})
    body: JsonValue = Field(default=None, alias="json")
    text: str | None = Field(default=None, description="a body as it stands, in place of json; may be empty")
    body_after: Duration = Field(
        default=0.0,
        description="the body is sent so long after the target has asked for it (Expect: 100-continue)",
    )
    headers: dict[str, str] = Field(default={})
    chunked: bool = Field(
        default=False, description="true: the body comes in chunks, its length is not told before"
    )
    http: Literal["1.0", "1.1"] = Field(default="1.1", description="the version that the request speaks")
    user: str | None = Field(
        default=None,
        description="on whose behalf, in place of the next of users; empty: the header is sent empty",
    )
    anonymous: bool = Field(default=False, description="true: without the header of users")
    expect: Annotated[list[Status], Field(min_length=1)] = Field(
        default=[200], description="statuses that are right"
    )
    counted: bool = Field(default=True, description="false: the target does not count this request")
    broken: Status | None = Field(
        default=None, description="the answer breaks off in the middle, and the target counts this status"
    )
    leave: Literal["after-send", "mid-stream", "half-header", "half-body"] | None = Field(
        default=None,
        description="the client disconnects: after sending, within the answer, or within its own header or body",
    )
    status: Status | None = Field(default=None, description="with leave: the status that the target counts")
    floor: Duration = Field(default=0.0, description="the target certainly spends so long")
    save: dict[Identifier, str] = Field(default={}, description="variable: field of the JSON response")
    tally: list[Tally] = Field(default=[])


class Step(Request):
    """A request of a session, repeated if wanted."""

    repeat: Annotated[int, Field(ge=1)] = 1


class Pause(Strict):
    """Time in which a session sends nothing."""

    pause: Duration


def _kind(step: object) -> str:
    return (
        "a pause" if isinstance(step, Pause) or (isinstance(step, dict) and "pause" in step) else "a request"
    )


AnyStep = Annotated[
    Annotated[Step, Tag("a request")] | Annotated[Pause, Tag("a pause")],
    Discriminator(_kind),
]


class Pool(Strict):
    """Things created once, before anything else, that sessions then share."""

    count: Annotated[int, Field(ge=1)]
    create: Request


class _Session(Strict):
    name: Annotated[str, Field(min_length=1)]
    draw: list[str] = Field(
        default=[], description="pools; the variables of one item of each are there for the steps"
    )
    assign: dict[Identifier, Scalar] = Field(default={}, alias="set", description="further variables")
    steps: Annotated[list[AnyStep], Field(min_length=1)]


class Session(_Session):
    """A part of the mix."""

    weight: Annotated[float, Field(ge=0, strict=False)] = 1.0


class Once(_Session):
    """A session that is run a set number of times, after the setup and before the arrivals."""

    times: Annotated[int, Field(ge=1)] = 1
    at_once: Annotated[int, Field(ge=1)] = Field(
        default=1, description="so many of the runs at the same time"
    )
    background: bool = Field(default=False, description="the next session of the list does not wait for it")
    through: bool = Field(
        default=False,
        description="in the background, and neither a session that is alone nor the arrivals wait for it",
    )
    alone: bool = Field(default=False, description="begins when the sessions in the background are over")
    stretched: bool = Field(
        default=False,
        description="takes place so many times as often as --stretch says, wave after wave: to be met by a scrape",
    )


class Users(Strict):
    """The users on whose behalf requests are sent, in turn, as a header."""

    header: Annotated[str, Field(min_length=1)]
    distinct: Annotated[int, Field(ge=1)]


class Limits(Strict):
    """What the generator itself may do before the run is invalid: its results would be its own."""

    lag: Duration = Field(default=0.1, description="99 % of the arrivals are sent at most so late")
    cpu: Share = Field(default=0.95, description="of one CPU, on average over the arrivals")


class Scenario(Strict):
    """Traffic as data."""

    scenario: Literal[1] = Field(description="version of the format")
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    seed: int = 0
    users: Users | None = None
    pools: dict[Identifier, Pool] = Field(default={})
    once: list[Once] = Field(default=[])
    mix: list[Session] = Field(default=[])
    arrival: AnyArrival | None = None
    duration: Duration | None = None
    max_requests: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="no session is started once so many requests have been sent"
    )
    timeout: Duration = Field(
        default=60.0, description="how long the client waits for a connection or for bytes"
    )
    drain: Duration = Field(
        default=10.0, description="how long open requests may take after the last arrival"
    )
    conditions: list[AnyCondition] = Field(
        default=[],
        alias="pass",
        description="what must be true of the run; without any, that every answer was an expected one",
    )
    knee: list[AnyCondition] = Field(
        default=[],
        description="judged stage by stage; the first stage that breaks one ends the run and bounds the knee",
    )
    generator: Limits = Limits()

    @property
    def stages(self) -> Sequence[Stage]:
        """The stages of the arrivals; none for one rate or one number of users."""
        return self.arrival.stages if self.arrival is not None else ()

    @property
    def seconds(self) -> float | None:
        """How long the arrivals last; None for as long as max_requests takes."""
        return sum(stage.seconds for stage in self.stages) if self.stages else self.duration

    def sessions(self) -> Iterator[tuple[tuple[str, int], Session | Once]]:
        """Every session with the key of its place in the file."""
        for position, once in enumerate(self.once):
            yield ("once", position), once
        for position, session in enumerate(self.mix):
            yield ("mix", position), session

    def requests(self) -> Iterator[Request]:
        """Every request that the scenario can send."""
        for pool in self.pools.values():
            yield pool.create
        for _, session in self.sessions():
            for step in session.steps:
                if isinstance(step, Step):
                    yield step
