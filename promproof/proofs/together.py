"""Which questions promtool is asked in one test: a test's storage costs more than a few evaluations do.

Questions stand side by side where none reads a metric, or has an alert, of another: none can see the others then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from promproof.proofs.questions import Question

MOST = 64
"""Questions in one test."""
PARTS = 8
"""How many smaller tests one makes that was stopped: few questions are asked alone then, and few rounds are needed."""
SERIES = 300
LONGER = 1.3
"""How much longer a question may make the others of its test, which are evaluated to its end."""


def bundles(questions: Sequence[Question]) -> list[list[int]]:
    """The numbers of the questions, in lists of such as may stand in one test."""
    found: list[list[int]] = []
    open_ones: dict[tuple[float, float], list[_Bundle]] = {}
    refused: dict[tuple[float, float, frozenset[str], int], int] = {}
    order = sorted(range(len(questions)), key=lambda number: questions[number].end)
    for number in order:
        question = questions[number]
        if question.reads is None:
            found.append([number])
            continue
        waiting = open_ones.setdefault((question.step, question.every), [])
        # questions come in the order of their ends: a bundle that has refused one refuses all that follow and read
        # the same
        alike = (question.step, question.every, question.reads, len(question.series))
        place = next(
            (at for at in range(refused.get(alike, 0), len(waiting)) if waiting[at].takes(question)),
            len(waiting),
        )
        if place == len(waiting):
            waiting.append(_Bundle(question.end))
            found.append(waiting[place].numbers)
        waiting[place].add(number, question)
        refused[alike] = place
    return found


def parts(group: Sequence[int]) -> list[list[int]]:
    """The questions of a test that was stopped, for smaller ones."""
    size = math.ceil(len(group) / PARTS)
    return [list(group[begin : begin + size]) for begin in range(0, len(group), size)]


class _Bundle:
    def __init__(self, begin: float) -> None:
        self.begin = begin
        self.numbers: list[int] = []
        self.reads: set[str] = set()
        self.series = 0

    def takes(self, question: Question) -> bool:
        assert question.reads is not None
        return (
            len(self.numbers) < MOST
            and self.series + len(question.series) <= SERIES
            and question.end <= self.begin * LONGER
            and self.reads.isdisjoint(question.reads)
        )

    def add(self, number: int, question: Question) -> None:
        self.numbers.append(number)
        self.reads |= question.reads or set()
        self.series += len(question.series)


def merged(questions: Sequence[Question]) -> Question:
    """One question that asks all of these, in their order."""
    if len(questions) == 1:
        return questions[0]
    first = questions[0]
    return Question(
        [series for question in questions for series in question.series],
        [ask for question in questions for ask in question.asks],
        [rule for question in questions for rule in question.rules],
        first.step,
        first.every,
    )
