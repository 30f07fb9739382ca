"""The families of series that an expression needs: label sets that its matchers, groupings and joins accept.

Each selector gets the labels that it and what stands above it name. Where two sides of an operator then do not join,
`repaired` says which label of which selector to add or to leave out; the search tries that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promproof.proofs.dead import reads_native
from promproof.proofs.natives import FUNCTIONS
from promproof.proofs.shapes import Recorded
from promproof.proofs.strings import PLAIN, accepts, refused, values
from promproof.proofs.tree import (
    Aggregate,
    Binary,
    Call,
    Node,
    NotCovered,
    Number,
    Selector,
    Text,
    Window,
    walk,
)
from promproof.proofs.world import CHANGES, COPIES, LEVEL, QUANTILE, RESETS, SLOPE, TRAFFIC, Family

SCRAPED = {"job": "j", "instance": "host-1"}
"""Every scraped series has these."""
CLOCKS = ("time", "timestamp")
TRENDS = ("predict_linear", "deriv")
"""What a slope tells, with whatever level."""
COUNTS = ("count", "group", "count_values", "stddev", "stdvar", "quantile", "topk", "bottomk", "avg")
EDGES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
MOST_OF_ALL = 0.9
"""The share of a histogram's observations that lie below its knob, where no quantile is asked for."""
Choice = Mapping[tuple[int, str], bool]
Labelled = tuple[str, str, str]
"""A matcher with its label, as a selector has it."""
"""Whether a selector has a label: what differs from the first guess."""


@dataclass
class Use:
    """A selector that reads series, and what stands above it. function: of the window around it, if there is one.

    wanted: its matchers, and those of the selectors that read the recording rules that it stands in.
    """

    number: int
    selector: Selector
    path: tuple[Node, ...]
    wanted: tuple[Labelled, ...]
    function: str = ""
    seconds: float = 300.0
    q: float | None = None
    is_native: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    def matchers(self, name: str) -> list[tuple[str, str]]:
        return [(operator, value) for label, operator, value in self.wanted if label == name]

    def reads(self, family: Family) -> bool:
        """Whether a family is among its series."""
        names = {name for name, _, _ in self.wanted}
        return family.metric == self.selector.name and all(
            accepts(self.matchers(name), family.labels.get(name, "")) for name in names
        )

    def is_counted(self) -> bool:
        return any(
            (isinstance(node, Aggregate) and node.op in COUNTS and node.op != "avg") for node in self.path
        )

    def counts_values(self) -> bool:
        return any(isinstance(node, Aggregate) and node.op == "count_values" for node in self.path)

    def is_averaged(self) -> bool:
        return any(isinstance(node, Aggregate) for node in self.path)


def uses(root: Node, recorded: Recorded) -> list[Use]:
    """The selectors of an expression and of the recording rules that it reads."""
    found: list[Use] = []

    def visit(node: Node, path: tuple[Node, ...], depth: int, wanted: tuple[Labelled, ...]) -> None:
        if isinstance(node, Selector):
            wanted = (*node.matchers, *wanted)
            rules = recorded.get(node.name, ()) if node.name else ()
            for expression, given in rules if depth < 8 else ():
                left = tuple(matcher for matcher in wanted if matcher[0] not in {*given, "__name__"})
                visit(expression, (*path, node), depth + 1, left)
            if not rules:
                found.append(_use(len(found), node, path, wanted, recorded))
            return
        for child in node.children():
            visit(child, (*path, node), depth, wanted)

    visit(root, (), 0, ())
    return found


def _use(
    number: int,
    selector: Selector,
    path: tuple[Node, ...],
    wanted: tuple[Labelled, ...],
    recorded: Recorded,
) -> Use:
    made = Use(number, selector, path, wanted)
    for above, node in zip(reversed(path[:-1]), reversed(path), strict=False):
        if isinstance(node, Window) and isinstance(above, Call) and not made.function:
            made.function, made.seconds = above.name, node.seconds
    below: Sequence[Node] = (*path, selector)
    for place, node in enumerate(path):
        if isinstance(node, Call) and node.name == "histogram_quantile" and not made.matchers("le"):
            made.q = node.args[0].value if isinstance(node.args[0], Number) else 0.9
            made.is_native = reads_native(node, recorded)
        elif isinstance(node, Call) and node.name in FUNCTIONS:
            made.q, made.is_native = MOST_OF_ALL, True
        elif isinstance(node, Binary) and below[place + 1] is _without_buckets(node):
            made.q, made.is_native = None, False
    return made


def _without_buckets(node: Binary) -> Node | None:
    """The side of an operator whose series bring labels or presence alone, and never buckets."""
    if node.op in ("and", "unless"):
        return node.right
    return {"left": node.right, "right": node.left}.get(node.many)


