"""Findings as JUnit XML: a test for each kind of finding, so that what was judged and found clean is seen too."""

from __future__ import annotations

import re
from xml.etree import ElementTree as tree

from promproof.findings.checking import Checked
from promproof.findings.kind import KINDS
from promproof.report.findings import wording

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to hold (its section 2.2)."""


def text(checked: Checked, width: int | None) -> str:
    """The document. A kind that was not judged whole is skipped, or an error where a judge crashed."""
    rows = [_row(checked, name) for name in KINDS.names() if checked.wanted(name)]
    counts = {
        name: str(sum(row.find(kind) is not None for row in rows))
        for name, kind in (("errors", "error"), ("failures", "failure"), ("skipped", "skipped"))
    }
    attributes = {"name": "promproof check", "tests": str(len(rows)), **counts}
    suite = tree.Element("testsuite", attributes)
    suite.extend(rows)
    out = tree.SubElement(suite, "system-out")
    told = [f"not verified: {missed}" for missed in wording.unverified(checked)]
    out.text = clean("\n".join([*told, f"checked: {wording.read(checked)}", wording.summary(checked)]))
    suites = tree.Element("testsuites", {"name": "promproof"})
    suites.append(suite)
    tree.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tree.tostring(suites, encoding="unicode")}\n'


def _row(checked: Checked, name: str) -> tree.Element:
    family = name.partition("/")[0]
    row = tree.Element("testcase", {"classname": f"promproof.check.{family}", "name": name})
    found = [finding for finding in checked.findings if finding.rule == name]
    missed = [unjudged for unjudged in checked.unjudged if name in unjudged.rules]
    crashes = [unjudged for unjudged in missed if unjudged.crashed]
    if found:
        told = "\n".join(
            "\n".join(
                [
                    f"{finding.file}:{finding.line or 1} {finding.severity} {finding.message}",
                    *(f"    {line}" for line in (finding.effect, finding.todo, finding.see) if line),
                ]
            )
            for finding in found
        )
        failure = tree.SubElement(row, "failure", {"message": wording.number(len(found), "finding")})
        failure.text = clean(told)
    elif crashes:
        error = tree.SubElement(row, "error", {"message": clean(crashes[0].reason)})
        error.text = clean("\n".join(f"{crash.item} ({crash.place}): {crash.reason}" for crash in crashes))
    elif missed:
        tree.SubElement(row, "skipped", {"message": clean(f"not verified: {missed[0].reason}")})
    return row


def clean(value: str) -> str:
    """A text without what XML can't hold."""
    return _NO_XML.sub("�", value)
