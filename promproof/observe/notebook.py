"""What was seen while one question was asked, to be entered into the history when those before it are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from promproof.evidence.history import Recorder
from promproof.evidence.records.base import Kind
from promproof.observe.inorder import in_order


class Notebook:
    """As much of a history's recorder as a question needs; nothing is written before `enter`."""

    def __init__(self, history: Recorder) -> None:
        self.epoch = history.epoch
        self.from_epoch = history.from_epoch
        self._history = history
        self._entries: list[Callable[[], object]] = []

    def add(self, data: Kind) -> None:
        """Note a record."""
        self._entries.append(partial(self._history.add, data))

    def failed(self, what: str, error: Exception) -> None:
        """Note that something could not be observed."""
        self._entries.append(partial(self._history.failed, what, error))

    def breaks(self, error: Exception) -> None:
        """Note what ended the question, and all those after it."""

        def again() -> None:
            raise error

        self._entries.append(again)

    def enter(self) -> None:
        """Write all of it down, in its order."""
        for entry in self._entries:
            entry()


def ask_all(history: Recorder, questions: Sequence[Callable[[Notebook], None]]) -> None:
    """Ask some at a time, and write down what was seen as if one had been asked after the other."""

    def noted(question: Callable[[Notebook], None]) -> Notebook:
        notes = Notebook(history)
        try:
            question(notes)
        except Exception as error:
            notes.breaks(error)
        return notes

    for answer in in_order([partial(noted, question) for question in questions]):
        answer.result().enter()
