"""Findings for people: `FILE:LINE severity rule-id message`, then what it does, what to do, and how to see it.

Lines are wrapped for a terminal and left whole in a pipe; a command is wrapped so that it can be copied as it stands.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from promproof.findings.checking import Checked
from promproof.findings.finding import Finding
from promproof.report.findings import wording
from promproof.report.lines import continued

INDENT = "    "


def text(checked: Checked, width: int | None) -> str:
    """The whole output; width: columns of the terminal, None when lines are left whole."""
    lines: list[str] = []
    for finding in checked.findings:
        lines += _finding(finding, width)
    if lines:
        lines.append("")
    lines += (
        line for missed in wording.unverified(checked) for line in _wrapped(f"not verified: {missed}", width)
    )
    lines += _wrapped(f"checked: {wording.read(checked)}", width)
    lines += _wrapped(wording.summary(checked), width)
    return "\n".join(lines) + "\n"


def _finding(finding: Finding, width: int | None) -> Iterator[str]:
    # A JSON path says which panel it is; the key of a YAML file says nothing that the line does not.
    where = f"{finding.file}:{finding.line}" if finding.line else finding.file
    if (
        not finding.line and finding.path and not finding.path.startswith("$")
    ):  # of a server: no file, no line
        where = f"{finding.file}: {finding.path}"
    yield from _wrapped(f"{where} {finding.severity} {finding.rule} {finding.message}", width)
    if finding.path.startswith("$"):
        yield f"{INDENT}at: {finding.path}"
    if finding.effect:
        yield from _wrapped(f"effect: {finding.effect}", width, INDENT)
    if finding.todo:
        yield from _wrapped(f"to do: {finding.todo}", width, INDENT)
    if finding.see:
        first, *others = finding.see.splitlines()
        if not others:
            first, *others = continued(first, None if width is None else width - len(f"{INDENT}see: "))
        yield f"{INDENT}see: {first}"
        yield from (f"{INDENT}     {line}".rstrip() for line in others)


def _wrapped(line: str, width: int | None, indent: str = "") -> list[str]:
    whole = " ".join(line.split())
    if width is None:
        return [indent + whole]
    return textwrap.wrap(
        whole,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
