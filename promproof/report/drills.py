"""What people read of a run of drills: the matrix drill x alert, and the time of each hop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from promproof.drills.case import Case, build, observations
from promproof.drills.drill import Loaded
from promproof.drills.hops import Hop, hops
from promproof.drills.states import State
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import DrillDriven
from promproof.report.tables import print_whole, table
from promproof.report.terminal import STYLE
from promproof.verdict import Outcome, Verdict

UNSEEN = "?"
_SIGN = {State.INACTIVE: "-", State.PENDING: "pending", State.FIRING: "FIRED"}


def show(console: Console, evidence: Evidence, drills: Sequence[Loaded], verdicts: Sequence[Verdict]) -> None:
    """The matrix, then the hops of every drill that came to its end."""
    rows = rows_of(evidence, drills, verdicts)
    print_whole(console, matrix(rows), lambda: [listed(rows)])
    cases = [row.case for row in rows if row.case is not None]
    ways = [(case, way) for case in cases if (way := hops(case))]
    if ways:
        console.print()
        print_whole(console, way_table(ways), lambda: [listed_ways(ways)])
    console.print()


@dataclass(frozen=True)
class Row:
    """A drill in the matrix. cells: what each alert did, as markup; case: None when it did not come to its end."""

    drill: str
    cells: Mapping[str, str]
    quiet: frozenset[str]
    """Alerts of which nothing was seen, and nothing was to be seen."""
    outcome: Outcome
    case: Case | None


def rows_of(evidence: Evidence, drills: Sequence[Loaded], verdicts: Sequence[Verdict]) -> list[Row]:
    """A row for each drill, in their order."""
    return [_row(evidence, drill.plan.name, verdicts) for drill in drills]


def _row(evidence: Evidence, name: str, verdicts: Sequence[Verdict]) -> Row:
    mine = [verdict for verdict in verdicts if verdict.claim.startswith(f"drill/{name}/")]
    case = _case(evidence, name)
    alerts = [alert.name for alert in evidence.contract.alerts]
    if case is None:
        return Row(name, dict.fromkeys(alerts, UNSEEN), frozenset(), worst(mine), None)
    furthest = {alert: _furthest(evidence, case, alert) for alert in alerts}
    quiet = {alert for alert, state in furthest.items() if state is State.INACTIVE} - {case.alert.name}
    cells = {alert: _cell(evidence, case, alert, state) for alert, state in furthest.items()}
    return Row(name, cells, frozenset(quiet), worst(mine), case)


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
