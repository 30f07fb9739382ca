"""The commands, one row each: what `--help` says, and the module whose `run` does it.

A command is a row here, its options in `promproof.optiontable`, and a module that is imported only when it is run:
`run(given)` takes the values by their keys, `no_drill` say, and returns the exit status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Run = Callable[[dict[str, Any]], int]


@dataclass(frozen=True)
class Argument:
    """A word without a dash. many: any number of them; the value is a tuple then."""

    name: str
    metavar: str
    required: bool = True
    many: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True)
class Command:
    """One command.

    name: its words, "scenarios check" say; module: where its `run` is; text: paragraphs of its help below the summary;
    rest: what may follow `--`, and is handed on in `given["rest"]` as it is.
    """

    name: str
    module: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    text: tuple[str, ...] = ()
    rest: str = ""


COMMANDS = (
    Command(
        "verify",
        "promproof.cli.verify",
        "the main job: stack, traffic, every claim, report",
        text=(
            "Starts the target and a stack, drives traffic, judges every claim of the contract, takes an alert to "
            "the webhook and back, and removes everything again. Each claim is a pytest item: pytest's own options "
            "(-k, -x, --lf, --junitxml, --collect-only, -v ...) are taken after --.",
        ),
        rest="PYTEST OPTIONS",
    ),
)
STATUS = "Exit status: 0 all passed, 1 a claim failed, 2 unknown or interrupted, 4 bad arguments or input."
