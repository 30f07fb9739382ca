"""Kinds that register themselves: checks, faults, panel truths, outputs, load models.

A registry knows the room in which its kinds live and imports that room's modules when it is first asked, then the
plugins. So a new kind is one file, in the room or in a plugin folder, and no list names it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Generic, TypeVar, get_args

from promproof import plugins
from promproof.errors import InputError

Kind = TypeVar("Kind")


class Registry(Generic[Kind]):
    """The kinds of one sort by name, in a stable order.

    noun: what one is called in messages. room: the package whose modules register kinds.
    order: where a kind stands among the others; equal ones stand as they were registered. nested: the room's packages
    have modules that register kinds, its own modules have none.
    """

    def __init__(
        self,
        noun: str,
        room: str,
        order: Callable[[Kind], float] = lambda kind: 0.0,
        *,
        nested: bool = False,
    ) -> None:
        self._noun = noun
        self._room = room
        self._order = order
        self._nested = nested
        self._kinds: dict[str, Kind] = {}
        self._complete = False

    def add(self, name: str, kind: Kind) -> Kind:
        """Register a kind and return it.

        Raises:
            ValueError: another one has that name.
        """
        if name in self._kinds:
            raise ValueError(f"there is a {self._noun} of the name {name!r} already")
        self._kinds[name] = kind
        return kind

    def __iter__(self) -> Iterator[Kind]:
        """All kinds in their order."""
        return iter([kind for _, kind in self._sorted()])

    def names(self) -> tuple[str, ...]:
        """The names of all kinds in their order."""
        return tuple(name for name, _ in self._sorted())

    def get(self, name: object, where: str = "") -> Kind:
        """The kind of this name.

        Raises:
            InputError: there is none; `where` says who named it.
        """
        self._discover()
        if isinstance(name, str) and name in self._kinds:
            return self._kinds[name]
        near = get_close_matches(str(name), self._kinds, n=1)
        raise InputError(
            what=f"there is no {self._noun} {name!r}",
            where=where,
            expected=f"one of {', '.join(self.names())}",
            todo=f"write {near[0]!r}" if near else "correct the name, or name the plugin folder that has it",
        )

    def _sorted(self) -> list[tuple[str, Kind]]:
        self._discover()
        return sorted(self._kinds.items(), key=lambda named: self._order(named[1]))

    def load(self, packages: Iterable[str]) -> None:
        """Import the kinds of some packages of the room, and plugins; the others wait until all are asked for."""
        if not self._complete:
            for package in packages:
                _import_all(f"{self._room}.{package}")
        plugins.load()

    def _discover(self) -> None:
        if not self._complete:
            for name in self._rooms():
                _import_all(name)
            self._complete = True
        plugins.load()

    def _rooms(self) -> list[str]:
        if not self._nested:
            return [self._room]
        modules = pkgutil.iter_modules(import_module(self._room).__path__, f"{self._room}.")
        return [module.name for module in modules if module.ispkg]


def _import_all(package: str) -> None:
    for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
        import_module(module.name)


def names_in(model: Any, key: str) -> tuple[str, ...]:
    """The values that a key of a pydantic model can have: the names under which files ask for it.

    Raises:
        ValueError: the key is no Literal.
    """
    names = get_args(model.model_fields[key].annotation)
    if not names:
        raise ValueError(f"{model.__name__}.{key} must be a Literal")
    return tuple(map(str, names))
