"""Verdicts in GitHub Actions: an annotation for each cause, and the summary of the job.

The commands' syntax: docs.github.com, Workflow commands for GitHub Actions. Of a step ten errors and ten warnings are
shown beside the code, so a cause has one, and not each of its symptoms.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from promproof.report.blocktext import ids
from promproof.report.causes.fold import blocks_of
from promproof.report.causes.model import Block
from promproof.report.claimplaces import Place, Places, places_of
from promproof.report.counting import kinds, open_by_reason, summary
from promproof.report.findings.github import cell, data, property_
from promproof.report.output import Report, register
from promproof.verdict import Outcome

SUMMARY, ACTIONS = "GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"
MOST_ROWS = 200
"""A summary of over 1 MiB is refused."""


@register("github", order=400)
def write(report: Report) -> None:
    """Annotations and summary, where the variables of GitHub Actions are there."""
    tell(report, os.environ, Path.cwd())


def tell(report: Report, environment: Mapping[str, str], base: Path) -> None:
    """Print annotations to standard output, and append to the summary of the job.

    Raises:
        OSError: the summary can't be written.
    """
    file = environment.get(SUMMARY)
    if not file and environment.get(ACTIONS) != "true":
        return
    blocks = blocks_of(report.verdicts, report.evidence, report.ending.trouble)
    if environment.get(ACTIONS) == "true":
        sys.stdout.writelines(f"{line}\n" for line in commands(blocks, places_of(report.evidence), str(base)))
    if file:
        with Path(file).open("a", encoding="utf-8", errors="backslashreplace") as target:
            target.write("\n".join(markdown(report, blocks, str(base))) + "\n")


def commands(blocks: Sequence[Block], places: Places, base: str = "") -> Iterator[str]:
    """A command for each cause: an error for what failed, a warning for what is unknown."""
    for block in blocks:
        place = (places.of(block.causes[0]) or Place("")).below(base)
        properties = {"file": place.file, "line": str(place.line or 1)} if place.file else {}
        properties["title"] = block.causes[0].claim
        told = ",".join(f"{name}={property_(value)}" for name, value in properties.items())
        command = "error" if block.outcome is Outcome.FAIL else "warning"
        yield f"::{command} {told}::{data(chr(10).join(_message(block, base)))}"


def _message(block: Block, base: str) -> Iterator[str]:
    yield _told(block.title, base)
    rows = (("promised", block.promised), ("seen", block.seen), ("to do", block.todo), ("again", block.again))
    for name, text in rows:
        if text and text != block.title:
            yield f"{name}: {_told(text, base)}"
    if block.symptoms:
        yield f"so also: {ids(block.symptoms)}"


def markdown(report: Report, blocks: Sequence[Block], base: str = "") -> Iterator[str]:
    """The summary of a job, line by line: causes first, then counts."""
    yield f"### promproof: {summary(report.verdicts)}\n"
    if report.ending.cause is not None:
        yield f"The run broke off: {cell(report.ending.cause)}\n"
    if blocks:
        yield "| | cause | seen | to do | claims |\n|---|---|---|---|---|"
    for block in blocks[:MOST_ROWS]:
        cells = (block.outcome, block.title, block.seen, block.todo, ids(block.claims))
        yield f"| {' | '.join(cell(_told(text, base)[:2000]) for text in cells)} |"
    if len(blocks) > MOST_ROWS:
        yield f"\nand {len(blocks) - MOST_ROWS} more"
    yield f"\n{cell(' · '.join(kinds(report.verdicts)))}\n"
    for count, reason, claims in open_by_reason(report.verdicts):
        yield f"- {count} not verified: {cell(reason)} ({cell(claims)})"
    yield f"- reports: {cell(_told(str(report.folder), base))}"


def _told(text: str, base: str) -> str:
    return text.replace(f"{base}/", "") if base else text
