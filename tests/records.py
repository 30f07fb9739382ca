"""Records by hand: a test names the fields that matter to it, and the others are empty."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from promproof.evidence.history import Record
from promproof.evidence.records.base import kind_of

_HINTS: dict[Any, dict[str, Any]] = {}


def filled(kind: str, fields: Mapping[str, Any]) -> Any:
    """What a record of this kind holds; fields that are needed and not given are 0, empty or the first choice."""
    cls = kind_of(kind)
    assert cls is not None, kind
    return _made(cls, fields)


def record(number: int, t: float, kind: str, fields: Mapping[str, Any]) -> Record[Any]:
    """A record of this kind."""
    return Record(number, t, filled(kind, fields))


def _made(cls: Any, given: Any) -> Any:
    """A value of a class from plain data: mappings become classes, lists tuples."""
    origin, inner = get_origin(cls), get_args(cls)
    if dataclasses.is_dataclass(cls) and isinstance(given, Mapping):
        hints = _hints(cls)
        fields = {field.name: field for field in dataclasses.fields(cls)}
        unknown = set(given) - set(fields)
        assert not unknown, f"{cls} has no {unknown}"
        values = {
            name: _made(hints[name], given[name]) if name in given else _empty(hints[name])
            for name, field in fields.items()
            if name in given or _is_needed(field)
        }
        return cls(**values)  # type: ignore[operator]  # a class, not an instance
    if origin in (types.UnionType, Union):
        fitting = [
            choice
            for choice in inner
            if isinstance(given, Mapping) == (choice is dict or get_origin(choice) is dict)
            or dataclasses.is_dataclass(choice)
        ]
        return given if given is None or not fitting else _made(fitting[0], given)
    if origin is tuple and isinstance(given, list | tuple):
        each = inner[:1] * len(given) if inner[1:] == (...,) else inner
        return tuple(_made(kind, item) for kind, item in zip(each, given, strict=True))
    if origin is dict and isinstance(given, Mapping):
        return {key: _made(inner[1], item) for key, item in given.items()}
    return given


def _hints(cls: Any) -> dict[str, Any]:
    """The types of a class's fields, which take longer to read than a record to make."""
    if cls not in _HINTS:
        _HINTS[cls] = get_type_hints(cls)
    return _HINTS[cls]


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _empty(cls: Any) -> Any:
    origin, inner = get_origin(cls), get_args(cls)
    if origin is Literal:
        return inner[0]
    if origin in (types.UnionType, Union):
        return None if type(None) in inner else _empty(inner[0])
    if dataclasses.is_dataclass(cls):
        return _made(cls, {})
    return (origin or cls)()