def families(
    found: Sequence[Use],
    choice: Choice,
    constants: Sequence[float],
    root: Node,
    *,
    peers: bool = False,
    twins: bool = False,
) -> list[Family]:
    """The families for the selectors. peers: whether what is averaged has a member that may differ from the others.

    twins: whether there are two instances of everything, each with values of its own.

    Raises:
        NotCovered: no label value satisfies a selector's matchers.
    """
    _label(found, choice)
    made: dict[tuple[str, tuple[tuple[str, str], ...]], Family] = {}
    tracks = any(isinstance(node, Call) and node.name in CLOCKS for node in walk(root)) or any(
        isinstance(node, Binary) and _has_time(node) for use in found for node in use.path
    )
    shifts = any(isinstance(node, Selector | Window) and node.shift for node in walk(root))
    for use in found:
        for labels in [*_remainders(use, found)] or [use.labels]:
            for counted in range(2 if twins or use.is_counted() or (peers and use.is_averaged()) else 1):
                held = {**labels, "instance": f"{labels.get('instance', 'host')}-b"} if counted else labels
                metric = held.get("__name__", use.selector.name)
                plain = {name: value for name, value in held.items() if name != "__name__"}
                key = (metric, tuple(sorted(plain.items())))
                family = made.setdefault(key, Family(len(made), metric, plain, window=use.seconds))
                _give_knobs(family, use, tracks, shifts, constants)
                family.knobs[COPIES] = 0.0 if counted and not twins else 1.0
                family.copied = _copied(use)
                family.is_spread |= use.counts_values()
                family.is_native |= use.is_native
    for use in found:
        if use.function in TRENDS:  # of all that it reads, what narrower selectors read of it as well
            for family in filter(use.reads, made.values()):
                _give_knobs(family, use, tracks, shifts, constants)
    return list(made.values())


def _label(found: Sequence[Use], choice: Choice) -> None:
    named = {use.number: _named(use) for use in found}
    for (number, name), there in choice.items():
        (named[number].add if there else named[number].discard)(name)
    for name in sorted({name for names in named.values() for name in names}):
        holders = [use for use in found if name in named[use.number]]
        everybody = [matcher for use in holders for matcher in use.matchers(name)]
        first = [SCRAPED[name]] if name in SCRAPED else [*_origins(name, holders)]
        shared = values(everybody, first if not any(op in ("=", "=~") for op, _ in everybody) else ())
        taken: list[str] = []
        for use in holders:
            own = shared or values(use.matchers(name), taken)
            if not own:
                if accepts(use.matchers(name), ""):
                    continue
                raise NotCovered(f"no value of {name} was found for {use.selector.text}")
            use.labels[name] = own[0]
            taken.append(own[0])
    for use in found:
        use.labels = {name: value for name, value in use.labels.items() if name in named[use.number]}


def _origins(name: str, holders: Sequence[Use]) -> Iterator[str]:
    """What a label holds where `label_replace` takes a target's own label from all of it."""
    for node in (node for use in holders for node in use.path):
        if isinstance(node, Call) and node.name == "label_replace":
            target, said, source, pattern = (
                arg.value if isinstance(arg, Text) else "" for arg in node.args[1:]
            )
            if (
                source == name
                and target in SCRAPED
                and said in ("$1", "${1}")
                and pattern in ("(.*)", "(.+)")
            ):
                yield SCRAPED[target]


def _named(use: Use) -> set[str]:
    names = set(SCRAPED) | {name for name, _, _ in use.wanted}
    names -= {name for name, op, value in use.wanted if op == "=" and not value}
    for node in use.path:
        if isinstance(node, Aggregate) and not node.without:
            names |= set(node.labels)
        elif isinstance(node, Binary):
            names |= set(node.on or ())
        elif isinstance(node, Call) and node.name in ("label_replace", "label_join"):
            words = [arg.value for arg in node.args[1:] if isinstance(arg, Text)]
            names |= {words[2]} if node.name == "label_replace" else set(words[2:])
    if not use.matchers("le"):
        names.discard("le")
    if use.selector.name:
        names.discard("__name__")
    return {name for name in names if name}


def _remainders(use: Use, found: Sequence[Use]) -> Iterator[dict[str, str]]:
    """The selector's series that a narrower selector of the same metric leaves out."""
    for other in found:
        if other is use or other.selector.name != use.selector.name:
            continue
        for name in {name for name, _, _ in other.wanted}:
            mine, theirs = use.matchers(name), other.matchers(name)
            value = next(
                (
                    v
                    for v in (*values(mine), *refused(theirs), *PLAIN)
                    if accepts(mine, v) and not accepts(theirs, v)
                ),
                None,
            )
            if value is not None and mine != theirs:
                yield {**use.labels, name: value}


def _copied(use: Use) -> tuple[str, ...]:
    inner = [node for node in use.path if isinstance(node, Aggregate)]
    extra = inner[-1].labels if len(inner) > 1 and not inner[-1].without else ()
    fixed = {name for name, _, _ in use.wanted}

    def is_kept(name: str) -> bool:
        return bool(inner) and (name in inner[0].labels) != inner[0].without

    # copies that a grouping keeps apart would be counted one by one
    own = "id" if inner and not inner[0].without and is_kept("instance") else "instance"
    return (own, *(name for name in extra if name not in fixed and not is_kept(name) and name != "le"))


