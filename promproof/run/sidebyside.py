"""What goes on while the target starts: promtool and amtool look at the files, and the stack comes up.

Target and stack take most of a second each, and Prometheus asks nobody before the first tick of its discovery, which
counts from its own start. A target that is not up by then would fail its first scrapes: then the stack is begun anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager

from promproof.evidence import records
from promproof.faults.site import DISCOVERY_SECONDS
from promproof.run import versions
from promproof.run.static import in_background
from promproof.stack.binaries import Binaries
from promproof.stack.protocol import Stack

MARGIN_SECONDS = 2.0
"""before the first tick: for what is read of the target before it, on a machine that is busy"""
LOOK_SECONDS = 0.1


def beside(
    make: Callable[[], Stack],
    start: Callable[[], None],
    addresses: Callable[[], Sequence[str]],
    cleanup: ExitStack,
    clock: Callable[[], float] = time.monotonic,
) -> Stack:
    """The stack, which is up until `cleanup`; the target is started by `start` meanwhile.

    make: the stack, not entered, for the addresses that the target has now. A target that took other ports, or that
    needed long, gets one that is begun when it is up.
    """
    with ExitStack() as early:
        told, begun = list(addresses()), clock()
        stack = make()
        entering = in_background(stack.__enter__, "stack")
        early.callback(_end, entering, stack)
        start()
        entering.result()
        if list(addresses()) == told and clock() - begun < DISCOVERY_SECONDS - MARGIN_SECONDS:
            cleanup.push(early.pop_all())
            return stack
    return cleanup.enter_context(make())


@contextmanager
def files_checked(
    said: Callable[[], Sequence[records.ToolResult]], binaries: Binaries | None
) -> Iterator[None]:
    """Have promtool and amtool look at the files while target and stack start; what they say comes first.

    binaries: the programs that are started; None where the stack has its own.

    Raises:
        InputError: a program that was found is too old for the files: then the stack has not come up for that reason.
    """
    asked = in_background(said, "files")

    def answer() -> None:
        results = asked.result()
        if binaries is not None:
            versions.refuse_too_old(results, binaries)

    try:
        yield
    except Exception:
        answer()
        raise
    answer()


def _end(entering: Future[Stack], stack: Stack) -> None:
    """End a stack, also one that is still coming up: it ends by itself once its programs are gone."""
    while not entering.done():
        stack.__exit__(None, None, None)
        wait([entering], LOOK_SECONDS)
    stack.__exit__(None, None, None)
