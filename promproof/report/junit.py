"""Verdicts as a JUnit file, for the commands in which pytest has no part: a test for each claim or condition.

What a reader of such files can't tell apart from a pass is never left out: what is unknown or not verified is skipped
and says so, and a run that proves less than it should has an error as its first row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as tree

from promproof.errors import InputError
from promproof.run.ending import Ending, doubt
from promproof.run.housekeeping import check_folder
from promproof.verdict import Outcome, Verdict

OPTION = "--junit"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to hold (its section 2.2)."""


def check_path(path: Path | None) -> None:
    """Whether the file can be written, before anything is driven that it is to tell of.

    Raises:
        InputError: it can't.
    """
    if path is None:
        return
    if path.is_dir():
        raise InputError(
            what=f"{path} is a folder", where=OPTION, expected="a file", todo="name a file in it"
        )
    check_folder(path.absolute().parent, OPTION, "name another file")


def write(
    path: Path, subject: str, verdicts: Sequence[Verdict], ending: Ending, *, strict: bool = False
) -> None:
    """Write the file, and the folders that it lacks. subject: what was judged, the class of its tests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(subject, verdicts, ending, strict=strict), encoding="utf-8")


def text(subject: str, verdicts: Sequence[Verdict], ending: Ending, *, strict: bool = False) -> str:
    """The document."""
    why = doubt(verdicts, ending, strict=strict)
    rows = [] if why is None else [_row(subject, "run", "error", why, ending.trouble or why)]
    rows += [_of(subject, verdict) for verdict in verdicts]
    counts = {
        name: str(sum(row.find(kind) is not None for row in rows))
        for name, kind in (("errors", "error"), ("failures", "failure"), ("skipped", "skipped"))
    }
    suite = tree.Element("testsuite", {"name": "promproof", "tests": str(len(rows)), **counts})
    suite.extend(rows)
    suites = tree.Element("testsuites", {"name": "promproof"})
    suites.append(suite)
    tree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tree.tostring(suites, encoding="unicode") + "\n"


def _of(subject: str, verdict: Verdict) -> tree.Element:
    if verdict.outcome is Outcome.PASS:
        return _row(subject, verdict.claim)
    if verdict.outcome is not Outcome.FAIL:
        return _row(subject, verdict.claim, "skipped", f"{verdict.outcome}: {verdict.reason}")
    lines = [("seen", verdict.reason), ("promised", verdict.expected), ("tolerance", verdict.tolerance)]
    details = "\n".join(f"{name}: {said}" for name, said in lines if said)
    return _row(subject, verdict.claim, "failure", verdict.reason, details)


def _row(subject: str, name: str, kind: str = "", message: str = "", details: str = "") -> tree.Element:
    row = tree.Element("testcase", {"classname": _plain(subject), "name": _plain(name)})
    if kind:
        tree.SubElement(row, kind, {"message": _plain(message)}).text = _plain(details) or None
    return row


def _plain(said: str) -> str:
    """The text with what XML can't hold written out, as pytest does."""
    return _NO_XML.sub(lambda found: f"#x{ord(found[0]):02X}", said)
