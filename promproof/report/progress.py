"""What people see while a run goes on: its events, and on a terminal a status line below them.

The status line has the time since the begin, the time that the plan leaves, the requests sent, the active alerts, and
what is being done. Without a terminal there is a line for each event, and a count of requests twice a minute.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from promproof.report.folding import STATE, Folding
from promproof.report.lines import cut, plain, wrapped

TICK_SECONDS = 1.0
COUNT_SECONDS = 30.0
"""between two counts of requests in a pipe"""
CLEAR = "\r\x1b[2K"
_SENT = re.compile(r"(?P<sender>[^:]+): (?P<sent>\d+) requests sent")
INACTIVE = "inactive"


class Progress:
    """Says what happens. clock: seconds that only grow; expected: those that the plan takes, None if nobody knows."""

    def __init__(
        self, stream: TextIO, clock: Callable[[], float], expected: float | None = None, width: int = 0
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._expected = expected
        self._begun = clock()
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._width = width
        self._sent: dict[str, int] = {}
        self._counted: dict[str, float] = {}
        self._states: dict[str, str] = {}
        self._doing = ""
        self._folding = Folding()
        self._lock = threading.RLock()  # a signal's handler says something, too
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Progress:
        if self._live:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with self._lock:
            self._tell(self._folding.rest())
            if self._live:
                self._write(CLEAR)

    def say(self, text: str) -> None:
        """Tell what happens now."""
        count, state = _SENT.fullmatch(text), STATE.match(text)
        with self._lock:
            if state is not None:
                self._states[state["alert"]] = state["state"]
            if count is not None:
                self._sent[count["sender"]] = int(count["sent"])
            elif state is None and not text.startswith(" "):
                self._doing = text
            if count is None:
                self._tell(self._folding.lines(text))
            elif self._is_due(count["sender"]):
                self._tell([text])
            if self._live and not self._ended.is_set():
                self._write(f"{CLEAR}{self.line()}")

    def _tell(self, lines: list[str]) -> None:
        stamp = f"[{self._clock() - self._begun:6.1f} s] "
        for text in lines:
            self._write(f"{CLEAR if self._live else ''}{stamp}{self._broken(text, len(stamp))}\n")

    def _broken(self, text: str, indent: int) -> str:
        """A text behind a stamp: on a terminal its lines end between words, a pipe has it whole."""
        if not self._live:
            return text
        lines = [
            line for part in text.split("\n") for line in wrapped(part, max(self._columns() - indent, 20))
        ]
        return f"\n{' ' * indent}".join(lines)

    def _is_due(self, sender: str) -> bool:
        """Whether to print a count of requests: a terminal has it in the status line."""
        now = self._clock()
        if self._live or now - self._counted.get(sender, float("-inf")) < COUNT_SECONDS:
            return False
        self._counted[sender] = now
        return True

    def line(self) -> str:
        """The status line, cut to the width of the terminal."""
        passed = self._clock() - self._begun
        parts = [f"{passed:.0f} s"]
        if self._expected is not None:
            left = self._expected - passed
            parts.append(f"about {left:.0f} s left" if left >= 1 else "longer than planned")
        if self._sent:
            parts.append(f"{sum(self._sent.values())} requests")
        active = [f"{name} {state}" for name, state in self._states.items() if state != INACTIVE]
        parts += [", ".join(active)] if active else []
        parts += [plain(self._doing)] if self._doing else []
        return cut(" | ".join(parts), self._columns() - 1)

    def _columns(self) -> int:
        if self._width:
            return self._width
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _tick(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            with self._lock:
                if not self._ended.is_set():
                    self._write(f"{CLEAR}{self.line()}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
