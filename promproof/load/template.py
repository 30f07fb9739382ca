"""Placeholders in scenarios: `{prompt_id}` and its kin, parsed once when a scenario is loaded.

A text that is one placeholder and nothing else gives the value with its type (a number stays a number in
JSON); any other text is put together as text. Braces that are meant are doubled: `{{`, `}}`.

    {name}               a variable of the session, or n (the number of the run) or user
    {pool.variable}      a saved variable of any item of a pool
    {pool.variable:3}    a list of that variable of 3 different items
    {random:1:36}        a whole number from 1 to 36
    {repeat:ab:3}        ababab, for what is long
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_SAMPLE = re.compile(r"([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)(?::([1-9][0-9]*))?")
_REPEAT = re.compile(r"repeat:([^:]+):([1-9][0-9]*)")
_MOST = 16 << 20
"""Characters that a repeated text may have."""
_RANDOM = re.compile(r"random:(-?[0-9]+):(-?[0-9]+)")


class Scope(Protocol):
    """Where placeholders get their values."""

    def variable(self, name: str) -> object: ...

    def sample(self, pool: str, variable: str, size: int) -> list[object]: ...

    def random(self, low: int, high: int) -> int: ...


@dataclass(frozen=True)
class Name:
    """A variable."""

    name: str

    def value(self, scope: Scope) -> object:
        return scope.variable(self.name)


@dataclass(frozen=True)
class Sample:
    """A variable of one item of a pool, or a list of it of `size` items."""

    pool: str
    variable: str
    size: int | None

    def value(self, scope: Scope) -> object:
        found = scope.sample(self.pool, self.variable, self.size or 1)
        return found[0] if self.size is None else found


@dataclass(frozen=True)
class Random:
    """A whole number between two bounds, both included."""

    low: int
    high: int

    def value(self, scope: Scope) -> object:
        return scope.random(self.low, self.high)


Reference = Name | Sample | Random


@dataclass(frozen=True)
class Template:
    """A text with placeholders."""

    parts: tuple[str | Reference, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(part for part in self.parts if not isinstance(part, str))

    def value(self, scope: Scope) -> object:
        """The value of a lone placeholder, else the text."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], str):
            return self.parts[0].value(scope)
        return self.text(scope)

    def text(self, scope: Scope) -> str:
        return "".join(part if isinstance(part, str) else str(part.value(scope)) for part in self.parts)


def parse(text: str) -> Template:
    """Raises ValueError, naming the placeholder and what is expected."""
    parts: list[str | Reference] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        literal = text[position : match.start()]
        token = match.group()
        if token in ("{{", "}}"):
            literal += token[0]
        if literal:
            parts.append(literal)
        if match.group(1) is not None:
            parts.append(_reference(match.group(1)))
        elif token in ("{", "}"):
            raise ValueError(f"a lone {token} in {text!r}; write {token * 2} for the character itself")
        position = match.end()
    if rest := text[position:]:
        parts.append(rest)
    return Template(tuple(parts))


def _reference(inside: str) -> str | Reference:
    if _NAME.fullmatch(inside):
        return Name(inside)
    if match := _RANDOM.fullmatch(inside):
        low, high = int(match[1]), int(match[2])
        if low > high:
            raise ValueError(f"placeholder {{{inside}}}: {low} is more than {high}")
        return Random(low, high)
    if match := _REPEAT.fullmatch(inside):
        if len(match[1]) * int(match[2]) > _MOST:
            raise ValueError(f"placeholder {{{inside}}}: more than {_MOST} characters")
        return match[1] * int(match[2])
    if match := _SAMPLE.fullmatch(inside):
        return Sample(match[1], match[2], int(match[3]) if match[3] else None)
    forms = "{name}, {pool.variable}, {pool.variable:3}, {random:1:36} or {repeat:ab:3}"
    raise ValueError(f"placeholder {{{inside}}}, expected {forms}")


@dataclass(frozen=True)
class Body:
    """A JSON value whose texts are templates; `constant` when nothing in it has to be filled in."""

    tree: object
    constant: bool

    def value(self, scope: Scope) -> object:
        return _fill(self.tree, scope)


def compile_body(value: object) -> Body:
    """Raises ValueError, see parse."""
    tree = _compile(value)
    return Body(tree, constant=not any(True for _ in references(tree)))


def references(tree: object) -> Iterator[Reference]:
    """Every placeholder in a compiled value."""
    if isinstance(tree, Template):
        yield from tree.references
    elif isinstance(tree, Mapping):
        for inner in tree.values():
            yield from references(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from references(inner)


def _compile(value: object) -> object:
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, Mapping):
        return {key: _compile(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_compile(inner) for inner in value]
    return value


def _fill(tree: object, scope: Scope) -> object:
    if isinstance(tree, Template):
        return tree.value(scope)
    if isinstance(tree, Mapping):
        return {key: _fill(inner, scope) for key, inner in tree.items()}
    if isinstance(tree, list):
        return [_fill(inner, scope) for inner in tree]
    return tree
