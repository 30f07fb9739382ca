"""The end of a pytest run over a contract: the table of verdicts, report.json, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from promproof.pytest_plugin import junit
from promproof.pytest_plugin.state import (
    BAD_INPUT,
    FOLDER,
    LEFT_OUT,
    OWN_FAILED,
    PREPARED,
    RESULT,
    broke,
    claim_ids,
    wanted,
)
from promproof.report.output import Moment, Report, outputs_at
from promproof.run.ending import doubt
from promproof.run.frame import Result
from promproof.run.secrecy import STORES
from promproof.verdict import Verdict, exit_status

SHOWN: pytest.StashKey[bool] = pytest.StashKey()
NOTHING: pytest.StashKey[str] = pytest.StashKey()
"""Why no claim was judged by a session that ended as usual."""
EXIT = f"{pytest.exit.Exception.__module__}.{pytest.exit.Exception.__qualname__}: "
UNJUDGED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


def show_verdicts(config: pytest.Config) -> None:
    """Print the table, once."""
    result = config.stash.get(RESULT, None)
    if SHOWN in config.stash:
        return
    if result is None:
        if NOTHING in config.stash:
            config.stash[SHOWN] = True
            sys.stdout.write(f"unknown: {config.stash[NOTHING]}\n")
        return
    config.stash[SHOWN] = True
    verbose = bool(config.getoption("promproof_verbose")) or config.get_verbosity() > 0
    report = Report(result.folder, _selected(config, result), result.evidence, result.ending, verbose=verbose)
    for output in outputs_at(Moment.SHOWN):
        output.write(report)
    sys.stdout.write(f"reports: {result.folder}\n")


def tell_plainly(reporter: pytest.TerminalReporter) -> None:
    """Let what ends a session be told as every command tells it, and not in a banner of pytest's."""
    banner = reporter._report_keyboardinterrupt

    def told() -> None:
        seen = reporter._keyboardinterrupt_memo
        text = seen.reprcrash.message if seen is not None and seen.reprcrash is not None else ""
        if text.startswith(EXIT):
            reporter.ensure_newline()
            reporter.write_line(text.removeprefix(EXIT))
        else:
            banner()

    reporter._report_keyboardinterrupt = told  # type: ignore[method-assign]


@contextmanager
def trouble_told(session: pytest.Session) -> Iterator[None]:
    """A report that can't be written is trouble (2), never a traceback or a failed claim (1)."""
    try:
        yield
    except OSError as error:
        sys.stdout.write(f"\na report could not be written: {error}\n")
        session.exitstatus = 2
    except Exception as error:
        sys.stdout.write(f"\n{broke(session.config, 'the reports were written', error)}\n")
        session.exitstatus = 2


def mask(config: pytest.Config) -> None:
    """The reports were written after the run; they quote errors of pytest and of programs."""
    prepared = config.stash.get(PREPARED, None)
    if prepared is None:
        return
    with suppress(OSError):
        prepared.masker.sweep(config.stash[FOLDER], STORES)
        prepared.masker.file(junit.path_of(config))


def leave_out_unasked_report(config: pytest.Config) -> None:
    """Of a session that judges nothing write no file that nobody named: it would be all that the folder has."""
    if junit.path_of(config).parent == config.stash[FOLDER]:
        junit.leave_out(config)


def set_status(session: pytest.Session) -> None:
    """Make the exit status that of the verdicts, and write report.json."""
    told, config = session.exitstatus, session.config
    result = config.stash.get(RESULT, None)
    if config.getoption("collectonly") and BAD_INPUT not in config.stash:
        session.exitstatus = told if told in (0, 2, 4) else 2
        return
    if config.stash.get(BAD_INPUT, None) is not None:
        session.exitstatus = 4
        return
    if result is None:
        # Nothing was judged: interrupted, an internal error, or no claim selected.
        session.exitstatus = 4 if told == pytest.ExitCode.USAGE_ERROR else 2
        if told in UNJUDGED and not config.stash[FOLDER].is_dir():
            config.stash[NOTHING] = _nothing(session)
        return
    strict = config.getoption("promproof_strict")
    verdicts = _selected(config, result)
    status = exit_status(verdicts, strict=strict, incomplete=result.ending.incomplete)
    # trouble of pytest itself, with no verdict that speaks of it: not a failed claim, but no proof either
    if told != pytest.ExitCode.OK:
        status = status or (1 if config.stash.get(OWN_FAILED, False) else 2)
    session.exitstatus = status
    junit.refine(config, verdicts, result.evidence, os.getcwd())
    why = doubt(verdicts, result.ending, strict=strict)
    if why is not None:
        junit.tell(config, why, result.ending.trouble or why)
    report = Report(result.folder, verdicts, result.evidence, result.ending, strict=strict, status=status)
    for output in outputs_at(Moment.ENDED):
        with trouble_told(session):  # one that can't be written costs no other
            output.write(report)


def _nothing(session: pytest.Session) -> str:
    known = len(claim_ids(session.config))
    if session.testsfailed:
        return f"no claim was judged, since the session ended before the first of {known}"
    return f"no claim was judged, since none of {known} was chosen: look at the paths, -k, -m, --lf and --deselect"


def _selected(config: pytest.Config, result: Result) -> list[Verdict]:
    asked, left_out = wanted(config), config.stash.get(LEFT_OUT, set())
    return [
        verdict
        for verdict in result.verdicts
        if (not asked or verdict.claim.startswith(asked)) and verdict.claim not in left_out
    ]
