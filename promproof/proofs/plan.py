"""From one alert to the points that promtool is asked about: pure, no program is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from promproof.config.durations import format_duration
from promproof.proofs import clocks, dead, itself, natives
from promproof.proofs.evaluate import Unevaluable
from promproof.proofs.flips import Boundary, Turned, boundary
from promproof.proofs.history import Past, give_past, past
from promproof.proofs.labels import Choice, families, repaired, uses
from promproof.proofs.pace import all_nodes, at_least, has_windows, one_scrape, times
from promproof.proofs.resting import resting
from promproof.proofs.search import Key, Knobs, Problem, comparisons, constants, solve
from promproof.proofs.shapes import Recorded
from promproof.proofs.signatures import matches
from promproof.proofs.tree import Aggregate, Binary, Call, Node, NotCovered, Selector, Window, parse, walk
from promproof.proofs.turning import accompanied, presence, restarts, uncrowded
from promproof.proofs.world import COPIES, LEVEL, SLOPE

LATEST = 40 * 86400.0
"""promtool's clock is not turned further than that for an age."""
FINER = 3
"""How much more often series are scraped where nothing says how often, and no alert was found."""
ROUNDS = 14
"""Label choices that are tried."""


@dataclass
class Plan:
    """What is to be asked. impossible: why it can't fire. itself: the quotient of each series with itself."""

    problem: Problem
    every: float
    fired: Knobs | None = None
    boundaries: list[Boundary] = field(default_factory=list)
    open: list[Binary] = field(default_factory=list)
    impossible: str = ""
    itself: str = ""
    always: bool = False
    """Whether it reads no series at all."""
    refused: str = ""
    """The operator that PromQL refuses as soon as there are further series of a metric that it reads."""
    notes: list[str] = field(default_factory=list)
    error: str = ""
    worlds: list[Knobs] = field(default_factory=list)
    moments: tuple[tuple[float, bool], ...] = ()
    """Of an alert that only the clock decides: when it is asked, and whether it fires then."""

    @cached_property
    def at_rest(self) -> list[Boundary]:
        """The boundaries with nothing that drifts, where something does at its own."""
        return resting(self.problem, self.boundaries)

    @property
    def moves(self) -> bool:
        """Whether a value at its boundary does not stay there: a gauge on a slope, a stamp that goes with time."""
        return bool(self.at_rest) or any(family.follows_time for family in self.problem.families)

    def native(self) -> str:
        """What it reads of native histograms; empty: nothing."""
        found = (
            node.text
            for node in all_nodes(self.problem.root, self.problem.recorded)
            if (isinstance(node, Call) and node.name in natives.FUNCTIONS)
            or dead.reads_native(node, self.problem.recorded)
        )
        return next(found, "")

    def is_pinned(self) -> bool:
        """Whether it looks at a moment that stays (`@`): what was there heals no more."""
        found = all_nodes(self.problem.root, self.problem.recorded)
        return any(isinstance(node, Selector | Window) and node.at is not None for node in found)

    def reads(self, alert: str) -> frozenset[str] | None:
        """All metrics that an alert of this name reads, and itself; None when there may be others."""
        found = all_nodes(self.problem.root, self.problem.recorded)
        names = {node.name for node in found if isinstance(node, Selector)}
        return None if names & {"", "ALERTS", "ALERTS_FOR_STATE"} else frozenset({*names, f"alert {alert}"})


def turned(
    expression: str, recorded: Recorded, scrape: float | None = None, *, left_open: bool = False
) -> Plan | None:
    """The plan for an expression that compares a metric with its own past, with series that change; None for others.

    Raises:
        NotCovered: why there is none.
    """
    root = parse(expression)
    step, every, moment = times(root, recorded, scrape)
    told = past(root, recorded, step, moment)
    if told is None:
        return None
    plan = _firing(root, recorded, step, every, moment, told, left_open=left_open)
    if plan.fired is not None:
        plan.notes.append(f"asked {format_duration(told.age)} after its series changed")
        _bound(plan)
    return plan


