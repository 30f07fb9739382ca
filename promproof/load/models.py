"""What a scenario file may hold, key by key: strict models, since a mistyped key must not silently mean
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from promproof.config.durations import SHORT_PATTERN, parse_short
from promproof.load.conditions import EXAMPLES, Condition, parse_condition
from promproof.load.notation import RATE_PATTERN, SHARE_PATTERN, parse_edge_rate, parse_rate, parse_share


def _problem(text: str) -> PydanticCustomError:
    # the text is the whole message, without pydantic's prefix for a ValueError
    return PydanticCustomError("scenario", "{problem}", {"problem": text})


def _read_with(parse: Callable[[object], object]) -> BeforeValidator:
    def read(value: object) -> object:
        try:
            return parse(value)
        except ValueError as error:
            raise _problem(str(error)) from error

    return BeforeValidator(read)


def _like(pattern: str, expected: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):  # `$` alone lets a last newline pass
            raise _problem(f"expected {expected}")
        return value

    return AfterValidator(check)


_NAME = r"^[a-z_][a-z0-9_]*$"
_REQUEST = r"^[A-Z]+ /[^\s?#]*$"
_FIELD = r"^\$(\.[A-Za-z0-9_]+)+$"
Duration = Annotated[
    float,
    _read_with(parse_short),
    WithJsonSchema({"type": "string", "pattern": SHORT_PATTERN, "examples": ["300ms", "1.5s", "2m"]}),
]
Rate = Annotated[
    float,
    _read_with(parse_rate),
    WithJsonSchema({"type": "string", "pattern": RATE_PATTERN, "examples": ["130/s"]}),
]
EdgeRate = Annotated[
    float,
    _read_with(parse_edge_rate),
    WithJsonSchema({"type": "string", "pattern": RATE_PATTERN, "examples": ["0/s", "130/s"]}),
]
Share = Annotated[
    float,
    _read_with(parse_share),
    WithJsonSchema({"type": "string", "pattern": SHARE_PATTERN, "examples": ["95%"]}),
]
AnyCondition = Annotated[
    Condition,
    _read_with(parse_condition),
    WithJsonSchema({"type": "string", "examples": list(EXAMPLES)}),
]
Status = Annotated[int, Field(ge=100, le=599)]
Scalar = str | int | float | bool
Identifier = Annotated[
    str,
    _like(_NAME, "a name of small letters, digits and underscores"),
    WithJsonSchema({"type": "string", "pattern": _NAME}),
]
RequestLine = Annotated[
    str,
    _like(_REQUEST, "a method and a path without a query, such as GET /api/v1/prompts"),
    WithJsonSchema({"type": "string", "pattern": _REQUEST}),
]
AnswerPath = Annotated[
    str,
    _like(_FIELD, "a field of the response, such as $.steps"),
    WithJsonSchema({"type": "string", "pattern": _FIELD}),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Tally(_Strict):
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


class Request(_Strict):
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
    query: dict[str, Scalar] = {}
    body: JsonValue = Field(default=None, alias="json")
    headers: dict[str, str] = {}
    expect: Annotated[list[Status], Field(min_length=1)] = Field(
        default=[200], description="statuses that are right"
    )
    counted: bool = Field(default=True, description="false: the target does not count this request")
    broken: Status | None = Field(
        default=None, description="the answer breaks off in the middle, and the target counts this status"
    )
    leave: Literal["after-send", "mid-stream", "half-header"] | None = Field(
        default=None,
        description="the client disconnects: after sending, within the answer, or within its own header",
    )
    status: Status | None = Field(default=None, description="with leave: the status that the target counts")
    floor: Duration = Field(default=0.0, description="the target certainly spends so long")
    save: dict[Identifier, str] = Field(default={}, description="variable: field of the JSON response")
    tally: list[Tally] = []


class Step(Request):
    """A request of a session, repeated if wanted."""

    repeat: Annotated[int, Field(ge=1)] = 1


class Pause(_Strict):
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


class Pool(_Strict):
    """Things created once, before anything else, that sessions then share."""

    count: Annotated[int, Field(ge=1)]
    create: Request


class _Session(_Strict):
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
    alone: bool = Field(default=False, description="begins when the sessions in the background are over")
    stretched: bool = Field(
        default=False,
        description="takes place so many times as often as --stretch says, wave after wave: to be met by a scrape",
    )


class Users(_Strict):
    """The users on whose behalf requests are sent, in turn, as a header."""

    header: Annotated[str, Field(min_length=1)]
    distinct: Annotated[int, Field(ge=1)]


class _Stage(_Strict):
    name: str | None = Field(default=None, description="its name in results; its number by default")
    seconds: Duration = Field(alias="for", description="how long it lasts")


class RateStage(_Stage):
    """A part of the arrivals: at one rate, or from one rate to another in a straight line."""

    rate: EdgeRate | None = None
    begin: EdgeRate | None = Field(default=None, alias="from")
    end: EdgeRate | None = Field(default=None, alias="to")

    @property
    def edges(self) -> tuple[float, float]:
        """Arrivals per second at its begin and at its end."""
        return (self.begin or 0.0, self.end or 0.0) if self.rate is None else (self.rate, self.rate)


class UserStage(_Stage):
    """A part of the closed model: with so many users, or from one number to another in a straight line."""

    users: Annotated[int, Field(ge=0)] | None = None
    begin: Annotated[int, Field(ge=0)] | None = Field(default=None, alias="from")
    end: Annotated[int, Field(ge=0)] | None = Field(default=None, alias="to")

    @property
    def edges(self) -> tuple[int, int]:
        """Users at its begin and at its end."""
        return (self.begin or 0, self.end or 0) if self.users is None else (self.users, self.users)


class Open(_Strict):
    """Sessions arrive at a rate, whatever the target does."""

    model: Literal["open"]
    rate: Rate | None = Field(default=None, description="arrivals, for the whole duration")
    stages: list[RateStage] = Field(default=[], description="instead of rate and duration")
    spacing: Literal["even", "poisson"] = Field(
        default="even", description="gaps between arrivals: all alike, or random as of independent callers"
    )
    limit: Annotated[int, Field(ge=1)] = Field(
        default=500,
        description="sessions under way at most; an arrival beyond that is missed, and counted as missed",
    )


class Closed(_Strict):
    """A number of users, each of whom runs one session after the other."""

    model: Literal["closed"]
    users: Annotated[int, Field(ge=1)] | None = Field(default=None, description="for the whole duration")
    stages: list[UserStage] = Field(default=[], description="instead of users and duration")
    think: Duration = Field(default=0.0, description="pause between two sessions of a user")


class Limits(_Strict):
    """What the generator itself may do before the run is invalid: its results would be its own."""

    lag: Duration = Field(default=0.1, description="99 % of the arrivals are sent at most so late")
    cpu: Share = Field(default=0.95, description="of one CPU, on average over the arrivals")


class Scenario(_Strict):
    """Traffic as data."""

    scenario: Literal[1] = Field(description="version of the format")
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    seed: int = 0
    users: Users | None = None
    pools: dict[Identifier, Pool] = {}
    once: list[Once] = []
    mix: list[Session] = []
    arrival: Annotated[Open | Closed, Field(discriminator="model")] | None = None
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
    def stages(self) -> Sequence[RateStage | UserStage]:
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
