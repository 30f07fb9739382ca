"""Values of a dashboard's JSON, whatever they are: read as what is expected there, without an error."""

from __future__ import annotations

import math
from typing import Any


def an_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def a_number(value: Any) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def values_of(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, dict):  # some versions saved the whole option as the value
        return values_of(value.get("value"))
    return (
        tuple(part for item in value for part in values_of(item))
        if isinstance(value, list)
        else (str(value),)
    )


def kind_of(value: Any) -> str:
    """What a value of JSON or YAML is, in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