def planned(
    expression: str, recorded: Recorded, scrape: float | None = None, *, left_open: bool = False
) -> Plan:
    """The plan for an expression. left_open: whether windows leave their left edge out: since Prometheus 3.

    Raises:
        NotCovered: why there is none.
    """
    root = parse(expression)
    step, every, moment = times(root, recorded, scrape)
    impossible = dead.reason(root, recorded)
    if not impossible and scrape is not None:
        impossible = one_scrape(root, recorded, scrape)
        if impossible:  # never at the very moment of a scrape, which would see two of them
            every = step * 0.7
            moment = next(k * every for k in range(3, 99) if k % 10 and k * every >= moment)
    if impossible:
        try:
            plan = Plan(_problem(root, recorded, {}, step, moment, left_open=left_open), every)
        except NotCovered:  # no label value at all: then there is nothing to ask about
            plan = Plan(Problem(root, [], (), step, moment, recorded), every)
        plan.impossible = impossible
        plan.worlds = list(restarts(plan.problem))
        return plan
    if not uses(root, recorded):
        if not any(clocks.reads_clock(node) for node in all_nodes(root, recorded)):
            return Plan(Problem(root, [], (), step, moment, recorded), every, always=True, worlds=[{}])
        moments, minute = clocks.turns(root, recorded), clocks.MINUTE
        error = "" if moments else "it says the same at every minute of nine days"
        return Plan(Problem(root, [], (), minute, moment, recorded), minute, moments=moments, error=error)
    plan = _searched(root, recorded, step, every, moment, left_open=left_open)
    if plan.fired is None and left_open and scrape is None and has_windows(root, recorded):
        finer = times(root, recorded, step / FINER)  # each window holds a sample less than it did before
        closer = _searched(root, recorded, *finer, left_open=left_open)
        plan = plan if closer.fired is None else closer
    if plan.fired is None:
        return plan
    _bound(plan)
    return plan


def _searched(
    root: Node, recorded: Recorded, step: float, every: float, moment: float, *, left_open: bool
) -> Plan:
    plan = _firing(root, recorded, step, every, moment, left_open=left_open)
    if plan.fired is None and any(isinstance(node, Call) and node.name == "time" for node in walk(root)):
        later = min(2 * max(constants(root), default=0.0), LATEST)
        if later > moment:  # an age that nothing has yet
            plan = _firing(root, recorded, *at_least(step, later, root), left_open=left_open)
    averages = any(isinstance(node, Aggregate) for node in walk(root))
    if plan.fired is None and averages and past(root, recorded, step, moment) is None:
        differing = _firing(root, recorded, step, every, moment, peers=True, left_open=left_open)
        plan = plan if differing.fired is None else differing
    if plan.fired is None and _parts_by_value(root):
        two = _firing(root, recorded, step, every, moment, twins=True, left_open=left_open)
        plan = plan if two.fired is None else two
    return plan


def _parts_by_value(root: Node) -> bool:
    """Whether sides of one metric are told apart by a value alone: `(x and r == 0) - on (e) (x and r == 1)`."""
    guarded = [
        {part.name for part in walk(node) if isinstance(part, Selector)}
        for node in walk(root)
        if isinstance(node, Binary) and node.op in ("and", "unless")
    ]
    return any(one & other for place, one in enumerate(guarded) for other in guarded[:place])


def _problem(
    root: Node,
    recorded: Recorded,
    choice: Choice,
    step: float,
    moment: float,
    *,
    peers: bool = False,
    twins: bool = False,
    left_open: bool,
) -> Problem:
    numbers = constants(root)
    series = families(uses(root, recorded), choice, numbers, root, peers=peers, twins=twins)
    return Problem(root, series, numbers, step, moment, recorded, needed=moment, left_open=left_open)


def _firing(
    root: Node,
    recorded: Recorded,
    step: float,
    every: float,
    moment: float,
    told: Past | None = None,
    *,
    peers: bool = False,
    twins: bool = False,
    left_open: bool,
) -> Plan:
    """A plan with a world in which the alert fires; without one, the reason is its error.

    told: of series that changed; peers: whether one series may differ from those that it is averaged with.
    twins: whether there are two instances of everything.
    """
    waiting, tried = [dict[tuple[int, str], bool]()], 0
    # what compares itself with its past is rarely told by steady series, unless a slope is all that is asked of them
    foresees = any(
        isinstance(node, Call) and node.name == "predict_linear" for node in all_nodes(root, recorded)
    )
    further = 400 if told or foresees or past(root, recorded, step, moment) is None else 150
    seen_choices: set[tuple[tuple[tuple[int, str], bool], ...]] = set()
    refusal = ""
    plan: Plan | None = None
    while waiting and tried < ROUNDS:
        choice: Choice = waiting.pop(0)
        key = tuple(sorted(choice.items()))
        if key in seen_choices:
            continue
        seen_choices.add(key)
        tried += 1
        problem = _problem(
            root, recorded, choice, step, moment, peers=peers, twins=twins, left_open=left_open
        )
        usual = problem.moment
        if any(clocks.reads_dates(node) for node in all_nodes(root, recorded)):
            problem.moment = clocks.moment(problem, every)
        if told is not None:
            problem.age, problem.reach = told.age, told.reach
            give_past(problem.families, told, problem.moment)
        plan = plan or Plan(problem, every)
        for start in restarts(problem):
            knobs = solve(problem, start, problem.miss, 900 if tried == 1 else further)
            if knobs is not None:
                return Plan(problem, every, knobs, notes=clocks.note(usual, problem.moment))
        try:
            seen = problem.result(problem.knobs())[1]
        except Unevaluable as error:
            refusal = f"{error}: {error.node.text}"
            continue
        for node, (left, right) in list(seen.apart.items())[:2]:
            if isinstance(node, Binary):
                found = uses(root, recorded)
                waiting += [dict(c) for c in repaired(found, choice, node, left, right)]
    assert plan is not None
    plan.error = refusal or _unfired(told or past(root, recorded, step, moment))
    return plan


