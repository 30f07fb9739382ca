"""Rows of numbers as a large record holds them: in arrays, eight bytes a number, and made anew for whoever looks.

An hour has a hundred thousand readings of the kernel. As objects they take five times the memory of their numbers.
"""

from __future__ import annotations

from abc import abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

T = TypeVar("T")
N = TypeVar("N", int, float)


class Columns(Sequence[T]):
    """A sequence whose items are made when they are asked for; equal to a tuple of the same items."""

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...

    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else tuple(map(self._at, places))

    def __iter__(self) -> Iterator[T]:
        return map(self._at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple | Columns) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as that of a list

    @abstractmethod
    def _at(self, place: int) -> T:
        """The item at a place that there is."""


class Table(Columns[tuple[float, ...]]):
    """Rows of equal length whose first cells are real numbers and whose last are integers."""

    def __init__(self, rows: Iterable[Sequence[float]], reals: int, integers: int) -> None:
        """Raises OverflowError when an integer does not fit into 64 bits."""
        self._width = reals, integers
        self._reals, self._integers = array("d"), array("q")
        for row in rows:
            self._reals.extend(row[:reals])
            self._integers.extend([int(cell) for cell in row[reals:]])

    def __len__(self) -> int:
        return len(self._reals) // self._width[0]

    def _at(self, place: int) -> tuple[float, ...]:
        return (*_part(self._reals, place, self._width[0]), *_part(self._integers, place, self._width[1]))


Figures = Mapping[str, tuple[int, ...]]
"""Figures by name: of a device, say."""
Shape = tuple[tuple[str, ...], int, tuple[tuple[tuple[str, int], ...], ...]]
"""Names of the real numbers; how many integers come first; and the names of each group with the lengths of theirs."""
Row = tuple[tuple[float, ...], Mapping[str, float], tuple[int, ...], tuple[Figures, ...]]
"""Real numbers, real numbers by name, integers, and groups of integers by name."""


@dataclass
class _Block:
    """Rows of one shape that follow each other."""

    first: int
    plain: int
    shape: Shape
    reals: array[float] = field(default_factory=lambda: array("d"))
    integers: array[int] = field(default_factory=lambda: array("q"))

    def add(self, row: Row) -> None:
        self.reals.extend(row[0])
        self.reals.extend(row[1].values())
        self.integers.extend(row[2])
        for group in row[3]:
            for figures in group.values():
                self.integers.extend(figures)

    def at(self, place: int) -> Row:
        names, integers, groups = self.shape
        reals = _part(self.reals, place - self.first, self.plain + len(names))
        width = integers + sum(length for group in groups for _, length in group)
        rest = iter(_part(self.integers, place - self.first, width))
        head = tuple([next(rest) for _ in range(integers)])
        found = tuple(
            {name: tuple([next(rest) for _ in range(length)]) for name, length in group} for group in groups
        )
        return tuple(reals[: self.plain]), dict(zip(names, reals[self.plain :], strict=True)), head, found


class NamedRows:
    """Rows whose names hardly ever change: a device comes or goes."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._firsts: list[int] = []
        self._length = 0

    def append(self, row: Row) -> None:
        """Raises OverflowError when an integer does not fit into 64 bits."""
        plain, named, integers, groups = row
        shape = (
            tuple(named),
            len(integers),
            tuple(tuple((name, len(figures)) for name, figures in group.items()) for group in groups),
        )
        if not self._blocks or (self._blocks[-1].shape, self._blocks[-1].plain) != (shape, len(plain)):
            self._blocks.append(_Block(self._length, len(plain), shape))
            self._firsts.append(self._length)
        self._blocks[-1].add(row)
        self._length += 1

    def __len__(self) -> int:
        return self._length

    def at(self, place: int) -> Row:
        """The row at a place that there is."""
        return self._blocks[bisect_right(self._firsts, place) - 1].at(place)


def _part(numbers: array[N], place: int, width: int) -> array[N]:
    return numbers[place * width : (place + 1) * width]
