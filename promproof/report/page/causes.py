"""The causes that stand on top of a page: blocks of red claims, as every output tells them."""

from __future__ import annotations

from promproof.report.causes.fold import blocks_of
from promproof.report.causes.model import Block
from promproof.report.page.subject import Subject


def causes(subject: Subject) -> list[Block]:
    """The blocks of a run, in the order in which to read them."""
    return blocks_of(subject.verdicts, subject.evidence, subject.ending.trouble)
