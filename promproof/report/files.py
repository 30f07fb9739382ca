"""The JSON report of a run; JUnit is written by pytest itself, whose test ids are the claim ids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from promproof.report.output import Report, register
from promproof.run.ending import Ending, doubt
from promproof.verdict import Verdict


@register("json", order=200)
def write(report: Report) -> Path:
    """report.json in the run's folder."""
    path = report.folder / "report.json"
    write_json(
        path,
        report.verdicts,
        report.ending,
        strict=report.strict,
        status=report.status,
        run={"id": report.folder.name, **report.run},
    )
    return path


def write_json(
    path: Path, verdicts: Sequence[Verdict], ending: Ending, *, strict: bool, status: int, run: dict[str, Any]
) -> None:
    """Write all verdicts with their counts, the cause of what is missing, and the exit status of the command."""
    document = {
        "report": 1,
        "run": run,
        "cause": ending.cause,
        "trouble": ending.trouble,
        "interrupted": ending.interrupted,
        "doubt": doubt(verdicts, ending, strict=strict),
        "tracebacks": ending.crashes,
        "exit_status": status,
        "counts": dict(Counter(str(verdict.outcome) for verdict in verdicts)),
        "unknown_for_the_cause": sum(verdict.symptom for verdict in verdicts),
        "verdicts": [verdict.as_json() for verdict in verdicts],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
