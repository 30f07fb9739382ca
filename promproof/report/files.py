"""The JSON report of a run; JUnit is written by pytest itself, whose test ids are the claim ids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from promproof.evidence.evidence import Evidence
from promproof.report.causes.fold import blocks_of
from promproof.report.causes.model import Block
from promproof.report.output import Report, register
from promproof.report.phases import phases
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
        run={"id": report.folder.name, **_lasted(report), **report.run},
        evidence=report.evidence,
    )
    return path


def _lasted(report: Report) -> dict[str, float]:
    """The seconds from the run's begin to its last record."""
    records = report.evidence.history.records if report.evidence is not None else ()
    return {"seconds": round(max(record.t for record in records), 3)} if records else {}


def write_json(
    path: Path,
    verdicts: Sequence[Verdict],
    ending: Ending,
    *,
    strict: bool,
    status: int,
    run: dict[str, Any],
    evidence: Evidence | None = None,
) -> None:
    """Write all verdicts with their counts, causes, and the exit status of the command; the form is `reportform`'s."""
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
        "causes": [_cause(block) for block in blocks_of(verdicts, evidence, ending.trouble)],
        "phases": [asdict(phase) for phase in phases(evidence)],
        "verdicts": [verdict.as_json() for verdict in verdicts],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _cause(block: Block) -> dict[str, Any]:
    return {
        "kind": block.kind,
        "title": block.title,
        "outcome": str(block.outcome),
        "where": block.where,
        "todo": block.todo,
        "look": block.look,
        "again": block.again,
        "causes": [verdict.claim for verdict in block.causes],
        "symptoms": [verdict.claim for verdict in block.symptoms],
    }
