"""`promproof drill`: every alert, live, on both sides of its threshold.

Exit status: 0 nothing failed or is unknown; 1 a claim failed; 2 unknown (evidence incomplete, interrupted, a component
died), under --strict also not verified; 4 bad arguments or input, nothing was started.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from promproof import crash, plugins
from promproof.config.masking import Masker
from promproof.drills.drill import Loaded, check, load_folder
from promproof.errors import EvidenceError, InputError, meant
from promproof.faults.undo import recover
from promproof.interrupts import only_note, terminate_as_interrupt
from promproof.report import drills as report
from promproof.report import junit
from promproof.report.lines import tell
from promproof.report.output import Moment, Report, outputs_at
from promproof.report.progress import Progress
from promproof.report.terminal import console_of
from promproof.run import drills as session
from promproof.run import spare
from promproof.run.clock import SystemClock
from promproof.run.forecast import of_drills
from promproof.run.frame import Result
from promproof.run.holding import TooMuch, lowered
from promproof.run.housekeeping import run_folder
from promproof.run.options import LARGEST_DRILL_SCALE, from_values
from promproof.run.prepare import check_target, prepare
from promproof.run.prepared import Prepared
from promproof.run.scaling import fitted, quickened, told, with_rates
from promproof.run.secrecy import STORES
from promproof.stack.children import take_precedence
from promproof.verdict import exit_status


def run(given: dict[str, Any]) -> int:
    """The exit status."""
    if given["recover"]:
        return _recover()
    plugins.use(given["plugins"])
    drills = load_folder(given["drills"])
    chosen = select(drills, given["names"], given["all"])
    options = from_values({**given, "no_drill": True})
    is_usual = not given["names"] and not given["all"]
    prepared = prepare(options, spare.given, LARGEST_DRILL_SCALE) if is_usual else prepare(options)
    check_target(prepared)
    receivers = set(prepared.folder.receivers)
    for drill in chosen:
        check(drill, prepared.contract, {rule.name for rule in prepared.rules}, receivers)
    prepared = fitted(prepared, lambda scaled: session.refuse(scaled, _quickened(chosen, scaled)))
    junit.check_path(given["junit"])
    return _run(with_rates(prepared, chosen), _quickened(chosen, prepared), given)


def _quickened(drills: Sequence[Loaded], prepared: Prepared) -> list[Loaded]:
    return [quickened(drill, prepared.scale) for drill in drills]


def select(drills: Sequence[Loaded], names: Sequence[str], every: bool) -> list[Loaded]:
    """The drills that a user names, by drill or by alert (then its default drill), or the default ones.

    Raises:
        InputError: a name that no drill has.
    """
    if not names:
        return [drill for drill in drills if not drill.plan.by_name and (every or drill.default)]
    chosen: list[Loaded] = []
    for name in names:
        found = [drill for drill in drills if drill.plan.name == name] or [
            drill for drill in drills if drill.plan.alert == name and drill.default
        ]
        if not found:
            known = sorted({text for drill in drills for text in (drill.plan.name, drill.plan.alert)})
            raise InputError(
                what=f"no drill is called {name!r}{meant(name, known)}",
                where="promproof drill",
                expected=f"one of {', '.join(drill.plan.name for drill in drills)}",
                todo="correct the name",
            )
        chosen += [drill for drill in found if drill not in chosen]
    return chosen


def _run(prepared: Prepared, chosen: Sequence[Loaded], given: dict[str, Any]) -> int:
    take_precedence()
    strict, xml = given["strict"], given["junit"]
    clock = SystemClock()
    started = clock.monotonic()
    try:
        prepared, chosen, result = _driven(prepared, chosen, given["reports"], clock)
    except EvidenceError as error:
        crash.tell(str(error))
        return EvidenceError.exit_status
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EvidenceError.exit_status
    only_note()  # what is judged is reported
    seconds = round(clock.monotonic() - started, 2)
    about = {"time_scale": prepared.scale.factor, "seconds": seconds}
    status = _report(result, chosen, given, about, prepared.masker)
    if xml is not None:
        written = _write_junit(xml, result, strict, prepared.masker)
        status = status or written
    return status


def _driven(
    prepared: Prepared, chosen: Sequence[Loaded], reports: Path, clock: SystemClock
) -> tuple[Prepared, Sequence[Loaded], Result]:
    """Drive the drills; while this machine can't keep up, drive them again at half the rate and half the time scale."""
    while True:
        folder = reports / datetime.now(UTC).strftime("drill-%Y%m%dT%H%M%S.%fZ")
        progress = Progress(sys.stdout, clock.monotonic, of_drills(prepared, chosen))
        try:
            with run_folder(folder), terminate_as_interrupt(), progress:
                names = ", ".join(drill.plan.name for drill in chosen)
                progress.say(f"run {folder}: {names}, {told(prepared)}")
                return prepared, chosen, session.run(prepared, chosen, folder, clock, progress.say)
        except TooMuch as error:
            less = lowered(prepared, chosen, session.refuse)
            if less is None:
                raise
            tell(f"{error.what}; again with less")
            prepared, chosen = less


def _write_junit(path: Path, result: Result, strict: bool, masker: Masker) -> int:
    try:
        junit.write(path, "drill", result.verdicts, result.ending, strict=strict, evidence=result.evidence)
        masker.file(path)
    except OSError as error:
        sys.stderr.write(f"{path} could not be written: {error}\n")
        return EvidenceError.exit_status
    return 0


def _report(
    result: Result, chosen: Sequence[Loaded], given: dict[str, Any], about: dict[str, Any], masker: Masker
) -> int:
    """Print and write what the drills showed; the exit status.

    What can't be shown or written costs no verdict, but it is trouble.
    """
    folder, verdicts, ending, strict = result.folder, result.verdicts, result.ending, given["strict"]
    console = console_of(sys.stdout, least=160)
    tracebacks = crash.Tracebacks(folder / "tracebacks-reports.txt")
    hops: list[dict[str, Any]] = []
    try:
        hops = report.ways_json(result.evidence, chosen)
        report.show(console, result.evidence, chosen, verdicts, verbose=given["verbose"])
    except Exception as error:
        sys.stdout.write(f"the matrix cannot be shown: {tracebacks.keep('showing the matrix', error)}\n")
    run = {**about, "hops": hops}
    shown = Report(
        folder, verdicts, result.evidence, ending, strict, run=run, width=160, verbose=given["verbose"]
    )
    for output in outputs_at(Moment.SHOWN):
        output.write(shown)
    incomplete = ending.incomplete or tracebacks.count > 0
    status = exit_status(verdicts, strict=strict, incomplete=incomplete)
    for output in outputs_at(Moment.ENDED):
        try:
            output.write(replace(shown, status=status))
        except Exception as error:  # one that can't be written costs no other
            sys.stdout.write(f"the output {output.name} could not be written: {error}\n")
            if not isinstance(error, OSError):
                tracebacks.keep(f"writing the output {output.name}", error)
            status = status or EvidenceError.exit_status
    try:
        masker.sweep(folder, STORES)
    except OSError as error:
        sys.stdout.write(f"the reports could not be masked: {error}\n")
        status = status or EvidenceError.exit_status
    sys.stdout.write(f"{about['seconds']:.1f} s, reports: {folder}\n")
    return status


def _recover() -> int:
    done, failed = recover()
    for line in done:
        tell(f"taken back: {line}")
    for line in failed:
        crash.tell(f"not taken back: {line}")
    if not done and not failed:
        sys.stdout.write("nothing to take back\n")
    return EvidenceError.exit_status if failed else 0
