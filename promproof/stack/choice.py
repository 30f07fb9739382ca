"""Which backend a run gets: by name, or the first of those that fit and can be had.

A backend is one file of backends/ that registers itself. `auto` says which it took and why; a backend that is named
is never replaced by another one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from promproof.contract.deployment import Deployment
from promproof.errors import InputError
from promproof.registry import Registry
from promproof.stack.backend import Backend
from promproof.stack.protocol import Endpoints, Say

AUTO = "auto"


class Can(StrEnum):
    """What only some backends can do."""

    SCALE = "scale"
    """Have its durations shortened."""
    CONTROL = "control"
    """Stop, start and reload components, with files of the run's own."""
    PROCFS = "procfs"
    """Let Node Exporter read another folder in place of /proc."""


@dataclass(frozen=True)
class Wish:
    """What a user says about the stack. name: of a backend, or `auto`.

    running: URLs of a stack that runs already. target_runs: the target runs already; local_target: it is no service of
    the compose file. usual_ports: processes listen where people look
    for them, as far as those ports are free. compose: the file, whether it is there or not; deployment: the contract's.
    """

    name: str = AUTO
    running: Endpoints | None = None
    target_runs: bool = False
    local_target: bool = False
    on_bridge: bool = False
    documented_ports: bool = False
    usual_ports: bool = False
    compose: Path = Path()
    deployment: Deployment | None = None


@dataclass(frozen=True)
class Kind:
    """A backend that can be chosen. order: `auto` asks the least first.

    refusal: why it does not go with what the user says; asked before anything is started. make: a backend, with
    InputError where this machine lacks something. slow: why its scrapes need longer than the largest time scale leaves
    them; nothing where they don't, or where it can't be had.
    """

    name: str
    order: float
    can: frozenset[Can]
    refusal: Callable[[Wish], InputError | None]
    make: Callable[[Wish, Say], Backend]
    slow: Callable[[Wish], str] = lambda wish: ""


BACKENDS: Registry[Kind] = Registry("backend", "promproof.stack.backends", lambda kind: kind.order)


def fitting(wish: Wish) -> list[Kind]:
    """The backends that the wish leaves, in the order in which they are tried.

    Raises:
        InputError: none; with the reason of the first.
    """
    kinds = list(BACKENDS) if wish.name == AUTO else [BACKENDS.get(wish.name, "--stack")]
    refusals = [kind.refusal(wish) for kind in kinds]
    if all(refusals):
        raise next(refusal for refusal in refusals if refusal is not None)
    return [kind for kind, refusal in zip(kinds, refusals, strict=True) if refusal is None]


def abilities(wish: Wish) -> frozenset[Can]:
    """What the run's backend can do, whichever of the fitting ones it will be.

    Raises:
        InputError: no backend fits.
    """
    return frozenset.intersection(*(kind.can for kind in fitting(wish)))


def slow(wish: Wish) -> str:
    """Why the scrapes of a stack that may be taken need longer than the largest time scale leaves them.

    Raises:
        InputError: no backend fits.
    """
    return next(filter(None, (kind.slow(wish) for kind in fitting(wish))), "")


def choose(wish: Wish, say: Say) -> Backend:
    """The first of the fitting backends that can be had.

    Raises:
        InputError: none can be had; with what the last one lacks.
    """
    *others, last = fitting(wish)
    reason = ""
    for kind in others:
        try:
            backend = kind.make(wish, say)
        except InputError as error:
            reason = error.what
            continue
        return _told(backend, wish, backend.since, say)
    backend = last.make(wish, say)
    return _told(backend, wish, reason or backend.since, say)


def _told(backend: Backend, wish: Wish, reason: str, say: Say) -> Backend:
    why = f", since {reason}" if reason and wish.name == AUTO else ""
    say(f"stack: {backend.name}{why}")
    return backend
