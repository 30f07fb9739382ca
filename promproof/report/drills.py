"""What people read of a run of drills: the matrix drill x alert, and the time of each hop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from promproof.drills.case import Case, build, observations
from promproof.drills.drill import Loaded
from promproof.drills.hops import Hop, hops
from promproof.drills.states import State
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import DrillDriven
from promproof.report.lines import wrapped
from promproof.report.styles import STYLE
from promproof.report.tables import print_whole, table
from promproof.verdict import Outcome, Verdict

UNSEEN = "?"
STEPS = (("pending", "pending"), ("firing", "firing"), ("webhook", "told"))
"""Hops that everybody asks for, and what they are called in a sentence."""
_SIGN = {State.INACTIVE: "-", State.PENDING: "pending", State.FIRING: "FIRED"}


def show(
    console: Console,
    evidence: Evidence,
    drills: Sequence[Loaded],
    verdicts: Sequence[Verdict],
    *,
    verbose: bool = False,
) -> None:
    """What happened in each drill; verbose: the matrix and the hops of every drill that came to its end as well."""
    rows = rows_of(evidence, drills, verdicts)
    if verbose:
        print_whole(console, matrix(rows), lambda: [listed(rows)])
        cases = [row.case for row in rows if row.case is not None]
        ways = [(case, way) for case in cases if (way := hops(case))]
        if ways:
            console.print()
            print_whole(console, way_table(ways), lambda: [listed_ways(ways)])
        console.print()
    width = console.width if console.is_terminal else None
    for line in happened(rows, width):
        console.print(line, soft_wrap=True, highlight=False)
    console.print()


def happened(rows: Sequence[Row], width: int | None) -> Iterator[Text]:
    """A few lines for each drill, then the drilled alerts that stayed silent, and those that no drill is about.

    width: None for a pipe.
    """
    for row in rows:
        head = Text.assemble((f"{row.outcome} ", STYLE[row.outcome]), (f"{row.drill}: ", "bold"))
        said = wrapped(_course(row), None if width is None else max(width - len(head), 20))
        yield head + Text(said[0])
        for line in said[1:]:
            yield Text(" " * len(head) + line)
        for note in _notes(row):
            yield from (Text(f"  {line}") for line in wrapped(note, None if width is None else width - 2))
    known = [row for row in rows if row.case is not None]
    silent = [name for name in (known[0].furthest if known else ()) if not _fired(known, name)]
    # pulses are meant to fire nothing: a drill of them has no hops
    asked = {row.alert for row in known if row.case is not None and hops(row.case)}
    failed = [name for name in silent if name in asked]
    if failed:
        yield from map(Text, wrapped(f"drilled, and did not fire: {', '.join(failed)}", width))
    about = {row.alert for row in rows}
    others = [name for name in silent if name not in about]
    if others:
        yield Text(_enumerated("not drilled in this run", others, width))


def _enumerated(title: str, names: Sequence[str], width: int | None) -> str:
    """One line of names: all in a pipe (None), on a terminal as many as have room, and how many more there are."""
    text = f"{title}: {', '.join(names)}"
    shown = len(names)
    while width is not None and len(text) > width and shown > 0:
        shown -= 1
        more = f" and {len(names) - shown} more" if shown else f"{len(names)}"
        text = f"{title}: {', '.join(names[:shown])}{more}"
    return text


def _fired(rows: Iterable[Row], alert: str) -> bool:
    return any(row.furthest.get(alert) is State.FIRING for row in rows)


def _course(row: Row) -> str:
    """What the drilled alert did."""
    if row.case is None:
        return "it did not come to its end"
    if row.case.drill.dead_man:
        return _beats(row.case)
    way = {hop.name: hop.after for hop in hops(row.case)}
    if not way:
        return f"{row.case.alert.name} was {row.furthest[row.case.alert.name]}, as short pulses allow"
    steps = [f"{name} {way[key]:.2f} s" for key, name in STEPS if way.get(key) is not None]
    text = f"{', '.join(steps)} after the fault" if steps else f"{row.case.alert.name} did nothing"
    resolved = way.get("resolved webhook")
    return text if resolved is None else f"{text}; resolved told {resolved:.2f} s after the healing"


def _beats(case: Case) -> str:
    """What was told of an alert that always fires."""
    times = [delivery.t for delivery in case.delivered]
    begin, end, up = case.at("raised").done, case.healed, case.at("healed").done
    before, during = sum(t < begin for t in times), sum(begin < t < end for t in times)
    after = min((t - up for t in times if t > up), default=None)
    again = "never again" if after is None else f"again {after:.2f} s after the healing"
    return f"told {before} times before the fault, {during} times in its {end - begin:.2f} s, {again}"


def _notes(row: Row) -> Iterator[str]:
    """What else is worth a line: others that moved or could have, and hops outside of their brackets."""
    if row.case is None:
        return
    for state, names, is_one in _by_state(row, sorted(row.case.drill.may)):
        who, was = ("it", "was") if is_one else ("they", "were")
        did = "did not" if state is State.INACTIVE else f"{was} {state}"
        yield f"{names} may fire here: {who} {did}"
    for state, names, is_one in _by_state(row, [name for name in row.furthest if name not in row.expected]):
        if state is not State.INACTIVE:
            yield f"{names} {'was' if is_one else 'were'} {state} as well, which this drill does not name"
    for hop in hops(row.case):
        if hop.is_outside:
            yield _why_outside(hop, row.case)


def _by_state(row: Row, alerts: Sequence[str]) -> Iterator[tuple[State, str, bool]]:
    """How far alerts came: each state with the names of those that came to it, and whether it is one alone."""
    for state in reversed(State):
        names = [name for name in alerts if row.furthest.get(name, State.INACTIVE) is state]
        if names:
            yield state, ", ".join(names), len(names) == 1


def _why_outside(hop: Hop, case: Case) -> str:
    assert hop.allowed is not None
    text = f"{hop.name} {hop.after:.2f} s is outside of {hop.allowed.begin:.2f} to {hop.allowed.end:.2f} s: "
    if hop.until is not None and hop.until >= hop.allowed.begin:
        return (
            text
            + f"the question that showed it was answered at {hop.until:.2f} s, and it held at some time before"
        )
    return text + f"the verdict allows for this machine's lateness of {case.slack:.2f} s beside"


@dataclass(frozen=True)
class Row:
    """A drill in the matrix. cells: what each alert did, as markup; case: None when it did not come to its end."""

    drill: str
    cells: Mapping[str, str]
    quiet: frozenset[str]
    """Alerts of which nothing was seen, and nothing was to be seen."""
    outcome: Outcome
    case: Case | None
    furthest: Mapping[str, State] = field(default_factory=dict)
    """How far each alert came."""
    expected: frozenset[str] = frozenset()
    """Alerts that may move: the drilled one, those that the drill allows, those that are drilled at the same time."""
    alert: str = ""
    """The drilled one."""


def rows_of(evidence: Evidence, drills: Sequence[Loaded], verdicts: Sequence[Verdict]) -> list[Row]:
    """A row for each drill, in their order."""
    return [replace(_row(evidence, drill.plan.name, verdicts), alert=drill.plan.alert) for drill in drills]


def _row(evidence: Evidence, name: str, verdicts: Sequence[Verdict]) -> Row:
    mine = [verdict for verdict in verdicts if verdict.claim.startswith(f"drill/{name}/")]
    case = _case(evidence, name)
    # a watchdog fires in every drill, and says nothing of any
    alerts = [alert.name for alert in evidence.contract.alerts if not alert.always]
    if case is None:
        return Row(name, dict.fromkeys(alerts, UNSEEN), frozenset(), worst(mine), None)
    furthest = {alert: _furthest(evidence, case, alert) for alert in alerts}
    quiet = {alert for alert, state in furthest.items() if state is State.INACTIVE} - {case.alert.name}
    cells = {alert: _cell(evidence, case, alert, state) for alert, state in furthest.items()}
    expected = {case.alert.name, *case.drill.may, *_drilled(evidence, case)}
    return Row(name, cells, frozenset(quiet), worst(mine), case, furthest, frozenset(expected))


TITLE = "drill x alert (bold: the drilled one)"
WAYS = "seconds after the fault (resolved: after the healing) [allowed]"


def matrix(rows: Sequence[Row]) -> Table:
    """Drills against alerts: what each alert did, and whether that was right. `(may)`: the drill allows it."""
    made = table("drill", *(rows[0].cells if rows else ()), "verdict", title=TITLE)
    for row in rows:
        made.add_row(row.drill, *row.cells.values(), _styled(row.outcome))
    return made


def listed(rows: Sequence[Row]) -> Table:
    """The same where the matrix is too wide: the alerts that moved stand below each other."""
    made = table("verdict", title=TITLE)
    made.add_column("drill", overflow="fold")
    made.add_column("alerts", overflow="fold")
    for row in rows:
        moved = [f"{name} {cell}" for name, cell in row.cells.items() if name not in row.quiet]
        others = [f"{len(row.quiet)} others -"] if row.quiet else []
        if set(moved) == {f"{name} {UNSEEN}" for name in row.cells}:
            moved, others = [UNSEEN], []
        made.add_row(_styled(row.outcome), row.drill, "\n".join([*moved, *others]))
    return made


def _styled(outcome: Outcome) -> str:
    return f"[{STYLE[outcome]}]{outcome}[/]"


def way_table(ways: Sequence[tuple[Case, Sequence[Hop]]]) -> Table:
    """One column for each drill: seconds after the fault, and the allowed window; the last row is after the healing."""
    made = table("hop", *(case.drill.name for case, _ in ways), title=WAYS)
    for row, hop in enumerate(ways[0][1]):
        made.add_row(hop.name, *(escape(_hop(way[row])) for _, way in ways))
    return made


def listed_ways(ways: Sequence[tuple[Case, Sequence[Hop]]]) -> Table:
    """The same where that is too wide: the hops of each drill below its name."""
    made = table(title=WAYS)
    made.add_column("drill", overflow="fold")
    made.add_column("hop", no_wrap=True)
    made.add_column("seconds", no_wrap=True)
    for case, way in ways:
        for number, hop in enumerate(way):
            made.add_row(case.drill.name if number == 0 else "", hop.name, escape(_hop(hop)))
    return made


def ways_json(evidence: Evidence, drills: Sequence[Loaded]) -> list[dict[str, Any]]:
    """The hops as plain data, for the JSON report."""
    found = []
    for drill in drills:
        case = _case(evidence, drill.plan.name)
        for hop in hops(case) if case is not None else ():
            allowed = [hop.allowed.begin, hop.allowed.end] if hop.allowed is not None else None
            found.append({"drill": drill.plan.name, "hop": hop.name, "after": hop.after, "allowed": allowed})
    return found


def worst(verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome of a whole drill."""
    order = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_VERIFIED, Outcome.PASS)
    found = {verdict.outcome for verdict in verdicts}
    return next((outcome for outcome in order if outcome in found), Outcome.UNKNOWN)


