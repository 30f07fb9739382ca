"""The stack comes up while the target starts, and never meets one that is not there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from promproof.errors import EvidenceError
from promproof.run.sidebyside import beside

pytestmark = pytest.mark.unit
PATIENCE = 30.0


class Stack:
    """Notes what becomes of it. up: has to be set before it is up; None for at once."""

    def __init__(self, told: list[str], addresses: list[str], up: threading.Event | None = None) -> None:
        self.told, self.addresses, self.up = told, addresses, up
        self.ended = threading.Event()
        self.fails = False

    def __enter__(self) -> Stack:
        self.told.append(f"up for {', '.join(self.addresses)}")
        if self.fails:
            raise EvidenceError("prometheus", "refuses its configuration")
        if self.up is not None:
            while not self.up.wait(0.01):
                if self.ended.is_set():
                    raise EvidenceError("prometheus", "ended before it was ready")
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended.is_set():
            self.told.append("ended")
        self.ended.set()


class Bringing:
    """One bringing up: what was told, the target's addresses, and a clock that stands still."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.addresses = ["a:1"]
        self.now = 0.0
        self.made: list[Stack] = []
        self.up: threading.Event | None = None
        self.cleanup = ExitStack()

    def make(self) -> Any:
        self.made.append(Stack(self.told, list(self.addresses), self.up))
        return self.made[-1]

    def done(self, start: Callable[[], None]) -> Any:
        with self.cleanup:
            stack = beside(self.make, start, lambda: self.addresses, self.cleanup, lambda: self.now)
            self.told.append("all is up")
        return stack


@pytest.fixture
def bringing() -> Bringing:
    return Bringing()


def test_the_stack_comes_up_while_the_target_starts(bringing: Bringing) -> None:
    bringing.up = threading.Event()

    def start() -> None:  # nothing but this lets the stack be up
        assert bringing.up is not None
        bringing.up.set()

    assert bringing.done(start) is bringing.made[0]
    assert bringing.told == ["up for a:1", "all is up", "ended"]


def test_a_target_that_took_other_ports_has_a_stack_that_knows_them(bringing: Bringing) -> None:
    def start() -> None:
        bringing.addresses = ["a:2"]

    assert bringing.done(start) is bringing.made[1]
    assert bringing.told == ["up for a:1", "ended", "up for a:2", "all is up", "ended"]


@pytest.mark.parametrize(("seconds", "stacks"), [(2.9, 1), (3.1, 2), (20.0, 2)])
def test_a_target_that_needs_long_is_never_missing_in_the_first_scrapes(
    seconds: float, stacks: int, bringing: Bringing
) -> None:
    def start() -> None:
        bringing.now = seconds

    bringing.done(start)
    assert len(bringing.made) == stacks


@pytest.mark.parametrize("is_up", [True, False], ids=["up", "coming-up"])
def test_a_target_that_does_not_start_is_told_and_the_stack_is_ended(is_up: bool, bringing: Bringing) -> None:
    bringing.up = None if is_up else threading.Event()

    def start() -> None:
        raise EvidenceError("target", "died")

    with pytest.raises(EvidenceError, match="target: died"):
        bringing.done(start)
    assert bringing.made[0].ended.wait(PATIENCE)
    assert "all is up" not in bringing.told


def test_a_stack_that_does_not_come_up_is_told_once_the_target_has_started(bringing: Bringing) -> None:
    def make() -> Any:
        stack = Stack(bringing.told, [])
        stack.fails = True
        return stack

    bringing.make = make  # type: ignore[method-assign]
    with pytest.raises(EvidenceError, match="refuses its configuration"):
        bringing.done(lambda: bringing.told.append("target"))
    assert "target" in bringing.told
