"""Why a main job that ended with 2 could not judge, in one line: `python3 -m tests.gate.reason OUTPUT`.

`.ci/run` repeats such a job once and says so in its last lines. The reason is that of the run's report.json when the
output names one, else the last line of the output. Only the standard library is imported: no environment is needed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

_NOX = "nox > "


def reason(output: str, reports: Path) -> str:
    """One line; the newest report whose folder the output names is the run's."""
    named = [path for path in reports.glob("*/report.json") if path.parent.name in output]
    if named:
        newest = max(named, key=lambda path: path.stat().st_mtime)
        try:
            return of_report(json.loads(newest.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError):
            pass
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    lines = [line.strip() for line in plain.splitlines() if line.strip() and not line.startswith(_NOX)]
    return lines[-1] if lines else "no output"


def of_report(report: dict[str, Any]) -> str:
    """The trouble of the run, and of its unknown claims the number and the first."""
    unknown = [verdict for verdict in report["verdicts"] if verdict["outcome"] == "unknown"]
    said = [str(report["trouble"])] if report.get("trouble") else []
    if unknown:
        said.append(f"{len(unknown)} claims unknown, first {unknown[0]['claim']}: {unknown[0]['reason']}")
    return " ".join("; ".join(said or ["no claim is unknown"]).split())


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace")
    sys.stdout.write(f"{reason(text, Path('reports'))}\n")
