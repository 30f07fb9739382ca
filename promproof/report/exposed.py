"""Verdicts as metrics, so that a dashboard can watch the watcher: `claims.prom`, the text format of Prometheus.

The file is what Node Exporter's textfile collector reads (`--collector.textfile.directory`), and any server of files
serves it to Prometheus. It is written whole or not at all, since it may be read at any time.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from promproof.report.output import Report, register
from promproof.verdict import Outcome

NAME = "claims.prom"


@register("metrics", order=410)
def write(report: Report) -> Path:
    """claims.prom in the run's folder."""
    path = report.folder / NAME
    new = path.with_suffix(".new")
    new.write_text("".join(f"{line}\n" for line in lines(report)), encoding="utf-8")
    os.replace(new, path)
    return path


def lines(report: Report) -> Iterator[str]:
    """`promproof_claim{id,verdict}` is 1; the sums, and the exit status of the run, stand beside it."""
    yield from _head("promproof_claim", "The verdict of a claim: 1 for the one that it has.")
    rows = {(verdict.claim, str(verdict.outcome)) for verdict in report.verdicts}
    for claim, outcome in sorted(rows):
        yield f'promproof_claim{{id="{_value(claim)}",verdict="{outcome}"}} 1'
    counts = Counter(verdict.outcome for verdict in report.verdicts)
    yield from _head("promproof_claims", "Claims of the run by verdict.")
    for outcome in Outcome:
        yield f'promproof_claims{{verdict="{outcome}"}} {counts[outcome]}'
    yield from _head(
        "promproof_exit_status", "Exit status of the run: 0 all passed, 1 a claim failed, 2 unknown."
    )
    yield f"promproof_exit_status {report.status}"


def _head(name: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"


def _value(text: str) -> str:
    """A label's value as the text format writes it, with what UTF-8 can hold."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return whole.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
