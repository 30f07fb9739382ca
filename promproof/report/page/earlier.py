"""Runs that came before: their outcomes and claims, as they stand in the report.json of each folder.

What a page tells of them is kept in the run's own folder, so that the page can be made again from that folder alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from promproof.config import jsonlines
from promproof.verdict import Outcome, Verdict

MOST = 12
"""runs that a page shows"""
FILE = "earlier.json"
"""in the folder of a run: what it knew of those before it"""


@dataclass(frozen=True)
class Past:
    """A run before this one. begun: from its folder's name; seconds: 0 where it did not say."""

    name: str
    outcomes: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    status: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many claims had each outcome."""
        found = list(self.outcomes.values())
        return {str(outcome): found.count(str(outcome)) for outcome in Outcome if str(outcome) in found}

    @property
    def outcome(self) -> Outcome:
        """The one word for it, by its exit status."""
        return {0: Outcome.PASS, 1: Outcome.FAIL}.get(self.status, Outcome.UNKNOWN)


@dataclass(frozen=True)
class Flip:
    """A claim whose outcome is another one than before; empty where the claim is not there."""

    claim: str
    before: str
    now: str


def flips(before: Past, verdicts: Sequence[Verdict]) -> list[Flip]:
    """Claims that changed since a run: first those that are worse now."""
    now = {verdict.claim: str(verdict.outcome) for verdict in verdicts}
    found = [
        Flip(claim, before.outcomes.get(claim, ""), now.get(claim, ""))
        for claim in [*now, *(claim for claim in before.outcomes if claim not in now)]
        if before.outcomes.get(claim, "") != now.get(claim, "")
    ]
    rank = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1}
    return sorted(found, key=lambda flip: rank.get(Outcome(flip.now), 2) if flip.now else 3)


@dataclass(frozen=True)
class Unsteady:
    """A claim that had more than one outcome. course: its outcomes, the oldest first, each with how often in a row."""

    claim: str
    course: tuple[tuple[str, int], ...]


def unsteady(runs: Sequence[Past], verdicts: Sequence[Verdict]) -> list[Unsteady]:
    """The claims of a run whose outcome changed within it and those before, the most often broken first.

    runs: the newest first. A run in which the claim was not asked for is left out; with one run there is no course.
    """
    if len(runs) < 2:
        return []
    found = []
    for verdict in verdicts:
        seen = [run.outcomes[verdict.claim] for run in reversed(runs) if verdict.claim in run.outcomes]
        course = tuple((word, len(list(group))) for word, group in groupby([*seen, str(verdict.outcome)]))
        if len(course) > 1:
            found.append(Unsteady(verdict.claim, course))
    red = (str(Outcome.FAIL), str(Outcome.UNKNOWN))
    return sorted(
        found, key=lambda claim: (not any(word in red for word, _ in claim.course), -len(claim.course))
    )


def kind_of(name: str) -> str:
    """The kind of run, from the name of its folder: `drill`, `load-root`; empty for the main job."""
    return name.rpartition("-")[0]


def before(folder: Path) -> list[Past]:
    """The runs of the same kind beside a run's folder that are older by their names, the newest first."""
    folder = folder.absolute()
    found: list[Past] = []
    names = (
        sorted((path.name for path in folder.parent.iterdir()), reverse=True)
        if folder.parent.is_dir()
        else []
    )
    for name in names:
        if name < folder.name and kind_of(name) == kind_of(folder.name) and len(found) < MOST:
            found += past(folder.parent / name)
    return found


def past(folder: Path) -> Iterator[Past]:
    """The run of a folder; nothing where its report.json is missing or no such file."""
    try:
        document = jsonlines.written(folder / "report.json")
        outcomes = {row["claim"]: str(Outcome(row["outcome"])) for row in document["verdicts"]}
        seconds, status = _seconds(document), document["exit_status"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    if isinstance(status, int):
        yield Past(folder.name, outcomes, seconds, status)


def _seconds(document: Mapping[str, Any]) -> float:
    """How long a run lasted: as it says itself, else until its last phase was over; phases overlap."""
    said = document["run"].get("seconds")
    if isinstance(said, int | float):
        return float(said)
    return max(
        (phase.get("begin", 0.0) + phase["seconds"] for phase in document.get("phases", ())), default=0.0
    )


def keep(folder: Path, runs: Sequence[Past]) -> None:
    """Write down what a run knows of those before it."""
    rows: list[dict[str, Any]] = [asdict(run) for run in runs]
    (folder / FILE).write_text(json.dumps({"earlier": 1, "runs": rows}) + "\n", encoding="utf-8")


def kept(folder: Path) -> list[Past]:
    """What a run knew of those before it; nothing where that was not kept."""
    try:
        rows = jsonlines.written(folder / FILE)["runs"]
        return [Past(**row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return []
