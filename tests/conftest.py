"""How the tests share a machine: those of one file run in one process. Whole runs are marked in their files.

An interruption reaches what the tests have started, which heals and ends, before the tests' process unwinds.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

with suppress(ModuleNotFoundError):  # an installed wheel that is tried on files below this folder has none
    from hypothesis import settings

    # how long an example takes says how busy a machine is
    settings.register_profile("without-deadline", deadline=None)
    settings.load_profile("without-deadline")
STACK_DATA = Path(__file__).parent / "stack" / "data"


ONE_WORD_SECONDS = 2.0
"""What comes within these is the same word by another way: a terminal tells all, the gate tells us, we the workers."""


def pytest_configure(config: pytest.Config) -> None:
    """Interrupted, tell what was started first: a fixture that waits for it would hold up the end.

    So do the workers, which are started by this process. SIGTERM would leave everything behind otherwise.
    """
    own, before = os.getpid(), float("-inf")

    def interrupted(number: int, frame: object) -> None:
        nonlocal before
        if os.getpid() != own:  # a fork that has not become another program yet
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                child.send_signal(signal.SIGTERM)
        last, before = before, time.monotonic()
        if before - last > ONE_WORD_SECONDS:
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: to look through it for garbage takes a third of the time, in each process."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def at_once(number: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads, which begin nothing more once the tests are interrupted."""
    pool = ThreadPoolExecutor(number)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, by `takes`, then by count: both processes end together."""
    weights: dict[Path, tuple[float, int]] = {}
    for item in items:
        seconds = max((mark.args[0] for mark in item.iter_markers("takes")), default=0.0)
        total, count = weights.get(item.path, (0.0, 0))
        weights[item.path] = total + seconds, count + 1
    items.sort(key=lambda item: weights[item.path], reverse=True)


@pytest.fixture(autouse=True)
def _signals_come_in() -> Iterator[None]:
    """A blocked signal would be handed on to every process of the tests that follow, which nothing ends any more."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    after = signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert after == before, f"left blocked: {after - before}"


def chosen(request: pytest.FixtureRequest, argument: str) -> list[Any]:
    """What the tests of this session ask a shared run about, in their order: with `-k` or `--last-failed`, a part.

    A test that uses the requesting fixture through another one, and has no such argument, asks nothing.
    """
    mine = [
        item
        for item in request.session.items
        if item.path == request.path and isinstance(item, pytest.Function)
    ]
    asking = [item for item in mine if request.fixturename in item.fixturenames and hasattr(item, "callspec")]
    asked = [item.callspec.params[argument] for item in asking if argument in item.callspec.params]
    return list(dict.fromkeys(asked))


@pytest.fixture
def shop() -> Path:
    """A monitoring folder of a service that has nothing to do with this project."""
    return STACK_DATA / "shop"


@pytest.fixture(scope="session", autouse=True)
def no_proofs_of_earlier_runs() -> Iterator[None]:
    """What a check says in a test depends on nothing that was proven on this machine before."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("promproof.cli.check.proofs_folder", lambda: Path(os.devnull))
        yield