def _unfired(told: Past | None) -> str:
    if told is None:
        return "no series were found that make it fire"
    return f"it compares {min(told.metrics)} with its own past, and no change was found that makes it fire"


def _bound(plan: Plan) -> None:
    problem, fired = plan.problem, plan.fired
    assert fired is not None
    known: Turned = {}
    for node in comparisons(problem.root):
        if any(itself.is_against_itself(part) for part in walk(node)):
            plan.open.append(node)
            continue
        found = (
            boundary(problem, fired, node, known)
            or _elsewhere(problem, node)
            or _alone(problem, fired, node)
            or accompanied(problem, fired, node)
            or uncrowded(problem, fired, node)
        )
        if found is not None:
            plan.boundaries.append(found)
        else:
            plan.open.append(node)
    for node in plan.open:
        for quotient in walk(node):
            if itself.is_against_itself(quotient):
                how = "divided by" if itself.is_divided_by_itself(quotient) else "compared with"
                plan.itself = f"each series is {how} itself: {quotient.text}"
                plan.worlds = _shares(problem, fired)
                return
    if plan.boundaries:
        return
    there = presence(problem, fired)
    living = set(_living(problem.root, problem.recorded))
    if there is not None and all(
        node not in living or dead.always(node, problem.recorded) or clocks.is_clock(node)
        for node in plan.open
    ):
        plan.boundaries.append(there)
    elif plan.open:
        _refused(plan, fired)


def _living(node: Node, recorded: Recorded) -> Iterator[Node]:
    """All nodes but those below a side of `or` that never holds."""
    yield node
    sides = node.children()
    if isinstance(node, Binary) and node.op == "or":
        sides = tuple(side for side in sides if not dead.reason(side, recorded))
    for side in sides:
        yield from _living(side, recorded)


def _refused(plan: Plan, fired: Knobs) -> None:
    everything = {key: max(1.0, value) if key[1] == COPIES else value for key, value in fired.items()}
    try:
        plan.problem.result(everything)
    except Unevaluable as error:
        plan.refused, plan.worlds = error.node.text, [everything]


def _shares(problem: Problem, fired: Knobs) -> list[Knobs]:
    """Worlds in which the first family has ever less of the whole, and the alert would have to become silent."""
    return [
        {
            key: value * (share if key[0] == 0 and key[1] in (SLOPE, LEVEL) else 1.0)
            for key, value in fired.items()
        }
        for share in (1.0, 0.1, 1e-2, 1e-4)
    ]


def _elsewhere(problem: Problem, node: Binary) -> Boundary | None:
    """The boundary of a comparison that decides only where other alternatives of an `or` do not hold."""
    others: list[Node] = []
    alone = _pruned(problem.root, node, others)

    def objective(knobs: Knobs) -> float:
        gap, *besides = problem.misses(knobs, [alone, *others])
        return gap + sum(0.3 for far in besides if far == 0)

    small = {key: value if key[1] == COPIES else value / 1000 for key, value in problem.knobs().items()}
    for start in (*restarts(problem), small) if others else (small,):
        knobs = solve(problem, _first(problem, start, node), objective, 400)
        if knobs is not None and problem.fires(knobs):
            return boundary(problem, knobs, node)
    return None


def _first(problem: Problem, start: Knobs, node: Node) -> Knobs:
    """The knobs of what an expression reads before the others: a search turns them in their order."""
    read = [part for part in walk(node) if isinstance(part, Selector)]

    def is_read(key: Key) -> bool:
        family = problem.families[key[0]]
        labels = (("__name__", family.metric), *sorted(family.labels.items()))
        return any(matches(part, labels) for part in read)

    return dict(sorted(start.items(), key=lambda item: not is_read(item[0])))


def _alone(problem: Problem, fired: Knobs, node: Binary) -> Boundary | None:
    """The boundary where all stand still that need not move: `a + b > 0` is silent when the last of them stops."""
    still = dict(fired)
    for key in fired:
        if key[1] in (LEVEL, SLOPE) and problem.fires({**still, key: 0.0}):
            still[key] = 0.0
    return boundary(problem, still, node) if still != fired else None


def _pruned(node: Node, target: Node, others: list[Node]) -> Node:
    if isinstance(node, Aggregate) and node is not target:
        return replace(node, inner=_pruned(node.inner, target, others))
    if node is target or not isinstance(node, Binary):
        return node
    inside = any(part is target for part in walk(node.left))
    if node.op == "or":
        others.append(node.right if inside else node.left)
        return _pruned(node.left if inside else node.right, target, others)
    if inside:
        return replace(node, left=_pruned(node.left, target, others))
    return replace(node, right=_pruned(node.right, target, others))
