"""`promproof mutate --live`: plants the faults of the catalogue into a set-up, and tells which of them are noticed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from promproof.catalogue.folder import set_up
from promproof.catalogue.model import EXPOSITION, HARMLESS, Catalogue, Fault, catalogue
from promproof.catalogue.recorded import score_recorded
from promproof.catalogue.scoring import Fate, Scored, percent
from promproof.catalogue.shares import score_all
from promproof.catalogue.telling import data, named, text
from promproof.contract.model import load
from promproof.errors import InputError
from promproof.evidence.history import read
from promproof.report.lines import cut, fitted, tell, width_of
from promproof.run.options import from_values
from promproof.run.prepare import prepare
from promproof.run.secrecy import HISTORY
from promproof.stack.binaries import find_binaries


def run(given: dict[str, Any]) -> int:
    """The exit status: 1 below --min-score or with a false alarm, 2 when nothing was judged."""
    known = catalogue()
    faults = chosen(known, given["only"])
    options = replace(from_values(given), monitoring=_monitoring(given), drill=False)
    places, of_files = _places(given["places"]), [fault for fault in faults if fault.where != EXPOSITION]
    results: list[Scored] = []
    if of_files:
        binaries = find_binaries(options.stack.binaries, major=options.stack.prometheus_version)
        results = score_all(of_files, set_up(prepare(options)), binaries, places, _progress(len(of_files)))
    exposed = [fault for fault in faults if fault.where == EXPOSITION]
    if exposed and given["run"] is not None:
        recorded = read(given["run"] / HISTORY)
        results = [*score_recorded(exposed, load(options.contract), recorded, places), *results]
    if given["format"] == "json":
        sys.stdout.write(json.dumps(data(results, known), indent=2) + "\n")
    else:
        show(results, known, is_verbose=given["verbose"])
        if exposed and given["run"] is None:
            tell(f"\n{len(exposed)} faults of what the target exposes: name a run of verify, --run DIR")
    return status(results, given["min_score"])


def show(results: Sequence[Scored], known: Catalogue, *, is_verbose: bool) -> None:
    """Print the score and what was missed."""
    sys.stdout.write(fitted(text(results, known, is_verbose=is_verbose), width_of(sys.stdout)))


def status(results: Sequence[Scored], least: float | None) -> int:
    """What a score ends with."""
    reached = percent([result for result in results if result.fault.family != HARMLESS])
    if any(result.fate is Fate.ALARM for result in results):
        return 1
    if reached is None:
        return 0 if any(result.fate is Fate.QUIET for result in results) else 2
    return 1 if least is not None and reached < least else 0


def chosen(known: Catalogue, patterns: Sequence[str]) -> list[Fault]:
    """The faults of these classes, names and patterns; all without one.

    Raises:
        InputError: a pattern means none.
    """
    for pattern in patterns:
        if not any(_is_meant(fault, pattern) for fault in known):
            raise InputError(
                what=f"no fault is called {pattern!r}",
                where="--only",
                expected=f"a class ({', '.join(known.families)}), a name, or a pattern",
                todo="see docs/faults.md",
            )
    return [
        fault for fault in known if not patterns or any(_is_meant(fault, pattern) for pattern in patterns)
    ]


def _is_meant(fault: Fault, pattern: str) -> bool:
    return pattern == fault.family or fnmatchcase(fault.name, pattern)


def _monitoring(given: dict[str, Any]) -> Path:
    paths = given["paths"]
    if len(paths) > 1:
        raise InputError(
            what=f"{len(paths)} folders are named", where="mutate --live", expected="one monitoring folder"
        )
    return Path(paths[0]) if paths else given["monitoring"]


def _places(asked: float) -> int:
    if asked < 1:
        raise InputError(what=f"{asked:g} is too few", where="--places", expected="1 or more")
    return int(asked)


def _progress(of: int) -> Any:
    done = 0

    def say(scored: Scored) -> None:
        nonlocal done
        done += not scored.number
        if sys.stderr.isatty():
            line = f"{done} of {of} faults: {named(scored)} {scored.fate}"
            sys.stderr.write(f"\r\x1b[K{cut(line, (width_of(sys.stderr) or 80) - 1)}")
            if done == of:
                sys.stderr.write("\r\x1b[K")

    return say
