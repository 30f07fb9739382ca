"""`promproof report`: the page of a run again, from its folder alone."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from promproof import plugins
from promproof.cli.judge import judged
from promproof.config import jsonlines
from promproof.config.urls import host_and_port
from promproof.errors import InputError
from promproof.evidence.history import READ
from promproof.interrupts import terminate_as_interrupt
from promproof.report.exposed import NAME
from promproof.report.index import write_page
from promproof.report.page import earlier
from promproof.report.page.subject import Subject
from promproof.report.serving import PATH, serve
from promproof.run.ending import Ending
from promproof.run.secrecy import HISTORY
from promproof.verdict import Outcome, Verdict

SERVE = "--serve-metrics"


def run(given: dict[str, Any]) -> int:
    """The exit status: 0 when the page was written, whatever it says."""
    plugins.use(given["plugins"])
    folder, against = Path(given["folder"]), given["against"]
    address = None if given["serve_metrics"] is None else host_and_port(given["serve_metrics"], SERVE)
    subject = subject_of(folder)
    if against is not None:
        before = subject_of(against)
        outcomes = {verdict.claim: str(verdict.outcome) for verdict in before.verdicts}
        past = next(earlier.past(against), earlier.Past(before.name, outcomes))
        subject = replace(subject, against=replace(past, outcomes=outcomes), older=before.evidence)
    try:
        path = write_page(folder, subject)
    except OSError as error:
        raise InputError(
            what=f"the page cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            expected="a folder that can be written",
            todo="copy the run's folder, and name the copy",
        ) from error
    sys.stdout.write(f"{path}\n")
    if address is not None:
        _serve(folder, address)
    return 0


def _serve(folder: Path, address: tuple[str, int]) -> None:
    """Serve the verdicts until a signal comes, which is the ordinary end.

    Raises:
        InputError: the folder has no verdicts as metrics, or the port is taken.
    """
    if not (folder / NAME).is_file():
        raise InputError(
            what="has no verdicts as metrics",
            where=str(folder / NAME),
            expected="the folder of a run that came to its report",
            todo="name another folder",
        )
    with terminate_as_interrupt(), suppress(KeyboardInterrupt):
        try:
            with serve(folder, address) as port:
                host = f"[{address[0]}]" if ":" in address[0] else address[0]
                sys.stdout.write(f"serving http://{host}:{port}{PATH} until Ctrl-C\n")
                sys.stdout.flush()
                Event().wait()
        except OSError as error:
            raise InputError(
                what=f"{address[0]}:{address[1]} cannot be served: {error.strerror}",
                where=SERVE,
                expected="a free port",
                todo="name another",
            ) from error


def subject_of(folder: Path) -> Subject:
    """What the page of a run's folder tells.

    Raises:
        InputError: the folder is not one of a run.
    """
    older = _of_other_version(folder)
    if older is not None:
        return Subject(folder.resolve().name, *older, earlier=earlier.kept(folder))
    found = judged(folder)
    name = found.evidence.history.run
    return Subject(name, found.verdicts, found.ending, found.evidence, earlier.kept(folder))


def _of_other_version(folder: Path) -> tuple[list[Verdict], Ending] | None:
    """The verdicts that a run came to itself, where its history is of a version that is not read here."""
    try:
        report = jsonlines.written(folder / "report.json")
        verdicts = [_verdict(row) for row in report["verdicts"]]
        ending = Ending(report.get("trouble"), bool(report.get("interrupted")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None if _version(folder / HISTORY) in (None, *READ) else (verdicts, ending)


def _version(history: Path) -> int | None:
    """The version of a history; None where it is none."""
    try:
        if not history.is_file():
            return None
        with history.open("rb") as file:
            version = jsonlines.value(file.readline())["history"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, int) else None


def _verdict(row: dict[str, Any]) -> Verdict:
    return Verdict(
        row["claim"],
        Outcome(row["outcome"]),
        str(row["reason"]),
        str(row.get("expected", "")),
        str(row.get("observed", "")),
        str(row.get("tolerance", "")),
        tuple(int(number) for number in row.get("evidence", ())),
        float(row.get("time_scale", 1.0)),
    )
