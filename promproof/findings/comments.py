"""Findings that a comment in a YAML file leaves out, and comments that do nothing.

    expr: rate(http_errors_total[1m]) > 5  # promproof: ignore rule/window-too-short - scraped every 5 s elsewhere

    # promproof: ignore rule/label-lost, rule/value-in-label - the text is built from parts
    - alert: Errors

    # promproof: ignore-file rule/irate-in-alert - a decision of 2024

A comment covers what begins on its own line or, standing alone, on the next: a key with its value, a rule, a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from promproof.errors import meant
from promproof.findings.choosing import matches, unknown
from promproof.findings.file.suppressions import UNUSED, WRONG
from promproof.findings.finding import Finding, Place
from promproof.findings.part import Document

WORDS = ("ignore", "ignore-file")
_COMMENT = re.compile(r"(?:^|\s)#\s*promproof:\s*(\S*)[ \t]*(.*)$")
_REASON = re.compile(r"\s+(?:-|–|—|because)\s.*$|\s+#.*$")


@dataclass(frozen=True)
class Suppression:
    """One id of one comment. first, last: the lines that it covers, of the whole file with 0."""

    file: str
    line: int
    pattern: str
    first: int = 0
    last: int = 0

    def covers(self, finding: Finding) -> bool:
        """Whether it leaves this finding out."""
        if finding.file != self.file or not matches(self.pattern, finding.rule):
            return False
        return not self.first or self.first <= (finding.line or 0) <= self.last


def read(documents: Sequence[Document]) -> tuple[tuple[Suppression, ...], tuple[Finding, ...]]:
    """What comments leave out, and those that are wrong."""
    by_file: dict[str, list[Document]] = {}
    for document in documents:
        if "promproof:" in document.text and not document.file.endswith(".json"):
            by_file.setdefault(document.file, []).append(document)
    suppressions: list[Suppression] = []
    wrong: list[Finding] = []
    for file, mine in by_file.items():
        lines = mine[0].text.splitlines()
        for number, line in enumerate(lines, start=1):
            comment = _COMMENT.search(line)
            if comment is not None:
                told, patterns = _patterns(comment[1], comment[2])
                wrong += [_wrong(Place(file, number), what) for what in told]
                first, last = (0, 0) if comment[1] == "ignore-file" else _covered(number, lines, mine)
                suppressions += [Suppression(file, number, pattern, first, last) for pattern in patterns]
    return tuple(suppressions), tuple(wrong)


def unused(suppressions: Iterable[Suppression], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Those that leave nothing out; the others' findings are among `findings`."""
    for suppression in suppressions:
        if not any(map(suppression.covers, findings)):
            yield UNUSED.at(
                Place(suppression.file, suppression.line),
                f"{suppression.pattern} is left out here, and is not found",
                effect="the next one of its kind goes unseen",
                todo="remove it",
                see="run the check again without it: the findings are the same",
            )


def _patterns(word: str, text: str) -> tuple[list[str], list[str]]:
    """What is wrong with a comment, and the ids that it names."""
    if word not in WORDS:
        return [f"{word!r} is no word of these comments{meant(word, WORDS)}"], []
    named = [pattern for pattern in re.split(r"[,\s]+", _REASON.sub("", f" {text}")) if pattern]
    if not named:
        return ["no kind of finding is named"], []
    told = [wrong for pattern in named if (wrong := unknown(pattern))]
    return told, [pattern for pattern in named if not unknown(pattern)]


def _wrong(place: Place, what: str) -> Finding:
    return WRONG.at(
        place,
        what,
        effect="nothing is left out",
        todo="write `# promproof: ignore ID - reason`, or ignore-file for the whole file",
        see="promproof explain lists the ids",
    )


def _covered(number: int, lines: list[str], documents: list[Document]) -> tuple[int, int]:
    """The first and the last line of what begins on the line of a comment, or on the next that is none."""
    anchor = number
    if lines[number - 1].lstrip().startswith("#"):
        while anchor <= len(lines) and _is_between(lines[anchor - 1].strip()):
            anchor += 1
    end = len(lines)
    for document in reversed(documents):
        begun = [key for key, line in document.lines.items() if line == anchor and key]
        if not begun:  # within a text of several lines: what holds it
            above = [(line, len(key), key) for key, line in document.lines.items() if line < anchor and key]
            begun = [max(above, key=lambda entry: entry[:2])[2]] if above else []
        if begun and document.lines.get((), 0) <= anchor:
            key = min(begun, key=len)
            inside = {line for other, line in document.lines.items() if other[: len(key)] == key}
            first = document.lines[key]
            after = [
                line
                for other, line in document.lines.items()
                if line > first and other[: len(key)] != key and line not in inside
            ]
            return first, min(after, default=end + 1) - 1
        end = document.lines.get((), end + 1) - 1
    return number, number


def _is_between(line: str) -> bool:
    return not line or line.startswith("#") or line == "---"
