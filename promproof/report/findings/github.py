"""Findings as annotations of GitHub Actions, and the summary of a job.

The commands' syntax: docs.github.com, Workflow commands for GitHub Actions. Of a step ten errors and ten warnings are
shown beside the code; the summary has all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from promproof.findings.checking import Checked
from promproof.findings.finding import Finding, Severity
from promproof.report.findings import wording

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}
MOST_ROWS = 500
"""A summary of over 1 MiB is refused."""


def text(checked: Checked, width: int | None) -> str:
    """A command for each finding, and what the other outputs say at their end."""
    lines = [command(finding) for finding in checked.findings]
    lines += [f"not verified: {missed}" for missed in wording.unverified(checked)]
    lines += [f"checked: {wording.read(checked)}", wording.summary(checked)]
    return "\n".join(lines) + "\n"


def command(finding: Finding) -> str:
    """The command of one annotation."""
    properties = {"file": finding.file, "line": str(finding.line or 1), "title": finding.rule}
    told = ",".join(f"{name}={property_(value)}" for name, value in properties.items())
    lines = [finding.message]
    lines += [f"effect: {finding.effect}"] if finding.effect else []
    lines += [f"to do: {finding.todo}"] if finding.todo else []
    lines += [f"see: {finding.see}"] if finding.see else []
    return f"::{_COMMANDS.get(finding.severity, 'notice')} {told}::{data(chr(10).join(lines))}"


def data(value: str) -> str:
    """The text of a command."""
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_(value: str) -> str:
    """The value of a command's property."""
    return data(value).replace(":", "%3A").replace(",", "%2C")


def add_summary(checked: Checked, file: Path) -> None:
    """Append what was found to the summary of a job.

    Raises:
        OSError: it can't be written.
    """
    with file.open("a", encoding="utf-8", errors="backslashreplace") as summary:
        summary.write("\n".join(_summary(checked)) + "\n")


def _summary(checked: Checked) -> Iterator[str]:
    yield f"### promproof check: {wording.counts(checked)}\n"
    if checked.findings:
        yield "| place | severity | kind | what | to do |\n|---|---|---|---|---|"
    for finding in checked.findings[:MOST_ROWS]:
        where = f"{finding.file}:{finding.line}" if finding.line else finding.file
        cells = (where, str(finding.severity), finding.rule, finding.message, finding.todo)
        yield f"| {' | '.join(map(cell, cells))} |"
    if len(checked.findings) > MOST_ROWS:
        yield f"\nand {len(checked.findings) - MOST_ROWS} more"
    yield ""
    for missed in wording.unverified(checked):
        yield f"- not verified: {cell(missed)}"
    yield f"- checked: {wording.read(checked)}"
    for told in wording.left_out(checked):
        yield f"- {told}"


def cell(value: str) -> str:
    """A text in a cell of a Markdown table, or beside one: nothing in it is markup."""
    whole = " ".join(value.split())
    for character in "\\|<>`*_[]":
        whole = whole.replace(character, f"\\{character}")
    return whole
