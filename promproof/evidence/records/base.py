"""What all kinds of records share: the registry of kinds, and JSON in both directions.

A kind is a frozen dataclass that names itself. Its types are checked when a file is read, strictly (a text is no
number), so that nobody who reads a record has to ask what is in it. A field at its default is left out of the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from promproof.config import jsonlines
from promproof.evidence.records.changes import MARK

Json = dict[str, Any]
"""An object as another program's API gave it; its shape is that program's documentation."""
STRICT = ConfigDict(extra="forbid", strict=True)
_BEGIN = re.compile(r'\{"n":-?\d+,"t":[-+.\deE]+,"kind":"(\w+)",')
REACH = 40
"""How far before the end of a line it says that its readings are changes."""
LARGE = 300_000
"""Characters of a line from which on each number is kept once: an hour has millions, of a few thousand values."""
_kinds: dict[str, type[Kind]] = {}
_readers: dict[str, TypeAdapter[Line[Kind]]] = {}
_writers: dict[str, TypeAdapter[Kind]] = {}


class Part:
    """A class that records are made of; fields that it does not have are refused."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


class Kind(Part):
    """One kind of record; `kind` is its name in the file."""

    kind: ClassVar[str]

    def __init_subclass__(cls, kind: str = "", **more: Any) -> None:
        super().__init_subclass__(**more)
        if kind:
            cls.kind = kind
            # a dataclass with slots would be made twice: the later class is the one to use
            _kinds[kind] = cls

    @classmethod
    def packed(cls, data: Json) -> Json:
        """The fields as they are written."""
        return data

    @classmethod
    def unpacked(cls, data: Json) -> Json:
        """The fields of what was written."""
        return data

    @classmethod
    def large(cls, data: Json) -> tuple[Json, Json]:
        """Of a large record: the fields that are read as those of all records, and those that hold most of it, as read.

        Where those are tuples of numbers they may be sequences that hold the same in less memory.

        Raises:
            LookupError, OverflowError, TypeError, ValueError: it is of another form.
        """
        return data, {}


D = TypeVar("D")


class Line(BaseModel, Generic[D]):
    """A line of the file: its number, run time (s), kind, and what the kind holds."""

    model_config = STRICT
    n: int
    t: float
    kind: str
    data: D


class Broken(ValueError):
    """A line that is no record: `key` is the place in it, empty for the whole."""

    def __init__(self, what: str, key: str = "", expected: str = "") -> None:
        super().__init__(what)
        self.what, self.key, self.expected = what, key, expected


def kinds() -> Iterator[type[Kind]]:
    """All kinds that are known, by name."""
    return (_kinds[name] for name in sorted(_kinds))


def kind_of(name: str) -> type[Kind] | None:
    """The class of a kind by its name in the file."""
    return _kinds.get(name)


def to_json(record: Kind) -> Json:
    """A record as JSON values; tuples stay tuples."""
    found: Json = _writer(type(record)).dump_python(record, exclude_defaults=True, warnings=False)
    return type(record).packed(found)


def read_line(line: str) -> Line[Kind]:
    """A line of a history.

    Raises:
        Broken: it is no JSON, of no known kind, or a field is missing, unknown or of another type.
    """
    found = _BEGIN.match(line)
    name = found[1] if found else _kind(line)
    cls = _kinds.get(name)
    if cls is None:
        raise Broken(f"the kind of record {name!r} is unknown", "kind", "a kind of docs/history.md")
    if len(line) > LARGE:
        # told below, with its place; a number that is too large for an array is none of a tuple
        with suppress(LookupError, TypeError, ValueError, RecursionError, OverflowError):
            return _large(cls, line)
    try:
        return _reader(cls).validate_json(_unpacked(cls, line))
    except ValidationError as error:
        raise broken(error, f"a record {name!r}") from error


class _Numbers(dict[str, int]):
    """Integers by their text."""

    def __missing__(self, text: str) -> int:
        made = self[text] = int(text)
        return made


def _large(cls: type[Kind], line: str) -> Line[Kind]:
    row = json.loads(line, parse_int=_Numbers().__getitem__)
    row["data"], bulk = cls.large(row["data"])
    found = _reader(cls).validate_json(json.dumps(row))
    data: Kind = replace(found.data, **bulk)  # type: ignore[type-var]  # each kind is a dataclass
    return Line.model_construct(n=found.n, t=found.t, kind=found.kind, data=data)


def _unpacked(cls: type[Kind], line: str) -> str:
    if f'"{MARK}":true' not in line[-REACH:]:
        return line
    row = jsonlines.value(line)
    row["data"] = cls.unpacked(row["data"])
    return json.dumps(row)


def broken(error: ValidationError, expected: str) -> Broken:
    """What is said of a line of another form."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    return Broken(f"{first['msg']}, found {shown(first['input'])}", key, expected)


def read_data(kind: str, data: Json) -> Kind:
    """A record within another one.

    Raises:
        Broken: as `read_line`.
    """
    return read_line(json.dumps({"n": 0, "t": 0.0, "kind": kind, "data": data})).data


def shown(value: Any) -> str:
    """A value as a message shows it, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _reader(cls: type[Kind]) -> TypeAdapter[Line[Kind]]:
    if cls.kind not in _readers:
        _readers[cls.kind] = TypeAdapter(Line[cls])  # type: ignore[valid-type]  # known at run time only
    return _readers[cls.kind]


def _writer(cls: type[Kind]) -> TypeAdapter[Kind]:
    if cls.kind not in _writers:
        _writers[cls.kind] = TypeAdapter(cls)
    return _writers[cls.kind]


def _kind(line: str) -> str:
    try:
        row = jsonlines.value(line)
    except ValueError as error:
        raise Broken(f"broken line: {error}", "", "one JSON object per line") from error
    if not isinstance(row, dict):
        raise Broken("not an object", "", "one JSON object per line")
    return str(row.get("kind"))
