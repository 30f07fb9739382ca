"""Findings for people: `FILE:LINE severity rule-id message`, then what it does, what to do, and how to see it.

Lines are wrapped for a terminal and left whole in a pipe; a command is wrapped so that it can be copied as it stands.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from promproof.findings.checking import Checked
from promproof.findings.finding import Finding
from promproof.report.findings import wording

INDENT = "    "
_PROGRAM = re.compile(
    r"(?:\.\.\. \| )?(?:alertmanager|amtool|curl|date|docker|git|grep|kubectl|ls|promtool|python3|wget) "
)
_QUERY = ("ask Prometheus: ", "compare with ", "the number in: ")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|<\([^)]*\)")
_SAID = re.compile(r"[:,] |; (?!echo|grep)| (?:accepts|lists|with the|of the) ")
"""What stands behind a command for people."""


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
        yield from _seen(finding.see, width)


def _seen(see: str, width: int | None) -> Iterator[str]:
    """How to see it: a command or a query can be copied as it stands, a sentence is broken between words."""
    first, *others = see.splitlines()
    if not others and not _is_command(see) and not see.startswith(_QUERY):
        yield from _wrapped(f"see: {see}", width, INDENT)
        return
    if not others and width is not None and not see.startswith(_QUERY):
        from promproof.report.lines import continued  # for a terminal only

        first, *others = continued(first, width - len(f"{INDENT}see: "))
    yield f"{INDENT}see: {first}"
    yield from (f"{INDENT}     {line}".rstrip() for line in others)


def _is_command(see: str) -> bool:
    bare = _QUOTED.sub("''", see)
    return _PROGRAM.match(bare) is not None and _SAID.search(bare) is None


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
