"""`nox -s drill`: the command line of the drills.

Exit status: 0 nothing failed or is unknown; 1 a claim failed; 2 unknown (evidence incomplete, interrupted, a component
died), under --strict also not verified; 4 bad arguments or input, nothing was started.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from promproof import crash
from promproof.config.masking import Masker
from promproof.drills.drill import Loaded, check, load_folder
from promproof.errors import EvidenceError, InputError
from promproof.faults.undo import recover
from promproof.interrupts import only_note, terminate_as_interrupt
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING, DEFAULT_REPORTS, DRILLS
from promproof.report import drills as report
from promproof.report import files, terminal
from promproof.run import drills as session
from promproof.run.clock import SystemClock
from promproof.run.housekeeping import run_folder
from promproof.run.options import Options
from promproof.run.prepare import Prepared, prepare
from promproof.run.secrecy import STORES
from promproof.stack.binaries import NAMES
from promproof.stack.children import take_precedence
from promproof.verdict import exit_status


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message, "command line", self.format_usage().strip(), "see --help")


def parser() -> argparse.ArgumentParser:
    """All options."""
    made = _Parser(
        prog="nox -s drill --",
        description="Alert-firing drills: every alert, live, on both sides of its threshold.",
        allow_abbrev=False,
    )
    made.add_argument(
        "names", nargs="*", metavar="DRILL", help="names of drills or alerts; the default drills otherwise"
    )
    made.add_argument("--all", action="store_true", help="also the drills of the sub-folders")
    made.add_argument("--list", action="store_true", help="tell which drills there are")
    made.add_argument("--recover", action="store_true", help="take back what killed runs left, and end")
    made.add_argument("--drills", type=Path, default=DRILLS, metavar="DIR", help="the folder of the drills")
    made.add_argument("--time-scale", type=float, metavar="N", help="60 by default; 1 is real time")
    made.add_argument("--stack", choices=("auto", "processes", "containers", "external"), default="auto")
    made.add_argument("--contract", type=Path, default=DEFAULT_CONTRACT, metavar="FILE")
    made.add_argument("--monitoring", type=Path, default=DEFAULT_MONITORING, metavar="DIR")
    made.add_argument(
        "--app", metavar="CMD", help='command that starts the target, "my-api --port {port}" say'
    )
    made.add_argument("--target", metavar="URL", help="a target that runs already")
    made.add_argument(
        "--prometheus", metavar="URL", help="a Prometheus that runs already and scrapes the target"
    )
    made.add_argument("--alertmanager", metavar="URL", help="an Alertmanager that runs already")
    made.add_argument(
        "--instance",
        metavar="LABEL",
        help="the target's instance label there, when it is not --target's host:port",
    )
    made.add_argument("--fault-url", metavar="URL", help="fault port of a target that runs already")
    made.add_argument("--fault-token", metavar="TEXT", help="or the environment's FAULT_TOKEN")
    made.add_argument(
        "--strict", action="store_true", help="a claim that cannot be verified here is an error"
    )
    made.add_argument("--reports", type=Path, default=DEFAULT_REPORTS, metavar="DIR")
    made.add_argument(
        "--binary",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help=f"NAME is one of {', '.join(NAMES)}",
    )
    return made


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit status."""
    try:
        given = parser().parse_args(arguments)
        if given.recover:
            return _recover()
        drills = load_folder(given.drills)
        if given.list:
            for one in drills:
                mark = "" if one.default else " (with --all or by name)"
                sys.stdout.write(f"{one.plan.name}: {one.plan.description}{mark}\n")
            return 0
        chosen = select(drills, given.names, given.all)
        prepared = prepare(_options(given))
        receivers = set(prepared.folder.receivers)
        for one in chosen:
            check(one, prepared.contract, {rule.name for rule in prepared.rules}, receivers)
        session.refuse(prepared, chosen)
        return _run(prepared, chosen, given.reports, given.strict)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return InputError.exit_status


