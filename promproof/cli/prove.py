"""`promproof prove`: every alert of rule files at its boundary, in virtual time, without a target."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from promproof.config import yamlfile
from promproof.config.durations import parse_duration
from promproof.errors import EvidenceError, InputError
from promproof.proofs.among import destinations as among
from promproof.proofs.among import undecided
from promproof.proofs.coverage import TestFile, is_test_file, test_files
from promproof.proofs.deployed import settle
from promproof.proofs.generated import Written, write
from promproof.proofs.mutated import of_tests, of_written
from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, Outcome
from promproof.proofs.provetable import Beside, data, text
from promproof.proofs.routes import of_rule
from promproof.proofs.rulefiles import Rules, read
from promproof.proofs.run import Settings, proven
from promproof.proofs.sent import compared
from promproof.proofs.tested import tested
from promproof.report.lines import fitted, width_of
from promproof.run.options import binaries, told, version_asked
from promproof.stack.binaries import find_binary


def run(given: dict[str, Any]) -> int:
    """The exit status: 1 when an alert is contradicted or dead or tests are too few, 2 when one is not covered."""
    if given["format"] not in ("text", "json"):
        raise InputError(
            what=f"no format is called {given['format']!r}", where="--format", expected="text or json"
        )
    scrape = _interval(given["scrape_interval"])
    least = _least(given)
    _has_tests(given)
    alertmanager = (
        yamlfile.load(given["alertmanager"], "an Alertmanager file") if given["alertmanager"] else None
    )
    files, paths = _files(given)
    rules = read(paths)
    if not rules.files:
        raise InputError(  # a problem says its own file
            what="; ".join(rules.problems) or "no rule file is there",
            where="" if rules.problems else ", ".join(str(path) for path in given["paths"]),
            expected="rule files of Prometheus, or a folder that has some",
        )
    _make(given["write_tests"])
    binary = find_binary("promtool", binaries(given["binary"]), say=told, major=version_asked(given))
    promtool = binary.path
    is_fresh = given["write_tests"] is not None or given["routes"]  # made from the whole proof
    outcomes = proven(rules, Settings(binary, scrape, not given["no_cache"], is_fresh))
    destinations, left = [], []
    if alertmanager:
        labels = [of_rule(alert.data, rules.recordings, rules.external) for alert in rules.alerts]
        named = [(alert.name, known) for alert, known in zip(rules.alerts, labels, strict=True)]
        destinations = among(named, alertmanager)
        left = [] if given["routes"] else undecided(named, alertmanager)
    if alertmanager and given["routes"]:
        program = find_binary("alertmanager", binaries(given["binary"]), say=told, major=version_asked(given))
        try:
            destinations = compared(outcomes, rules, alertmanager, destinations, program.path)
        except EvidenceError as error:  # what was proven is told all the same
            rules.problems.append(
                f"the routes were not asked: Alertmanager {program.version}: {_last(error)}"
            )
    asked = tested(rules, files, promtool) if files else None
    folder = given["write_tests"]
    written = None if folder is None else _tests_written(outcomes, rules, promtool, folder)
    shares: list[str] = []
    if given["mutants"] and files:
        shares = of_tests(rules, files, promtool)
    elif given["mutants"] and written is not None:
        shares = of_written(outcomes, written, promtool)
    if written is not None:
        _settled(written, rules, promtool, folder)
    _show(given["format"], outcomes, Beside(destinations, asked, shares, rules.problems, left))
    if asked is not None and least is not None and asked.percent < least:
        sys.stderr.write(f"--min-coverage {least:g}: the tests cover {asked.percent:.0f} % of the alerts\n")
        return 1
    return status(outcomes, rules)


def _last(error: EvidenceError) -> str:
    """What a component said last, without its time and place."""
    said = error.log[-1] if error.log else error.state
    return said.partition(" err=")[2] or said


def _tests_written(outcomes: list[Outcome], rules: Rules, promtool: Path, folder: Path) -> Written:
    """Write the tests, each with a copy of its rules."""
    try:
        return write(outcomes, rules.recordings, promtool, folder)
    except OSError as error:
        raise _unwritable(error, folder) from error


def _settled(written: Written, rules: Rules, promtool: Path, folder: Path) -> None:
    """Let them load the rules themselves, and tell how many they are, which of them can't, and what was left out."""
    try:
        copies = settle(written, rules, promtool)
    except OSError as error:
        raise _unwritable(error, folder) from error
    lines = [f"{len(written.files)} test files in {folder}"]
    lines += [f"tests a copy of its rule: {line}" for line in copies]
    lines += [f"left out: {line}" for line in written.left]
    sys.stderr.write("".join(f"{fitted(line, width_of(sys.stderr))}\n" for line in lines))


def _make(folder: Path | None) -> None:
    """Make the folder of --write-tests before anything is proven."""
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(error, folder) from error


def _unwritable(error: OSError, folder: Path | None) -> InputError:
    return InputError(
        what=f"{error.filename or folder} cannot be written: {error.strerror}",
        where="--write-tests",
        expected="a folder that can be written",
        todo="name another folder",
    )


def _files(given: dict[str, Any]) -> tuple[list[TestFile], list[Path]]:
    """The test files, and the paths that are none."""
    named = [Path(name) for name in given["paths"]]
    if not given["tests"]:
        return [], named
    # A shell that expands `--tests tests/*.yml` gives the first to the option and the rest to the paths.
    further = [path for path in named if path.is_file() and is_test_file(path)]
    return test_files([*given["tests"], *further]), [path for path in named if path not in further]


def _has_tests(given: dict[str, Any]) -> None:
    if given["mutants"] and not given["tests"] and given["write_tests"] is None:
        raise InputError(
            what="there are no tests that could notice a mutant",
            where="--mutants",
            expected="--tests FILE or --write-tests DIR beside it",
        )
    if given["routes"] and not given["alertmanager"]:
        raise InputError(
            what="there are no routes", where="--routes", expected="--alertmanager FILE beside it"
        )


def _least(given: dict[str, Any]) -> float | None:
    least: float | None = given["min_coverage"]
    if least is None:
        return None
    if not 0 <= least <= 100:
        raise InputError(what=f"{least:g} is no percentage", where="--min-coverage", expected="0 to 100")
    if not given["tests"]:
        raise InputError(
            what="there is nothing that could cover an alert",
            where="--min-coverage",
            expected="--tests FILE beside it",
        )
    return least


def _show(form: str, outcomes: list[Outcome], beside: Beside) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(data(outcomes, beside), indent=2) + "\n")
    else:
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        width = width_of(sys.stdout)
        sys.stdout.write(text(outcomes, beside, columns, lambda line: fitted(line, width)))


def status(outcomes: list[Outcome], rules: Rules) -> int:
    """The exit status of verdicts; a rule that could not be read counts as not covered."""
    verdicts = {outcome.verdict for outcome in outcomes}
    if verdicts & {CONTRADICTED, DEAD}:
        return 1
    return 2 if OPEN in verdicts or rules.problems else 0


def _interval(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        seconds = parse_duration(given)
    except ValueError as error:
        raise InputError(
            what=str(error), where="--scrape-interval", expected="a duration, 15s say"
        ) from error
    if seconds <= 0:
        raise InputError(what=f"{given} is not above 0", where="--scrape-interval", expected="over 0s")
    return seconds
