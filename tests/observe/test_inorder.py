"""Several questions at once, their answers in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from promproof.observe.inorder import AHEAD, in_order

pytestmark = pytest.mark.unit
PATIENCE = 30.0


def test_answers_come_in_the_order_of_their_questions_whichever_is_there_first() -> None:
    second = threading.Event()

    def first() -> str:
        assert second.wait(PATIENCE)  # nobody would answer it, were one asked after the other
        return "a"

    def other() -> str:
        second.set()
        return "b"

    assert [answer.result(PATIENCE) for answer in in_order([first, other])] == ["a", "b"]


def test_a_question_that_raises_costs_its_own_answer_alone() -> None:
    def refused() -> int:
        raise ValueError("400")

    questions: list[Callable[[], int]] = [lambda: 1, refused, lambda: 3]
    answers = list(in_order(questions))
    assert (answers[0].result(PATIENCE), answers[2].result(PATIENCE)) == (1, 3)
    with pytest.raises(ValueError, match="400"):
        answers[1].result(PATIENCE)


def test_no_more_are_asked_than_are_soon_taken() -> None:
    asked: list[int] = []
    questions: list[Callable[[], None]] = [partial(asked.append, number) for number in range(40)]
    answers = in_order(questions, 2)
    for taken, answer in enumerate(answers, start=1):
        answer.result(PATIENCE)
        assert len(asked) <= taken + 1 + AHEAD + 2
    assert sorted(asked) == list(range(40))


def test_of_questions_that_nobody_waits_for_no_more_are_asked() -> None:
    asked: list[int] = []
    answers = in_order([partial(asked.append, number) for number in range(40)], 1)
    next(answers).result(PATIENCE)
    answers.close()  # type: ignore[attr-defined]
    assert len(asked) < 40
    assert list(in_order([])) == []