def _case(evidence: Evidence, name: str) -> Case | None:
    try:
        case = build(evidence, name)
        _ = case.raised, case.healed, case.seen
        return case
    except Gap:
        return None


def _furthest(evidence: Evidence, case: Case, name: str) -> State:
    states = {seen.state for seen in observations(evidence, name, case.begun, case.ended)}
    return next((state for state in (State.FIRING, State.PENDING) if state in states), State.INACTIVE)


def _cell(evidence: Evidence, case: Case, name: str, furthest: State) -> str:
    if name == case.alert.name:
        return f"[bold]{_SIGN[furthest]}[/]"
    if name in case.drill.may and furthest is not State.INACTIVE:
        return f"{_SIGN[furthest]} (may)"
    return f"[dim]{_SIGN[furthest]}[/]" if name in _drilled(evidence, case) else _SIGN[furthest]


def _drilled(evidence: Evidence, case: Case) -> set[str]:
    """Alerts of the drills that ran at the same time."""
    batch = evidence.need(DrillDriven, name=case.drill.name).data.batch
    return {record.data.alert for record in evidence.history.of(DrillDriven) if record.data.batch == batch}


def _hop(hop: Hop) -> str:
    text = "-" if hop.after is None else f"{hop.after:.2f}"
    return text if hop.allowed is None else f"{text} [{hop.allowed.begin:.2f} to {hop.allowed.end:.2f}]"
