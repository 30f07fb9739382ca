"""Answers that are those of an earlier poll: three views are asked ten times a second, and hardly ever say a new thing.

Such a line names the earlier record (`as`) and has the run times alone, without one that is the record's own. It always
names one that has its answer itself, so that no chain has to be followed, and whoever reads it shares the answer:
neither the file nor memory grows with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from pydantic import BaseModel, Field, ValidationError

from promproof.evidence.records.base import STRICT, Broken, Json, Kind, Line, broken
from promproof.evidence.records.drills import Poll

TIMES = ("begin", "end")
MARK = ',"as":'
REACH = 100
"""How far into a line the mark stands."""


class Numbered(Protocol):
    """A record of a history."""

    @property
    def number(self) -> int: ...

    @property
    def data(self) -> Kind: ...


class Told:
    """What was last answered by each kind of poll while a history is written."""

    def __init__(self) -> None:
        self._by_kind: dict[str, tuple[Json, int]] = {}

    def shortened(self, row: Json, data: Kind) -> Json:
        """The row as it is written: shorter where the answer is that of an earlier record. data: what it holds."""
        if not isinstance(data, Poll):
            return row
        answer = {key: value for key, value in row["data"].items() if key not in TIMES}
        before = self._by_kind.get(data.kind)
        if not answer or before is None or before[0] != answer:
            self._by_kind[data.kind] = answer, row["n"]
            return row
        times = {key: row["data"][key] for key in TIMES if row["data"][key] != row["t"]}
        return {"n": row["n"], "t": row["t"], "kind": row["kind"], "as": before[1], "data": times}


class _Times(BaseModel):
    """When it was asked, and when the answer was there; what is left out is the time of the record."""

    model_config = STRICT
    begin: float | None = None
    end: float | None = None


class _Again(BaseModel):
    """A line that names another."""

    model_config = STRICT
    n: int
    t: float
    kind: str
    earlier: int = Field(alias="as")
    data: _Times


def is_again(line: str) -> bool:
    """Whether a line names an earlier one in place of an answer."""
    return MARK in line[:REACH]


def read_again(line: str, records: Sequence[Numbered]) -> Line[Kind]:
    """The record of a line that names an earlier one. records: those before it.

    Raises:
        Broken: the line is of another form, or there is no such poll before it.
    """
    try:
        found = _Again.model_validate_json(line)
    except ValidationError as error:
        raise broken(error, "a poll that names an earlier one") from error
    before = records[found.earlier] if 0 <= found.earlier < len(records) else None
    if before is None or before.number != found.earlier or before.data.kind != found.kind:
        expected = f"the number of an earlier record {found.kind!r}"
        raise Broken(f"no earlier record {found.kind!r} has the number {found.earlier}", "as", expected)
    if not isinstance(before.data, Poll):
        raise Broken(f"a record {found.kind!r} is no poll", "as", "a poll")
    begin, end = (found.t if moment is None else moment for moment in (found.data.begin, found.data.end))
    data: Kind = replace(before.data, begin=begin, end=end)
    return Line.model_construct(n=found.n, t=found.t, kind=found.kind, data=data)
