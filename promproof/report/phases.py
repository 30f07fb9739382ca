"""How long each phase of a run took, as its history tells it."""

from __future__ import annotations

from dataclasses import dataclass

from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Record
from promproof.evidence.records import DrillDriven, Ended, ExpositionRead, Phase, Run

BRING_UP, TRAFFIC, DRILL, REST, END = "bring up", "traffic", "drill", "at rest", "judging and the rest"


@dataclass(frozen=True)
class Took:
    """A phase, the run time (s) when it began, and its seconds."""

    name: str
    begin: float
    seconds: float


def phases(evidence: Evidence | None) -> list[Took]:
    """The phases of a run in the order of their begin, without those that it did not reach.

    Traffic and drill overlap: both are driven at the same time.
    """
    if evidence is None:
        return []
    history, found = evidence.history, []
    run, ended = history.last(Run), history.last(Ended)
    if run is not None:
        found.append(Took(BRING_UP, 0.0, run.t))
    for name, word in (("traffic", TRAFFIC), ("stimuli", REST)):
        begin, end = (_edge(evidence, name, edge) for edge in ("begin", "end"))
        if begin is not None and end is not None:
            found.append(Took(word, begin.t, end.t - begin.t))
    drills = [record.data for record in history.of(DrillDriven)]
    if drills:
        begun = min(drill.begun for drill in drills)
        found.append(Took(DRILL, begun, max(drill.ended for drill in drills) - begun))
    read = [record for record in history.of(ExpositionRead) if record.data.label == "rest-later"]
    if read and ended is not None:
        found.append(Took(END, read[-1].t, ended.t - read[-1].t))
    return sorted(found, key=lambda took: took.begin)


def _edge(evidence: Evidence, name: str, edge: str) -> Record[Phase] | None:
    return next((r for r in evidence.history.of(Phase) if (r.data.name, r.data.edge) == (name, edge)), None)
