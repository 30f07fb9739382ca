"""A sample of what `promproof check` says of real files, to be confirmed by hand: benchmarks/findings_sample.md.

    python -m benchmarks.findings_sample --files PATH... --folders FOLDER... [--count 60]

--files: each file named or below is a set-up of its own, those of many projects in one folder say. --folders: each
folder in it is one. Hints are left out, as they are by default. Every kind comes in turn: of each the finding with the
lowest SHA-256 of `kind file place`, kinds in the order of those; then the second of each, and so on. So the same files
give the same sample, and nobody chooses.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from promproof.errors import InputError
from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.judging import judge


def setups(files: list[Path], folders: list[Path]) -> Iterator[Path]:
    """The paths that are one set-up each."""
    for named in files:
        yield from [named] if named.is_file() else sorted(path for path in named.rglob("*") if path.is_file())
    for folder in folders:
        yield from sorted(path for path in folder.iterdir() if path.is_dir())


def findings(paths: Iterator[Path]) -> Iterator[tuple[Path, Finding]]:
    """What is said of each set-up, but hints; files are shown from the folder that holds the set-up."""
    for path in paths:
        try:
            setup = discover([path], path.parent)
        except InputError:
            continue
        for finding in judge(setup).findings:
            if finding.severity is not Severity.HINT:
                yield path.parent, finding


def sample(found: Iterator[tuple[Path, Finding]], count: int) -> list[tuple[Path, Finding]]:
    """So many, in the order that the docstring of the module says."""
    by_kind: dict[str, list[tuple[str, Path, Finding]]] = {}
    for folder, finding in found:
        key = f"{finding.rule} {finding.file} {finding.line or ''} {finding.path}"
        digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
        by_kind.setdefault(finding.rule, []).append((digest, folder, finding))
    turns = [
        (turn, digest, folder, finding)
        for entries in by_kind.values()
        for turn, (digest, folder, finding) in enumerate(sorted(entries, key=lambda entry: entry[0]))
    ]
    turns.sort(key=lambda entry: entry[:2])
    return [(folder, finding) for _, _, folder, finding in turns[:count]]


def main() -> None:
    """Print the sample as a table whose last two columns are for a reader."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.findings_sample")
    parser.add_argument("--files", nargs="*", default=[], type=Path)
    parser.add_argument("--folders", nargs="*", default=[], type=Path)
    parser.add_argument("--count", default=60, type=int)
    given = parser.parse_args()
    found = list(findings(setups(given.files, given.folders)))
    sys.stdout.write(f"{len(found)} findings of {len({finding.rule for _, finding in found})} kinds\n\n")
    sys.stdout.write("| id | place | message | true | how it was confirmed |\n|---|---|---|---|---|\n")
    for _, finding in sample(iter(found), given.count):
        place = f"{finding.file}:{finding.line}" if finding.line else f"{finding.file} {finding.path}"
        message = " ".join(finding.message.split()).replace("|", "\\|")
        sys.stdout.write(f"| {finding.rule} | {place} | {message} | | |\n")


if __name__ == "__main__":
    main()
