"""Variations of the worlds at an alert's boundaries: what else could be there that a small change would show.

Series that a matcher leaves out, with the values that turn the alert; series that differ in one label; a value exactly
at a number; all in proportion, one alone, two of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from promproof.proofs.crowds import crowds
from promproof.proofs.plan import Plan
from promproof.proofs.search import Key, Knobs, Problem, comparisons, constant
from promproof.proofs.strings import PLAIN, Matcher, accepts, refused, values
from promproof.proofs.tree import SETS, Aggregate, Binary, Selector, walk
from promproof.proofs.turning import elsewhere, instead
from promproof.proofs.world import COPIES, LEVEL, SLOPE, TRAFFIC, Family

STRONGER = (1.0, 100.0)
"""By how much a series that is left out exceeds one that counts."""
PARTS = (100, 1000, 10000, 100000)
"""Of so many parts is a whole of which a share is one exactly."""
MANY = 4
"""Boundaries of an alert that are varied."""
DEEP = 8
"""Recording rules that are followed one into the other."""
Wanted = tuple[str, str, str]
"""A matcher with its label, as a selector has it."""


@dataclass(frozen=True)
class Scene:
    """Families with the values of their knobs, and whether the alert is expected to hold."""

    families: Sequence[Family]
    knobs: Knobs
    fires: bool


def variations(plan: Plan) -> Iterator[Scene]:
    """Worlds of all kinds in turn: there are many of each, and one kind may be all that shows a mutant."""
    kinds = [_left_outs(plan), _exact(plan), _labelled(plan), _turned(plan), _insteads(plan), _besides(plan)]
    kinds += [_alikes(plan), _doubled(plan), _guarded(plan), _elsewhere(plan), _rounded(plan)]
    families, root = plan.problem.families, plan.problem.root
    kinds.append(Scene(families, knobs, True) for knobs in crowds(families, plan.boundaries, root))
    yield from _in_turn(kinds)


def _in_turn(kinds: Sequence[Iterator[Scene]]) -> Iterator[Scene]:
    """One of each, again and again."""
    waiting = list(kinds)
    while waiting:
        for kind in list(waiting):
            scene = next(kind, None)
            if scene is None:
                waiting.remove(kind)
            else:
                yield scene


def _pairs(plan: Plan) -> list[tuple[Knobs, Knobs]]:
    """Firing and silent worlds, also those in which another alternative of an `or`, or another addend, decides."""
    found = _bounds(plan)
    return [*found, *elsewhere(plan.problem, found), *instead(plan.problem, found)]


def _bounds(plan: Plan) -> list[tuple[Knobs, Knobs]]:
    """Both sides of the boundaries, first of those that last."""
    bounds = [*plan.at_rest[:MANY], *plan.boundaries[:MANY]]
    return [(found.points[0].knobs, found.points[1].knobs) for found in bounds]


def _elsewhere(plan: Plan) -> Iterator[Scene]:
    resting = [(found.points[0].knobs, found.points[1].knobs) for found in plan.at_rest[:MANY]]
    for pair in (*resting, *_pairs(plan)[len(_bounds(plan)) :]):
        for knobs in pair:
            yield Scene(plan.problem.families, knobs, plan.problem.fires(knobs))


def _left_outs(plan: Plan) -> Iterator[Scene]:
    pairs = _pairs(plan)
    gone = {key: 0.0 if key[1] == COPIES else value for fired, _ in pairs[:1] for key, value in fired.items()}
    if gone and plan.problem.fires(
        gone
    ):  # it fires without any series: those that a matcher leaves out don't count
        for _, silent in pairs[:1]:
            yield from _left_out(plan.problem, gone, silent, 1.0)
    yield from _in_turn(
        [
            _left_out(plan.problem, base, other, stronger)
            for fired, silent in pairs
            for base, other in ((silent, fired), (fired, silent))
            for stronger in STRONGER
        ]
    )


def _insteads(plan: Plan) -> Iterator[Scene]:
    for fired, _ in _pairs(plan)[:2]:
        yield from _instead(plan.problem, fired)


def _besides(plan: Plan) -> Iterator[Scene]:
    """A family again under another value of one label, also of one that it has to lack."""
    families = plan.problem.families
    grouped = [
        name
        for node in walk(plan.problem.root)
        if isinstance(node, Aggregate) and not node.without
        for name in node.labels
    ]
    for fired, silent in _pairs(plan):
        for base, other in ((silent, fired), (fired, silent), (fired, fired), (silent, silent)):
            for family in families:
                for name in dict.fromkeys((*family.labels, *grouped)):
                    if name != "le":
                        value = _another(plan.problem, family, name)
                        yield _beside(families, [family], name, value, base, other, 1.0)


def _alikes(plan: Plan) -> Iterator[Scene]:
    """All families that have a label again under another value of it."""
    families = plan.problem.families
    for fired, silent in _pairs(plan)[:1]:
        for base in (fired, silent):
            for name in dict.fromkeys(name for family in families for name in family.labels if name != "le"):
                alike = [family for family in families if name in family.labels]
                if len(alike) > 1:
                    value = _another(plan.problem, alike[0], name)
                    yield _beside(families, alike, name, value, base, base, 1.0)


def _doubled(plan: Plan) -> Iterator[Scene]:
    """Every family with two series."""
    for fired, _ in _pairs(plan):
        copies = {key: 2.0 for key in fired if key[1] == COPIES}
        yield Scene(plan.problem.families, {**fired, **copies}, True)
        less = {key: 2.0 if key[1] == COPIES else value / 1.5 for key, value in fired.items()}
        yield Scene(plan.problem.families, less, True)


def _guarded(plan: Plan) -> Iterator[Scene]:
    """A series at a number that something is compared with, or beside it: all in proportion, and one of two."""
    numbers = {
        number
        for node in comparisons(plan.problem.root)
        for number in map(constant, node.children())
        if number is not None
    }
    families = plan.problem.families
    for fired, _ in _pairs(plan)[:2]:
        for number in sorted(numbers):
            for level in (number, number - 0.5, number + 0.5):
                for key, value in fired.items():
                    if key[1] != LEVEL or not value:
                        continue
                    family = families[key[0]]
                    if family.follows_time:  # a stamp that stays, as of what never was
                        yield Scene(families, {**fired, key: level, (key[0], SLOPE): -1.0}, True)
                    if level:
                        scaled = {k: v * level / value if k[1] == LEVEL else v for k, v in fired.items()}
                        yield Scene(families, scaled, True)
                    for name in [name for name in family.labels if name != "le"]:
                        other = {**fired, key: level}
                        text = _another(plan.problem, family, name)
                        yield _beside(families, [family], name, text, fired, other, 1.0)


def _instead(problem: Problem, fired: Knobs) -> Iterator[Scene]:
    """A firing world in which one family has a label that a matcher of its selector leaves out."""
    for selector in _selectors(problem):
        for family, wanted in _read(problem, selector):
            for name, operator, value in selector.matchers:
                if name != "__name__" and (name, operator, value) in wanted:
                    others = [(o, v) for n, o, v in wanted if n == name and (o, v) != (operator, value)]
                    for text in islice(_outside(name, (operator, value), others), 1):
                        labels = {n: v for n, v in {**family.labels, name: text}.items() if v}
                        made = [replace(f, labels=labels) if f is family else f for f in problem.families]
                        yield Scene(made, fired, fires=False)


def _another(problem: Problem, family: Family, name: str) -> str:
    """Another value of a label of a family: one that its selectors take, where there is one."""
    own = [
        (operator, value)
        for selector in _selectors(problem)
        if selector.name == family.metric
        for label, operator, value in selector.matchers
        if label == name
    ]
    usual = f"{family.labels.get(name, 'x')}-b"
    pool = [usual, *(value for value in values(own) if value != family.labels.get(name))]
    return next((text for text in pool if accepts(own, text)), usual)


def _left_out(problem: Problem, base: Knobs, other: Knobs, stronger: float) -> Iterator[Scene]:
    """Each family again with a label that one matcher of its selector leaves out, with the values of the other side."""
    joined = _joins(problem)
    for selector in _selectors(problem):
        for family, wanted in _read(problem, selector):
            for name, operator, value in selector.matchers:
                if name != "__name__" and (name, operator, value) in wanted:
                    others = [(o, v) for n, o, v in wanted if n == name and (o, v) != (operator, value)]
                    for text in islice(_outside(name, (operator, value), others), 2):
                        yield _beside(problem.families, [family], name, text, base, other, stronger)
                        # what has to be there on both sides of an operator is changed on both
                        alike = [f for f in problem.families if f.labels.get(name) == family.labels.get(name)]
                        if len(alike) > 1:
                            yield _beside(problem.families, alike, name, text, base, other, stronger)
                        if joined:  # two of one partner are refused wherever they come in
                            yield _twice(_beside(problem.families, [family], name, text, base, other, 1.0))


def _joins(problem: Problem) -> bool:
    """Whether a side of an operator must have one series for each of the labels that it joins by."""
    trees = [problem.root, *(tree for rules in problem.recorded.values() for tree, _ in rules)]
    return any(
        isinstance(node, Binary) and node.op not in SETS and (node.on is not None or bool(node.ignoring))
        for tree in trees
        for node in walk(tree)
    )


def _twice(scene: Scene) -> Scene:
    """The same with two series of the last family."""
    return replace(scene, knobs={**scene.knobs, (len(scene.families) - 1, COPIES): 2.0})


def _read(problem: Problem, selector: Selector, depth: int = 0) -> Iterator[tuple[Family, list[Wanted]]]:
    """The families that a selector reads, itself or through recording rules, with all matchers that each has to meet.

    A label that a rule gives is none of the families': matchers on it are left away.
    """
    rules = problem.recorded.get(selector.name, ()) if selector.name else ()
    for tree, given in rules if depth < DEEP else ():
        left = [matcher for matcher in selector.matchers if matcher[0] not in given]
        for inner in walk(tree):
            if isinstance(inner, Selector):
                for family, wanted in _read(problem, inner, depth + 1):
                    if _meets(family, left):
                        yield family, [*left, *wanted]
    if not rules:
        yield from ((family, [*selector.matchers]) for family in problem.families if _takes(selector, family))


def _takes(selector: Selector, family: Family) -> bool:
    return selector.name in ("", family.metric) and _meets(family, selector.matchers)


def _meets(family: Family, wanted: Sequence[Wanted]) -> bool:
    labels = {**family.labels, "__name__": family.metric}
    return all(accepts(((operator, value),), labels.get(name, "")) for name, operator, value in wanted)


def _selectors(problem: Problem) -> list[Selector]:
    trees = [problem.root, *(tree for rules in problem.recorded.values() for tree, _ in rules)]
    return [node for tree in trees for node in walk(tree) if isinstance(node, Selector) and node.matchers]


def _outside(name: str, matcher: Matcher, others: Sequence[Matcher]) -> Iterator[str]:
    """Values that a matcher leaves out: first such as begin with one that it takes."""
    taken = values([matcher]) if matcher[0] in ("=", "=~") else []
    if name == "le":
        pool = [*(f"{value}0" for value in taken[:1]), "+Inf", "0.0001", "123"]
    else:
        pool = [*(f"{value}x" for value in taken), *refused([matcher]), "", *PLAIN]
    for text in dict.fromkeys(pool):
        if not accepts([matcher], text) and accepts(others, text):
            yield text


def _beside(
    families: Sequence[Family],
    again: Sequence[Family],
    name: str,
    value: str,
    base: Knobs,
    other: Knobs,
    stronger: float,
) -> Scene:
    """The world of `base`, and beside it some families again with another label and the values of `other`."""
    made, knobs = list(families), dict(base)
    for family in again:
        number = len(made)
        labels = {**family.labels, name: value}
        made.append(replace(family, number=number, labels={n: v for n, v in labels.items() if v}))
        for key in family.knobs:
            level = other.get((family.number, key), family.knobs[key])
            knobs[(number, key)] = level * stronger if key in (LEVEL, SLOPE, TRAFFIC) else level
        # beside each of the copies of what counts
        copies = [value for key, value in base.items() if key[1] == COPIES]
        knobs[(number, COPIES)] = max([1.0, knobs.get((number, COPIES), 1.0), *copies])
    return Scene(made, knobs, False)


def _labelled(plan: Plan) -> Iterator[Scene]:
    """Series that have a label which a grouping drops."""
    trees = [plan.problem.root, *(tree for rules in plan.problem.recorded.values() for tree, _ in rules)]
    names = {
        name
        for tree in trees
        for node in walk(tree)
        if isinstance(node, Aggregate) and node.without
        for name in node.labels
    }
    families = plan.problem.families
    for name in sorted(names):
        made = [replace(family, labels={name: "x", **family.labels}) for family in families]
        for fired, _ in _pairs(plan):
            yield Scene(made, fired, True)


def _turned(plan: Plan) -> Iterator[Scene]:
    """One family without movement, or with far more of it."""
    for found in plan.boundaries[:MANY]:
        for point in found.points[:2]:
            for key, value in point.knobs.items():
                if key[1] in (LEVEL, SLOPE, TRAFFIC):
                    for changed in (0.0, value * 50, value / 50):
                        yield Scene(plan.problem.families, {**point.knobs, key: changed}, False)


def _exact(plan: Plan) -> Iterator[Scene]:
    """A value exactly at a threshold."""
    for found in plan.boundaries:
        fired = found.points[0].knobs
        ages = plan.problem.families[found.turned[0]].follows_time
        for number in plan.problem.constants:
            value = -number * ages if ages else number
            if value != fired.get(found.turned):
                yield Scene(plan.problem.families, {**fired, found.turned: value}, False)


def _drawn_together(problem: Problem, fired: Knobs, silent: Knobs, key: Key) -> Knobs:
    """The world where it flips, between one on either side."""
    yes, no = fired[key], silent[key]
    for _ in range(40):
        middle = (yes + no) / 2
        yes, no = (middle, no) if problem.fires({**fired, key: middle}) else (yes, middle)
    return {**fired, key: yes}


def _rounded(plan: Plan) -> Iterator[Scene]:
    """A share exactly at a threshold: 99 of 100, where the boundary lies between 98.996 and 99.004.

    Each is a whole number of 64ths, so that promtool's rates are the very numbers.
    """
    for found in plan.boundaries[:MANY]:
        kind = found.turned[1]
        middle = _drawn_together(plan.problem, found.points[0].knobs, found.points[1].knobs, found.turned)
        moving = {key: value for key, value in middle.items() if key[1] == kind and value > 0}
        if kind not in (LEVEL, SLOPE) or len(moving) < 2:
            continue
        for whole in (sum(moving.values()), *moving.values()):
            for parts in PARTS:
                exact = {key: round(value / whole * parts) / 64 for key, value in moving.items()}
                if all(exact.values()):
                    yield Scene(plan.problem.families, {**middle, **exact}, False)
