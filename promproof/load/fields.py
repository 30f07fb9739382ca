"""The values of a scenario file, each with its notation and its JSON Schema; strict, since a mistyped key must not
silently mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from promproof.config.durations import SHORT_PATTERN, parse_short
from promproof.load.conditions import EXAMPLES, Condition, parse_condition
from promproof.load.notation import RATE_PATTERN, SHARE_PATTERN, parse_edge_rate, parse_rate, parse_share


def problem(text: str) -> PydanticCustomError:
    """A mistake in words that are the whole message."""
    # the text is the whole message, without pydantic's prefix for a ValueError
    return PydanticCustomError("scenario", "{problem}", {"problem": text})


def _read_with(parse: Callable[[object], object]) -> BeforeValidator:
    def read(value: object) -> object:
        try:
            return parse(value)
        except ValueError as error:
            raise problem(str(error)) from error

    return BeforeValidator(read)


def _like(pattern: str, expected: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):  # `$` alone lets a last newline pass
            raise problem(f"expected {expected}")
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


class Strict(BaseModel):
    """A part of a scenario file: an unknown key is a mistake, and so is a value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