def _give_knobs(family: Family, use: Use, tracks: bool, shifts: bool, constants: Sequence[float]) -> None:
    knobs = family.knobs
    if use.q is not None:
        family.is_raw = not use.function and (family.q is None or family.is_raw)
        family.q = use.q
        edges = {edge for c in constants if 1e-6 < c < 1e13 for edge in (c / 4, c / 2, c, 2 * c, 4 * c)}
        family.edges = tuple(sorted({float(f"{edge:.10g}") for edge in (*edges, *EDGES)}))
        knobs.setdefault(QUANTILE, 1.0)
        knobs.setdefault(TRAFFIC, 10.0)
    elif use.function in ("rate", "increase", "irate"):
        knobs.setdefault(SLOPE, 1.0)
    elif use.function in ("delta", "idelta", "deriv"):
        knobs.setdefault(SLOPE, 0.0)
    elif use.function == "predict_linear":
        knobs.setdefault(SLOPE, 0.0)
        knobs.setdefault(LEVEL, 1.0)
    elif use.function in ("changes", "resets"):
        knobs.setdefault(CHANGES if use.function == "changes" else RESETS, 0.0)
        family.window = use.seconds
    else:
        knobs.setdefault(LEVEL, 1.0)
        if tracks and not use.function.endswith(("rate", "increase")):
            # of `timestamp(x)` the clock is compared with when a sample came, not with its value
            is_stamped = any(isinstance(node, Call) and node.name == "timestamp" for node in use.path)
            family.follows_time = 0.0 if is_stamped else _pace(use)
        if shifts:
            knobs.setdefault(SLOPE, 0.0)


def _pace(use: Use) -> float:
    """By how much a second a selector's series grow that keep pace with the clock that they are compared with."""
    factor = 1.0
    below: Node = use.selector
    for node in reversed(use.path):
        if isinstance(node, Binary):
            other = node.right if below is node.left else node.left
            if isinstance(other, Number) and other.value > 0 and node.op in ("*", "/"):
                factor *= other.value if node.op == "*" else 1 / other.value
            elif _has_time(node):
                return (_clock(node.left) or _clock(node.right)) / factor
        below = node
    return 0.0


def _has_time(node: Binary) -> bool:
    if node.op not in ("-", "<", ">", "<=", ">="):
        return False
    return bool(_clock(node.left) or _clock(node.right))


def _clock(node: Node) -> float:
    """By how much a second a side grows that is the clock, scaled or shifted by a number; 0 for any other."""
    if isinstance(node, Call):
        return _clock(node.args[0]) if node.name == "vector" else float(node.name in CLOCKS)
    if isinstance(node, Binary) and node.op in ("+", "-", "*", "/") and isinstance(node.right, Number):
        scale = {"*": node.right.value, "/": 1 / (node.right.value or 1.0)}.get(node.op, 1.0)
        return max(0.0, _clock(node.left) * scale)
    return 0.0


def repaired(found: Sequence[Use], choice: Choice, node: Binary, left: list, right: list) -> Iterator[Choice]:  # type: ignore[type-arg]  # label sets
    """Choices in which the sides of an operator may join, the likeliest first."""
    ours, theirs = dict(left[0]), dict(right[0])
    considered = set(ours) | set(theirs)
    considered -= set(node.ignoring) | {"__name__"}
    if node.on is not None:
        considered &= set(node.on)
    apart = sorted(name for name in considered if ours.get(name) != theirs.get(name))
    below = {True: _below(found, node.left), False: _below(found, node.right)}
    full: dict[tuple[int, str], bool] = dict(choice)
    bare: dict[tuple[int, str], bool] = dict(choice)
    unscraped: dict[tuple[int, str], bool] = {}
    for name in apart:
        is_left = name in ours
        for use in below[not is_left]:
            full[(use.number, name)] = True
        for use in below[is_left]:
            if name not in SCRAPED and not _needs(use, name):
                bare[(use.number, name)] = False
            elif name in SCRAPED and _is_recorded(use) and not _needs(use, name):
                unscraped[(use.number, name)] = False
    yield full
    if unscraped:
        yield {**{key: value for key, value in full.items() if key[1] not in SCRAPED}, **unscraped}
    yield bare
    yield {**bare, **full}


def _below(found: Sequence[Use], side: Node) -> list[Use]:
    return [use for use in found if side in use.path or use.selector is side]


def _is_recorded(use: Use) -> bool:
    """Whether its series, by their name, are those of a recording rule elsewhere: they may lack what a scrape adds."""
    return ":" in use.selector.name


def _needs(use: Use, name: str) -> bool:
    return not accepts(use.matchers(name), "")
