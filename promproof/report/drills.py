"""What people read of a run of drills: the matrix drill x alert, and the time of each hop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from promproof.drills.case import Case, build, observations
from promproof.drills.drill import Loaded
from promproof.drills.hops import Hop, hops
from promproof.drills.states import State
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import DrillDriven
from promproof.report.terminal import STYLE
from promproof.verdict import Outcome, Verdict

_SIGN = {State.INACTIVE: "-", State.PENDING: "pending", State.FIRING: "FIRED"}


def show(console: Console, evidence: Evidence, drills: Sequence[Loaded], verdicts: Sequence[Verdict]) -> None:
    """The matrix, then the hops of every drill that came to its end."""
    console.print(matrix(evidence, drills, verdicts))
    cases = [case for one in drills if (case := _case(evidence, one.plan.name)) is not None]
    ways = [(case, way) for case in cases if (way := hops(case))]
    if ways:
        console.print(way_table(ways))


def matrix(evidence: Evidence, drills: Sequence[Loaded], verdicts: Sequence[Verdict]) -> Table:
    """Drills against alerts: what each alert did, and whether that was right. `(may)`: the drill allows it."""
    names = [alert.name for alert in evidence.contract.alerts]
    table = Table(
        title="drill x alert (bold: the drilled one)",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        pad_edge=False,
    )
    table.add_column("drill", no_wrap=True)
    for name in names:
        table.add_column(name, no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for one in drills:
        mine = [v for v in verdicts if v.claim.startswith(f"drill/{one.plan.name}/")]
        outcome = worst(mine)
        case = _case(evidence, one.plan.name)
        cells = [_cell(evidence, case, name) for name in names] if case is not None else ["?"] * len(names)
        table.add_row(one.plan.name, *cells, f"[{STYLE[outcome]}]{outcome}[/]")
    return table


def way_table(ways: Sequence[tuple[Case, Sequence[Hop]]]) -> Table:
    """One column for each drill: seconds after the fault, and the allowed window; the last row is after the healing."""
    table = Table(
        title="seconds after the fault (resolved: after the healing) [allowed]",
        box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False,
    )  # fmt: skip
    table.add_column("hop", no_wrap=True)
    for case, _ in ways:
        table.add_column(case.drill.name, no_wrap=True)
    for row in range(len(ways[0][1])):
        table.add_row(ways[0][1][row].name, *(escape(_hop(way[row])) for _, way in ways))
    return table


def ways_json(evidence: Evidence, drills: Sequence[Loaded]) -> list[dict[str, Any]]:
    """The hops as plain data, for the JSON report."""
    found = []
    for one in drills:
        case = _case(evidence, one.plan.name)
        for hop in hops(case) if case is not None else ():
            allowed = [hop.allowed.begin, hop.allowed.end] if hop.allowed is not None else None
            found.append({"drill": one.plan.name, "hop": hop.name, "after": hop.after, "allowed": allowed})
    return found


def worst(verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome of a whole drill."""
    order = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_VERIFIED, Outcome.PASS)
    return next((one for one in order if any(v.outcome is one for v in verdicts)), Outcome.UNKNOWN)


def _case(evidence: Evidence, name: str) -> Case | None:
    try:
        case = build(evidence, name)
        _ = case.raised, case.healed, case.seen
        return case
    except Gap:
        return None


def _cell(evidence: Evidence, case: Case, name: str) -> str:
    states = {one.state for one in observations(evidence, name, case.begun, case.ended)}
    furthest = next((one for one in (State.FIRING, State.PENDING) if one in states), State.INACTIVE)
    if name == case.alert.name:
        return f"[bold]{_SIGN[furthest]}[/]"
    if name in case.drill.may and furthest is not State.INACTIVE:
        return f"{_SIGN[furthest]} (may)"
    return f"[dim]{_SIGN[furthest]}[/]" if name in _drilled(evidence, case) else _SIGN[furthest]


def _drilled(evidence: Evidence, case: Case) -> set[str]:
    """Alerts of the drills that ran at the same time."""
    batch = evidence.need(DrillDriven, name=case.drill.name).data.batch
    return {one.data.alert for one in evidence.history.of(DrillDriven) if one.data.batch == batch}


def _hop(hop: Hop) -> str:
    text = "-" if hop.after is None else f"{hop.after:.2f}"
    return text if hop.allowed is None else f"{text} [{hop.allowed.begin:.2f} to {hop.allowed.end:.2f}]"
