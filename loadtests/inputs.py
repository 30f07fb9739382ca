"""Reading YAML that people write: strict, and with the place of every mistake.

A file is composed once with PyYAML, which knows the line of every node, and validated once with pydantic, which
knows the key of every error; this module joins the two into one message: file, line, key, found, expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

ModelT = TypeVar("ModelT", bound=BaseModel)
Key = tuple[str | int, ...]


class InputError(Exception):
    """A mistake in what the user gave: what is wrong, where, what was expected, what to do. Exit status 4."""

    exit_status = 4

    def __init__(self, what: str, where: str = "", expected: str = "", todo: str = "") -> None:
        self.what, self.where, self.expected, self.todo = what, where, expected, todo
        super().__init__(what)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.todo:
            lines.append(f"  to do: {self.todo}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Document:
    """A parsed YAML file: its data, and the line of every key and item."""

    path: Path
    data: Any
    lines: dict[Key, int]

    def where(self, key: Sequence[str | int] = ()) -> str:
        """`file:line` of a key, or of the nearest parent that is there."""
        place = tuple(key)
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}:{self.lines.get(place, 1)}"


def load_document(path: Path, what: str = "a YAML file") -> Document:
    """Parse one YAML document.

    Raises:
        InputError: the file cannot be read, is not YAML, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot be read: {reason}", str(path), what, "check the path") from error
    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise InputError(f"not YAML: {error}", str(path), what, "correct the syntax") from error
    try:
        node = loader.get_single_node()
        lines: dict[Key, int] = {(): 1}
        if node is None:
            return Document(path, None, lines)
        _index(node, (), lines, path)
        return Document(path, loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(
            f"not YAML: {error.problem}", f"{path}:{line}", what, "correct the syntax"
        ) from error
    except yaml.YAMLError as error:
        raise InputError(f"not YAML: {error}", str(path), what, "correct the syntax") from error
    finally:
        loader.dispose()


def load_model(path: Path, model: type[ModelT], what: str) -> ModelT:
    """Parse and validate one YAML file.

    Raises:
        InputError: with one line for each mistake: file, line, key, found and expected.
    """
    document = load_document(path, what)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise describe(document, error, what) from error


def describe(document: Document, error: ValidationError, what: str) -> InputError:
    """The user's message for a validation error: the first mistake leads, the others follow."""
    rows = []
    for mistake in error.errors():
        key = _real(document, mistake["loc"])
        shown = ".".join(str(part) for part in key) or "the file"
        if mistake["type"] == "missing":
            text = f"{shown}: missing"
        elif mistake["type"] == "extra_forbidden":
            text = f"{shown}: unknown key"
        else:
            text = f"{shown}: {mistake['msg']}, found {_short(mistake['input'])}"
        rows.append((document.where(key), text))
    where, first = rows[0]
    others = "".join(f"\n{place}: {text}" for place, text in rows[1:])
    return InputError(
        first + others, where, what, "correct the key; the field names are in the documentation"
    )


def _index(node: yaml.Node, key: Key, lines: dict[Key, int], path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for name, value in node.value:
            text, line = str(name.value), name.start_mark.line + 1
            if text in seen and text != "<<":
                raise InputError(
                    f"{text}: named twice, first in line {seen[text]}",
                    f"{path}:{line}",
                    "each key once",
                    "remove one",
                )
            seen[text] = line
            lines[(*key, text)] = line
            _index(value, (*key, text), lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[(*key, position)] = item.start_mark.line + 1
            _index(item, (*key, position), lines, path)


def _real(document: Document, location: Sequence[str | int], key: Key = ()) -> Key:
    """The parts of a pydantic location that are keys of the file; the names of union members are left out.

    A member's name may also be a key there, so both readings are tried and the deeper one is taken. A last part that
    is not in the file is a key that is missing.
    """
    if not location:
        return key
    first, *rest = location
    left_out = _real(document, rest, key) if rest else key
    if (*key, first) in document.lines or not rest:
        taken = _real(document, rest, (*key, first))
        return taken if len(taken) >= len(left_out) else left_out
    return left_out


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
