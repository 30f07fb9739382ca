"""`promproof check` beside promtool's and amlint's checks, on the same files: benchmarks/compare_linters.md.

    python -m benchmarks.compare_linters --rules FOLDER... --alertmanager FOLDER... --promtool FILE --amlint FILE

amlint is installed by `pip install amlint`, in an environment of its own. Every file is given alone. Prints for each
program and each of its kinds how many findings there are, and in how many files; with --all each finding too.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import InputError
from promproof.findings.discover import discover
from promproof.findings.finding import Severity
from promproof.findings.judging import judge


@dataclass(frozen=True)
class Said:
    """What a program says of a file."""

    program: str
    kind: str
    file: str
    text: str


def of_promproof(file: Path, families: tuple[str, ...]) -> Iterator[Said]:
    """Findings but hints, of these families."""
    try:
        setup = discover([file], file.parent)
    except InputError:
        return
    for finding in judge(setup).findings:
        if finding.severity is not Severity.HINT and finding.rule.startswith(families):
            where = f"{finding.file}:{finding.line}"
            yield Said(
                "promproof", f"{finding.rule} ({finding.severity})", file.name, f"{where} {finding.message}"
            )


def of_promtool(program: str, file: Path) -> Iterator[Said]:
    """Refusals, and rules that are there twice."""
    words = [program, "check", "rules", "--lint=all", str(file)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    said = run.stdout + run.stderr
    if "FAILED" in said and "duplicate rule" not in said:
        yield Said("promtool", "refused", file.name, " ".join((run.stderr or run.stdout).split())[:300])
    for found in re.findall(r"Metric: (\S+)", said):
        yield Said("promtool", "duplicate rule", file.name, found)


def of_amlint(program: str, file: Path) -> Iterator[Said]:
    """All that it says."""
    words = [program, "check", "--format", "json", str(file)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    try:
        data = json.loads(run.stdout)
    except ValueError:
        yield Said("amlint", "crash", file.name, (run.stderr or run.stdout).strip()[-200:])
        return
    for entry in data if isinstance(data, list) else data.get("findings") or data.get("results") or []:
        for finding in entry.get("findings", [entry]):
            level, code = finding.get("level") or finding.get("severity"), finding.get("code")
            yield Said("amlint", f"{code} ({str(level).lower()})", file.name, str(finding.get("message")))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_linters")
    for name in ("--rules", "--alertmanager"):
        parser.add_argument(name, nargs="*", default=[], type=Path)
    parser.add_argument("--promtool", default="promtool")
    parser.add_argument("--amlint", default="amlint")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    found: list[Said] = []
    for file in (file for folder in given.rules for file in sorted(folder.rglob("*.y*ml"))):
        found += [*of_promproof(file, ("rule/", "file/")), *of_promtool(given.promtool, file)]
    for file in (file for folder in given.alertmanager for file in sorted(folder.rglob("*.y*ml"))):
        found += [*of_promproof(file, ("alertmanager/", "file/")), *of_amlint(given.amlint, file)]
    counts = Counter((said.program, said.kind) for said in found)
    sys.stdout.write("| program | kind | findings | files |\n|---|---|---|---|\n")
    for (program, kind), count in sorted(counts.items()):
        files = len({said.file for said in found if (said.program, said.kind) == (program, kind)})
        sys.stdout.write(f"| {program} | {kind} | {count} | {files} |\n")
    for said in found if given.all else ():
        sys.stdout.write(f"{said.program}\t{said.kind}\t{said.file}\t{said.text}\n")


if __name__ == "__main__":
    main()
