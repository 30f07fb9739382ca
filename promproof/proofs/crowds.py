"""Worlds of many series: what tells a share of counts from one that is a hundredth less or more.

`count(up == 0) / count(up) >= 0.5` says the same as `>= 0.495` of few series: 50 of 101 lie between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from promproof.proofs.flips import Boundary
from promproof.proofs.search import Knobs, comparisons, constant
from promproof.proofs.tree import Aggregate, Binary, Node, walk
from promproof.proofs.world import COPIES, Family

MOST = 250
"""Series of a world."""
SMALL = 100
"""Whole numbers below it are changed by 1."""


def crowds(families: Sequence[Family], boundaries: Sequence[Boundary], root: Node) -> Iterator[Knobs]:
    """For each comparison of a share of counts, worlds whose share lies just beside its number.

    Two families share a metric: so many of one stand beside the rest of the other. Or two metrics are counted each.
    """
    pairs = [(found.points[0].knobs, found.points[1].knobs) for found in boundaries[:2]]
    for share in dict.fromkeys(share for node in comparisons(root) for share in _shares(node)):
        for one, other in permutations(families, 2):
            for fired, silent in pairs:
                if one.metric == other.metric and share[0] < share[1]:
                    for base, rest in ((fired, silent), (silent, fired), (fired, fired)):
                        yield _parted(families, one, other, share, base, rest)
                elif one.metric != other.metric:
                    yield {
                        **fired,
                        (one.number, COPIES): float(share[0]),
                        (other.number, COPIES): float(share[1]),
                    }


def _parted(
    families: Sequence[Family], one: Family, other: Family, share: tuple[int, int], base: Knobs, rest: Knobs
) -> Knobs:
    """So many of one family as in `base`, the rest of another as the first is in `rest`; of others as many as both."""
    some, whole = share
    made = {key: float(whole) if key[1] == COPIES and value else value for key, value in base.items()}
    for family in families:
        if family.metric == one.metric and family is not one:
            made[family.number, COPIES] = 0.0
    made |= {(other.number, name): rest[one.number, name] for name in one.knobs if (one.number, name) in rest}
    made[one.number, COPIES], made[other.number, COPIES] = float(some), float(whole - some)
    return made


def _shares(node: Binary) -> Iterator[tuple[int, int]]:
    """Part and whole of shares on either side of a comparison's number, between it and a changed one."""
    if sum(isinstance(part, Aggregate) and part.op in ("count", "sum") for part in walk(node)) < 2:
        return
    for number in map(constant, node.children()):
        if number is None or not 0 < number < 100:
            continue
        step = 1.0 if number >= 1 and number == int(number) and number < SMALL else number / 100
        for scale in (1.0,) if number < 1 else (100.0, 1.0):
            for low, high in ((number - step, number), (number, number + step)):
                found = _between(low / scale, high / scale)
                if found is not None:
                    yield found
                if found is not None and found[0] < found[1]:
                    yield found[1] - found[0], found[1]


def _between(low: float, high: float) -> tuple[int, int] | None:
    """The share of fewest series strictly between two numbers."""
    for whole in range(2, MOST + 1):
        part = int(low * whole + 1e-9) + 1
        if 0 < part <= MOST and low + 1e-9 < part / whole < high - 1e-9:
            return part, whole
    return None
