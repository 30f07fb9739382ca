"""What a contract says of its page beside the tables: numbers that no file holds, kinds of names that are complete."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from promproof.contract.labels import Model

Vocabulary = Literal["ports", "services", "routes", "alerts", "metrics", "variables"]


class Figure(Model):
    """A number or a word of the page: what stands around it, with `{}` in its place, and what it must be."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    says: tuple[str, ...] = Field(strict=False, min_length=1)
    value: str

    @model_validator(mode="after")
    def _one_place(self) -> Figure:
        for text in self.says:
            if text.count("{}") != 1 or not re.search(r"\w", text.replace("{}", "")):
                raise ValueError(f"{text!r} needs words and one {{}} where the value stands")
        return self


class PagePromises(Model):
    """Promises of the page that stand in no table."""

    figures: tuple[Figure, ...] = Field(default=(), strict=False)
    sentences: tuple[str, ...] = Field(default=(), strict=False)
    """Sentences as the page has them; what they are about beside numbers, names and negations stands in braces."""
    closed: tuple[Vocabulary, ...] = Field(default=(), strict=False)
    """Names of these kinds that the files and this contract do not know are mistakes of the page."""

    @model_validator(mode="after")
    def _unique(self) -> PagePromises:
        names = [figure.name for figure in self.figures]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"figure named twice: {', '.join(twice)}")
        return self
