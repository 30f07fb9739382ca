"""Several questions at once, with their answers in the order in which they were asked.

A server works on one question while the answer to another is read here. The threads are no executor's: one that hangs
in a question must not keep the process from ending.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

AnswerT = TypeVar("AnswerT")
AT_ONCE = 2
AHEAD = 2
"""Answers that wait to be taken: they are large, and are not to pile up."""


def in_order(questions: Sequence[Callable[[], AnswerT]], at_once: int = AT_ONCE) -> Iterator[Future[AnswerT]]:
    """The answer to each question, or what it raised, in their order; so many are asked at the same time."""
    waiting: deque[Future[AnswerT]] = deque(Future() for _ in questions)
    left = deque(zip(questions, list(waiting), strict=True))
    room = threading.Semaphore(at_once + AHEAD)
    ended = threading.Event()

    def work() -> None:
        while room.acquire() and not ended.is_set():
            try:
                question, answer = left.popleft()
            except IndexError:
                return
            try:
                answer.set_result(question())
            except BaseException as error:
                answer.set_exception(error)

    for number in range(min(at_once, len(questions))):
        threading.Thread(target=work, name=f"question-{number}", daemon=True).start()
    try:
        while waiting:
            yield waiting.popleft()
            room.release()
    finally:
        ended.set()
        room.release(at_once)
