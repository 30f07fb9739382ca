"""Drills against alerts: what each alert did while each fault was there, and whether that was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promproof.drills.case import Case, build, observations
from promproof.drills.states import State
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import DrillDriven
from promproof.report.page.shapes import Swim
from promproof.verdict import Outcome


@dataclass(frozen=True)
class Cell:
    """What one alert did in one drill: the word, and a style: own, allowed, wrong, beside, quiet, unseen."""

    word: str
    style: str
    title: str


@dataclass(frozen=True)
class Matrix:
    """alerts: the columns; rows: a drill and its cells."""

    alerts: Sequence[str]
    rows: Sequence[tuple[Swim, Sequence[Cell]]]


def matrix(evidence: Evidence, swims: Sequence[Swim]) -> Matrix:
    """The table of all drills that were driven."""
    # a watchdog fires in every drill, and says nothing of any
    alerts = [alert.name for alert in evidence.contract.alerts if not alert.always]
    return Matrix(alerts, [(swim, _cells(evidence, swim, alerts)) for swim in swims])


def _cells(evidence: Evidence, swim: Swim, alerts: Sequence[str]) -> list[Cell]:
    try:
        case = build(evidence, swim.name)
        said = {verdict.claim.rpartition("/")[2]: verdict.outcome for verdict in swim.verdicts}
        return [_cell(case, name, _furthest(case, name), said) for name in alerts]
    except Gap as gap:
        return [Cell("?", "unseen", str(gap))] * len(alerts)


def _furthest(case: Case, name: str) -> State:
    states = {seen.state for seen in observations(case.evidence, name, case.begun, case.ended)}
    return next((state for state in (State.FIRING, State.PENDING) if state in states), State.INACTIVE)


_WORDS = {State.INACTIVE: "silent", State.PENDING: "pending", State.FIRING: "fired"}


def _cell(case: Case, name: str, state: State, said: Mapping[str, Outcome]) -> Cell:
    """A cell is wrong only where a claim of the drill says so."""
    word = _WORDS[state]
    if name == case.alert.name:
        wrong = Outcome.FAIL in (said.get(aspect) for aspect in ("fires-above", "silent-below", "quiet"))
        return Cell(word, "wrong" if wrong else "own", f"{name}, the drilled alert: {word}")
    if state is State.INACTIVE:
        return Cell("·", "quiet", f"{name} was silent")
    if name in _beside(case):
        return Cell(word, "beside", f"{name} {word}: another drill of it ran at the same time")
    if name in case.drill.may:
        return Cell(word, "allowed", f"{name} {word}, which the drill allows")
    return Cell(word, "wrong" if said.get("others-silent") is Outcome.FAIL else "allowed", f"{name} {word}")


def _beside(case: Case) -> set[str]:
    """Alerts of the drills that ran at the same time."""
    driven = case.evidence.need(DrillDriven, name=case.drill.name).data
    return {
        record.data.alert
        for record in case.evidence.history.of(DrillDriven)
        if record.data.batch == driven.batch and record.data.name != driven.name
    }
