"""How an alert's quantity is moved without its service: series whose size follows it, and what stands beside them."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import Field, model_validator

from promproof.config.arithmetic import evaluate
from promproof.config.promql import parse
from promproof.contract.labels import Model, Names


def metric_of(series: str) -> str:
    """The metric of a series as promtool writes it."""
    return labels_of(series).get("__name__", "") or series.partition("{")[0].strip()


def labels_of(series: str) -> dict[str, str]:
    """The labels of a series as promtool writes it.

    Raises:
        ValueError: it is no series.
    """
    tree = parse(series)
    matchers = getattr(getattr(tree, "matchers", None), "matchers", None)
    if matchers is None:
        raise ValueError(f"{series!r} is no series")
    return {str(matcher.name): str(matcher.value) for matcher in matchers}


def _evaluated(text: str, q: float) -> None:
    """Raises ValueError for what is no arithmetic, or gives no number; a division by zero may depend on `q`."""
    with suppress(ZeroDivisionError):
        if not math.isfinite(evaluate(text, q)):
            raise ValueError(f"{text!r} is not finite for q = {q:g}")


class Series(Model):
    """A synthetic series for the boundary proof: its increase per second, or its value, as arithmetic in `q`."""

    series: str
    rate: str | None = None
    value: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Series:
        if (self.rate is None) == (self.value is None):
            raise ValueError("give either rate (per second) or value, as arithmetic in q")
        for q in (0.0, 0.5, 1.0):
            _evaluated(self.rate or self.value or "", q)
        return self


class Boundary(Model):
    """How to move an alert's quantity `q` without the service: series whose size follows `q`.

    `threshold` is the documented one in terms of `q`; the alert must be silent below and fire above.
    """

    threshold: float
    series: tuple[Series, ...] = Field(strict=False, min_length=1)
    fires_when: Literal["above", "below"] = "above"
    labels: Names = ()
    """Labels that the alert has when it fires, with the values that all its series share."""
    each: dict[str, Names] = Field(default_factory=dict)
    """Further values of a label, each of which has an alert of its own."""
    together: dict[str, Names] = Field(default_factory=dict)
    """Further values of a label that count together with the first: only their sum decides."""
    foreign: dict[str, Names] = Field(default_factory=dict)
    """Values of a label that are not meant: they neither make it fire nor hide what is."""
    volumes: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(), strict=False)
    """Factors on the size of all series that change nothing, of a share with little traffic, say."""
    averaged: bool = False
    """Whether q is a mean over the alert's window, so that a part of it must pass before it turns."""

    @property
    def shared(self) -> dict[str, str]:
        """The labels that all series have with one value."""
        every = [labels_of(series.series) for series in self.series]
        return {
            name: value
            for name, value in every[0].items()
            if all(labels.get(name) == value for labels in every)
        }

    @model_validator(mode="after")
    def _differs(self) -> Boundary:
        named = (*self.labels, *self.each, *self.together, *self.foreign)
        if named:
            strange = sorted(set(named) - set(self.shared))
            if strange:
                raise ValueError(f"not all series have one value of {', '.join(strange)}")
        return self
