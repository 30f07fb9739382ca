"""Verdicts as a JUnit file, for the commands in which pytest has no part: a test for each claim or condition.

What a reader of such files can't tell apart from a pass is never left out: what is unknown is an error, what is not
verified is skipped and says so, and a run that proves less than it should has an error as its first row. What is
unknown because the run broke off is skipped: that row has its one cause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as tree

from promproof.errors import InputError
from promproof.evidence.evidence import Evidence
from promproof.report.claimplaces import Place, places_of
from promproof.report.phases import phases
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
    path: Path,
    subject: str,
    verdicts: Sequence[Verdict],
    ending: Ending,
    *,
    strict: bool = False,
    evidence: Evidence | None = None,
) -> None:
    """Write the file, and the folders that it lacks. subject: what was judged, the class of its tests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = text(subject, verdicts, ending, strict=strict, evidence=evidence, base=str(Path.cwd()))
    path.write_text(document, encoding="utf-8")


def text(
    subject: str,
    verdicts: Sequence[Verdict],
    ending: Ending,
    *,
    strict: bool = False,
    evidence: Evidence | None = None,
    base: str = "",
) -> str:
    """The document. base: where paths are told from."""
    why = doubt(verdicts, ending, strict=strict)
    rows = [] if why is None else [_row(subject, "run", "error", why, ending.trouble or why)]
    places = places_of(evidence)
    for verdict in verdicts:
        row = _of(subject, verdict)
        row.attrib.update(attributes(places.of(verdict), base))
        rows.append(row)
    counts = {
        name: str(sum(row.find(kind) is not None for row in rows))
        for name, kind in (("errors", "error"), ("failures", "failure"), ("skipped", "skipped"))
    }
    suite = tree.Element("testsuite", {"name": "promproof", "tests": str(len(rows)), **counts})
    took = phases(evidence)
    if took:
        suite.set("time", f"{max(phase.begin + phase.seconds for phase in took):.3f}")
        properties = tree.SubElement(suite, "properties")
        for phase in took:
            said = {"name": f"seconds: {phase.name}", "value": f"{phase.seconds:.3f}"}
            tree.SubElement(properties, "property", said)
    suite.extend(rows)
    suites = tree.Element("testsuites", {"name": "promproof"})
    suites.append(suite)
    tree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tree.tostring(suites, encoding="unicode") + "\n"


def attributes(place: Place | None, base: str) -> dict[str, str]:
    """File and line of a test, as far as they are known."""
    if place is None:
        return {}
    below = place.below(base)
    return {"file": _plain(below.file), **({"line": str(below.line)} if below.line else {})}


def _of(subject: str, verdict: Verdict) -> tree.Element:
    if verdict.outcome is Outcome.PASS:
        return _row(subject, verdict.claim)
    told = f"{verdict.outcome}: {verdict.reason}"
    if verdict.outcome is Outcome.UNKNOWN and not verdict.symptom:
        return _row(subject, verdict.claim, "error", told)
    if verdict.outcome is not Outcome.FAIL:
        return _row(subject, verdict.claim, "skipped", told)
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
