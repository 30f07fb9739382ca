"""A file of known findings: they are not told again until they are more, wherever in their files they move."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promproof.config import jsonlines, usertext
from promproof.config.usertext import Mistake
from promproof.errors import InputError
from promproof.findings.finding import Finding
from promproof.findings.identity import Identities

VERSION = 1
MOST_BYTES = 16 * 1024 * 1024
"""40,000 findings"""


@dataclass(frozen=True)
class Baseline:
    """Known findings: how many there are of each fingerprint, and the files that they are in."""

    known: Counter[str] = field(default_factory=Counter)
    files: dict[str, str] = field(default_factory=dict)

    def divide(self, findings: Sequence[Finding], identities: Identities) -> tuple[list[Finding], int, int]:
        """Those that are not known; how many are; how many known ones are there no more, in files that were read."""
        left = Counter(self.known)
        fresh = []
        for finding in findings:
            fingerprint = identities.fingerprint(finding)
            if left[fingerprint] > 0:
                left[fingerprint] -= 1
            else:
                fresh.append(finding)
        gone = sum(
            count
            for mark, count in left.items()
            if self.files.get(mark) in identities.documents and count > 0
        )
        return fresh, len(findings) - len(fresh), gone


def load(path: Path) -> Baseline:
    """Read a file that `write` wrote.

    Raises:
        InputError: it can't be read, or is another file.
    """
    try:
        text = usertext.read(path, MOST_BYTES)
    except Mistake as mistake:
        raise InputError(
            what=mistake.text,
            where=f"{path}:{mistake.line}" if mistake.line else str(path),
            expected="a file of known findings",
            todo=f"promproof check --baseline {path} --write-baseline writes it",
        ) from mistake
    try:
        entries = list(_entries(jsonlines.value(text)))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            what=f"is no file of known findings: {error}",
            where=f"{path}:{getattr(error, 'lineno', 1)}",
            expected=f'"version": {VERSION}, and "findings" with fingerprint, file and count',
            todo=f"promproof check --baseline {path} --write-baseline writes it anew",
        ) from error
    return Baseline(Counter(dict(entry[:2] for entry in entries)), {entry[0]: entry[2] for entry in entries})


def _entries(data: Any) -> Iterator[tuple[str, int, str]]:
    if not isinstance(data, dict):
        raise TypeError("it is no object")
    if data.get("version") != VERSION:
        raise ValueError(f"its version is {data.get('version')!r}")
    for entry in data["findings"]:
        mark, count, file = entry["fingerprint"], entry["count"], entry["file"]
        if not (isinstance(mark, str) and isinstance(count, int) and isinstance(file, str)):
            raise TypeError(f"an entry is {json.dumps(entry)[:80]}")
        yield mark, count, file


def written(findings: Sequence[Finding], identities: Identities) -> str:
    """The text of a file of these findings, one line each, in an order that changes little."""
    entries: dict[str, dict[str, Any]] = {}
    for finding in findings:
        mark = identities.fingerprint(finding)
        entry = entries.setdefault(
            mark,
            {
                "rule": finding.rule,
                "file": finding.file,
                "fingerprint": mark,
                "count": 0,
                "message": finding.message,
            },
        )
        entry["count"] += 1
    ordered = sorted(entries.values(), key=lambda entry: (entry["file"], entry["rule"], entry["fingerprint"]))
    lines = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in ordered)
    inner = f"[\n{lines}\n ]" if lines else "[]"
    return f'{{\n "version": {VERSION},\n "findings": {inner}\n}}\n'