def select(drills: Sequence[Loaded], names: Sequence[str], every: bool) -> list[Loaded]:
    """The drills that a user names, by drill or by alert (then its default drill), or the default ones.

    Raises:
        InputError: a name that no drill has.
    """
    if not names:
        return [one for one in drills if every or one.default]
    chosen: list[Loaded] = []
    for name in names:
        found = [one for one in drills if one.plan.name == name] or [
            one for one in drills if one.plan.alert == name and one.default
        ]
        if not found:
            known = ", ".join(one.plan.name for one in drills)
            raise InputError(
                f"no drill is called {name!r}", "command line", f"one of {known}", "correct the name"
            )
        chosen += [one for one in found if one not in chosen]
    return chosen


def _run(prepared: Prepared, chosen: Sequence[Loaded], reports: Path, strict: bool) -> int:
    take_precedence()
    folder = reports / datetime.now(UTC).strftime("drill-%Y%m%dT%H%M%S.%fZ")
    clock = SystemClock()
    started = clock.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"[{clock.monotonic() - started:6.1f} s] {text}\n")
        sys.stdout.flush()

    say(f"run {folder}: {', '.join(one.plan.name for one in chosen)}, time scale {prepared.scale}")
    try:
        with run_folder(folder), terminate_as_interrupt():
            result = session.run(prepared, chosen, folder, clock, say)
    except EvidenceError as error:
        sys.stderr.write(f"{error}\n")
        return EvidenceError.exit_status
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EvidenceError.exit_status
    only_note()  # what is judged is reported
    seconds = round(clock.monotonic() - started, 2)
    about = {"time_scale": prepared.scale.factor, "seconds": seconds}
    return _report(result, chosen, strict, about, prepared.masker)


def _report(
    result: session.Result, chosen: Sequence[Loaded], strict: bool, about: dict[str, Any], masker: Masker
) -> int:
    """Print and write what the drills showed; the exit status.

    What can't be shown or written costs no verdict, but it is trouble.
    """
    folder, verdicts, ending = result.folder, result.verdicts, result.ending
    console = Console(file=sys.stdout, width=max(160, Console().width))
    tracebacks = crash.Tracebacks(folder / "tracebacks-reports.txt")
    hops: list[dict[str, Any]] = []
    try:
        hops = report.ways_json(result.evidence, chosen)
        report.show(console, result.evidence, chosen, verdicts)
    except Exception as error:
        sys.stdout.write(f"the matrix cannot be shown: {tracebacks.keep('showing the matrix', error)}\n")
    terminal.show(console, verdicts, ending)
    if ending.crashes:
        sys.stdout.write(f"tracebacks of the harness: {folder / 'tracebacks.txt'}\n")
    incomplete = ending.incomplete or tracebacks.count > 0
    status = exit_status(verdicts, strict=strict, incomplete=incomplete)
    try:
        run = {"id": folder.name, **about, "hops": hops}
        files.write_json(folder / "report.json", verdicts, ending, strict=strict, status=status, run=run)
        masker.sweep(folder, STORES)
    except OSError as error:
        sys.stdout.write(f"report.json could not be written: {error}\n")
        status = status or EvidenceError.exit_status
    sys.stdout.write(f"{about['seconds']:.1f} s, reports: {folder}\n")
    return status


def _recover() -> int:
    done, failed = recover()
    for line in done:
        sys.stdout.write(f"taken back: {line}\n")
    for line in failed:
        sys.stderr.write(f"not taken back: {line}\n")
    if not done and not failed:
        sys.stdout.write("nothing to take back\n")
    return EvidenceError.exit_status if failed else 0


def _options(given: argparse.Namespace) -> Options:
    binaries = {}
    for choice in given.binary:
        name, separator, path = choice.partition("=")
        if not separator:
            raise InputError(
                f"{choice!r} names no file", "--binary", "NAME=PATH", f"NAME is one of {', '.join(NAMES)}"
            )
        binaries[name] = Path(path)
    return Options(
        contract=given.contract,
        monitoring=given.monitoring,
        app=given.app,
        target=given.target,
        prometheus=given.prometheus,
        alertmanager=given.alertmanager,
        instance=given.instance,
        fault_url=given.fault_url,
        fault_token=given.fault_token or (os.environ.get("FAULT_TOKEN") if given.fault_url else None),
        stack=given.stack,
        time_scale=given.time_scale,
        reports=given.reports,
        drill=False,
        binaries=binaries,
    )


if __name__ == "__main__":
    sys.exit(crash.guard("nox -s drill", lambda: main(sys.argv[1:])))
