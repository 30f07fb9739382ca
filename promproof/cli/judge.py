"""`promproof judge`: the verdicts of a run again, from its folder alone: no network, no clock, no program of a stack.

The same records and the same contract give the same verdicts, wherever the folder has been copied to.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promproof import plugins
from promproof.checks import claims
from promproof.checks.base import Pairs
from promproof.contract.model import load
from promproof.crash import Tracebacks
from promproof.drills.drill import Loaded
from promproof.drills.drill import load as load_drill
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import read
from promproof.evidence.records import Ended, Inputs, Trouble
from promproof.report import drills as matrix
from promproof.report import junit
from promproof.report.files import write_json
from promproof.report.terminal import console_of, show
from promproof.run import drills as drilled
from promproof.run import halves
from promproof.run.ending import Ending
from promproof.run.secrecy import HISTORY
from promproof.verdict import Outcome, Verdict, exit_status

WIDTH = 160
KILLED = "the history has no end: the run was killed"
TRACEBACKS = "tracebacks-judge.txt"
"""in the folder of the run: of checks that raised when it was judged again"""


@dataclass(frozen=True)
class Judged:
    """A run that was judged again. drills: of a run of drills; none of the main job."""

    evidence: Evidence
    drills: Sequence[Loaded]
    verdicts: list[Verdict]
    ending: Ending


def run(given: dict[str, Any]) -> int:
    """The exit status."""
    plugins.use(given["plugins"])
    junit.check_path(given["junit"])
    return judge(
        Path(given["folder"]),
        strict=given["strict"],
        json=given["json"],
        xml=given["junit"],
        verbose=given["verbose"],
    )


def judge(
    folder: Path,
    *,
    strict: bool = False,
    json: Path | None = None,
    xml: Path | None = None,
    verbose: bool = False,
) -> int:
    """Judge a run again, print what it printed, and give the exit status that it gave.

    Raises:
        InputError: the folder is not one of a run that can be judged.
    """
    found = judged(folder)
    console = console_of(sys.stdout, least=WIDTH)
    if found.drills:
        matrix.show(console, found.evidence, found.drills, found.verdicts, verbose=verbose)
    base = str(Path.cwd())
    show(console, found.verdicts, found.ending, evidence=found.evidence, verbose=verbose, base=base)
    status = exit_status(found.verdicts, strict=strict, incomplete=found.ending.incomplete)
    if json is not None:
        about = {"id": found.evidence.history.run, "time_scale": found.evidence.scale.factor}
        write_json(
            json,
            found.verdicts,
            found.ending,
            strict=strict,
            status=status,
            run=about,
            evidence=found.evidence,
        )
    if xml is not None:
        run = found.evidence.history.run
        junit.write(xml, run, found.verdicts, found.ending, strict=strict, evidence=found.evidence)
    return status


def judged(folder: Path) -> Judged:
    """The verdicts of a run.

    Raises:
        InputError: the folder is not one of a run that can be judged.
    """
    if not (folder / HISTORY).is_file():
        raise InputError(
            what="has no history",
            where=str(folder / HISTORY),
            expected="the folder of a run of verify or drill, in reports/",
            todo="name another folder; a load session keeps no history, and its report says what it was judged by",
        )
    history = read(folder / HISTORY)
    record = history.last(Inputs)
    if record is None:
        raise InputError(
            what="the run ended before it recorded what it was given",
            where=str(folder / HISTORY),
            expected="a record 'inputs'",
            todo="run again",
        )
    inputs = record.data
    evidence = Evidence(load(folder / inputs.contract).of_job(inputs.scrape_job), history)
    paths = [folder / name for name in inputs.drills] if inputs.job == "drills" else []
    drills = [Loaded(plan=load_drill(path), path=path) for path in paths]
    pairs: Pairs = drilled.claims(drills) if inputs.job == "drills" else claims(evidence.contract)
    ended, trouble = history.last(Ended), next(history.of(Trouble), None)
    ending = Ending(
        trouble.data.error if trouble is not None else _unended(ended is None),
        interrupted=ended is not None and ended.data.interrupted,
        crashes=ended.data.crashes if ended is not None else 0,
    )
    verdicts = halves.all_of(pairs, evidence, Tracebacks(folder / TRACEBACKS).keep)
    killed = ended is None and trouble is None
    return Judged(
        evidence, drills, [_left_open(verdict) for verdict in verdicts] if killed else verdicts, ending
    )


def _left_open(verdict: Verdict) -> Verdict:
    """A verdict of a run that was killed: what is unknown is so for that reason, as after any other trouble."""
    if verdict.outcome is not Outcome.UNKNOWN:
        return verdict
    return replace(verdict, reason=f"{verdict.reason}; the run broke off: {KILLED}", symptom=True)


def _unended(broken: bool) -> str | None:
    return KILLED if broken else None
