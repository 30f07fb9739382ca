"""What an output is: a function of the verdicts and the evidence of a run, registered by name, which judges nothing.

Some are written while everything is up, as soon as the verdicts are there; the others at the end, when the exit status
is known. JUnit is pytest's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from promproof.evidence.evidence import Evidence
from promproof.registry import Registry
from promproof.run.ending import Ending
from promproof.verdict import Verdict

LAST = 1000
"""The order of an output from a plugin folder."""


class Moment(StrEnum):
    """When an output is written."""

    JUDGED = "as soon as the verdicts are there, before anything is taken down"
    SHOWN = "where the program prints its results"
    ENDED = "when the exit status is known"


@dataclass(frozen=True)
class Report:
    """Everything that an output may tell of a run. status: the exit status, 0 before it is known.

    run: what identifies the run and belongs to it alone. evidence: None where a run was never begun.
    """

    folder: Path
    verdicts: Sequence[Verdict]
    evidence: Evidence | None = None
    ending: Ending = field(default_factory=Ending)
    strict: bool = False
    status: int = 0
    run: dict[str, Any] = field(default_factory=dict)
    width: int = 140
    """Columns of the terminal, at least."""
    verbose: bool = False
    """Whether each claim has a line."""


Write = Callable[[Report], Path | None]
"""Writes the output; the file that it wrote, None when there is none."""


@dataclass(frozen=True)
class Output:
    """A kind of output."""

    name: str
    write: Write
    moment: Moment
    order: int


OUTPUTS: Registry[Output] = Registry("output", "promproof.report", lambda output: output.order)
"""Every output there is, in the order of writing."""


def register(name: str, moment: Moment = Moment.ENDED, order: int = LAST) -> Callable[[Write], Write]:
    """Have every run write this: a decorator.

    Raises:
        ValueError: the name is taken.
    """

    def add(write: Write) -> Write:
        OUTPUTS.add(name, Output(name, write, moment, order))
        return write

    return add


def outputs_at(moment: Moment) -> Iterator[Output]:
    """The outputs of a moment, in order; one that fails must not cost the others."""
    return (output for output in OUTPUTS if output.moment is moment)
