"""The run of a pytest session: driven once, by the first claim that needs a verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from promproof.errors import EvidenceError, InputError
from promproof.evidence.evidence import Evidence
from promproof.interrupts import only_note, terminate_as_interrupt
from promproof.pytest_plugin import junit
from promproof.pytest_plugin.state import BAD_INPUT, FOLDER, PREPARED, RESULT, broke
from promproof.report.output import Moment, Report, outputs_at
from promproof.report.progress import Progress
from promproof.run.clock import SystemClock
from promproof.run.forecast import of_main_job
from promproof.run.frame import Result
from promproof.run.holding import TooMuch, with_less
from promproof.run.housekeeping import run_folder
from promproof.run.main import run
from promproof.run.scaling import told
from promproof.stack.children import take_precedence
from promproof.verdict import Verdict


def result_of(config: pytest.Config) -> Result:
    """What the run found; it is driven now if it was not. Trouble ends the session with the status that it has."""
    known = config.stash.get(RESULT, None)
    return _driven(config) if known is None else known


def verdict_of(config: pytest.Config, claim: str) -> Verdict:
    """The verdict of a claim by its id, from the run."""
    return next(verdict for verdict in result_of(config).verdicts if verdict.claim == claim)


def _write_early(folder: Path, evidence: Evidence, verdicts: Sequence[Verdict]) -> Path | None:
    """Write what is written while everything is up; the file to look at."""
    report = Report(folder, verdicts, evidence)
    written = [output.write(report) for output in outputs_at(Moment.JUDGED)]
    return next((path for path in written if path is not None), None)


def _tried(config: pytest.Config, folder: Path, clock: SystemClock) -> Result | None:
    """What the run found; None where this machine did not hold it, and the session has a smaller one now.

    Raises:
        InputError: something the user gave cannot be used.
    """
    prepared = config.stash[PREPARED]
    with Progress(sys.stdout, clock.monotonic, of_main_job(prepared)) as progress:
        progress.say(f"run {folder}, {told(prepared)}")
        try:
            with run_folder(folder):
                return run(prepared, folder, clock, progress.say, _write_early)
        except TooMuch as error:
            less = with_less(prepared)
            if less is None:
                raise
            progress.say(f"{error.what}; again with less")
            config.stash[PREPARED] = less
            return None


def _driven(config: pytest.Config) -> Result:
    manager = config.pluginmanager.getplugin("capturemanager")
    clock = SystemClock()
    folder = config.stash[FOLDER]
    interrupted = ""
    done = None
    try:
        take_precedence()
        with manager.global_and_fixture_disabled(), terminate_as_interrupt():
            sys.stdout.write("\n")  # pytest has begun a line
            while done is None:
                done = _tried(config, folder, clock)
    except KeyboardInterrupt as signalled:
        interrupted = f"interrupted{f' by {signalled}' if str(signalled) else ''}"
    except InputError as error:
        config.stash[BAD_INPUT] = error
        junit.leave_out(config)  # it would create the folder again
        pytest.exit(str(error), returncode=4)
    except EvidenceError as error:
        pytest.exit(str(error), returncode=2)
    except OSError as error:
        pytest.exit(
            f"the run broke off: {error}\n  to do: look at the space and the rights of {folder}", returncode=2
        )
    except Exception as error:
        pytest.exit(broke(config, "the run was driven", error), returncode=2)
    if done is None:
        # not within `except`: pytest would describe the interrupted line as well, and a few have no number (3.11)
        pytest.exit(interrupted, returncode=EvidenceError.exit_status)
    only_note()  # what is judged is reported
    config.stash[RESULT] = done
    junit.leave_out_on_a_full_disk(config)
    return done
