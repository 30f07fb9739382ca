"""Texts of contracts and drills that must mean something before anything starts: durations and regular expressions."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from promproof.config.durations import parse_milliseconds


def _is_duration(text: str) -> str:
    parse_milliseconds(text)
    return text


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


Duration = Annotated[str, Field(pattern=r"^(\d+(ms|[smhdwy]))+$"), AfterValidator(_is_duration)]
Pattern = Annotated[str, AfterValidator(_is_pattern)]
"""A regular expression in Python's own syntax, as the checks use it."""
