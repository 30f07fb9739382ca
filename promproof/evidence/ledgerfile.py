"""The ledger's file: what a generator recorded, written while it runs and readable at any moment and after a
crash.

Format (JSON lines, version 1). Goals, in order: what was flushed survives the death of the process; another
process can follow the file while it grows; the sum of the increments is the ledger, so that no line depends
on another.

    line 1   {"ledger": 1, "bin_seconds": s, "monotonic": s, "epoch": s, ...}     when, and about what
    {"t": s, "add": {...}}           everything recorded since the increment before, as a LedgerView
    {"t": s, "add": {...}, "instance": URL}      the same of one of several instances; without it the first has it
    {"t": s, "add": {...}, "presumed": true}     what a lost worker may have sent since its last report
    {"t": s, "event": name, ...}     a turn of the run: setup-done, once-done, arrivals-started, stopping, worker-lost
    {"t": s, "pulse": {...}}         how the generator is doing, once a second
    {"t": s, "final": true, "requests": n, "open": n, ...}     the last line; a file without it is incomplete

Times are CLOCK_MONOTONIC; `epoch` belongs to the same instant as the header's `monotonic`. A last line
without its newline is a torn write and is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import IO, Any, Protocol

from promproof.config import jsonlines
from promproof.errors import InputError
from promproof.evidence.sums import ViewSum
from promproof.evidence.view import LedgerView

VERSION = 1
SILENCE_SECONDS = 1.0
"""a line is written at least so often, so that a follower can tell a quiet generator from a dead one"""


@dataclass(frozen=True)
class Event:
    """A turn of the run at time t (CLOCK_MONOTONIC seconds)."""

    name: str
    t: float
    data: Mapping[str, Any]


class Source(Protocol):
    """What a writer takes increments from: a ledger, or what other processes have sent of theirs."""

    bin_seconds: float

    def drain(self) -> LedgerView: ...

    def open_requests(self) -> int: ...


class LedgerWriter:
    """Appends a ledger's increments to a new file. Every method may raise OSError; afterwards the file is
    torn.
    """

    def __init__(
        self,
        path: Path,
        ledger: Source,
        clock: Callable[[], float],
        epoch: float,
        **about: object,
    ) -> None:
        """Write the header. `about` are further JSON values for it.

        Raises:
            InputError: the file cannot be created, or something is in it already.
        """
        self._ledger = ledger
        self._clock = clock
        self._requests = 0
        self._written = -inf
        expected = "a new ledger file"
        if path.is_file() and path.stat().st_size:
            raise InputError(
                what="is there already, and not empty",
                where=str(path),
                expected=expected,
                todo="remove it or name another",
            )
        header = {"ledger": VERSION, "bin_seconds": ledger.bin_seconds, "monotonic": clock(), "epoch": epoch}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = path.open("a", encoding="utf-8")
            self._line({**header, **about})
        except OSError as error:
            todo = "name a file in a folder that can be written"
            raise InputError(
                what=f"cannot be written: {error.strerror}", where=str(path), expected=expected, todo=todo
            ) from error

    def flush(self) -> None:
        """Write what was recorded since the last call, if anything was, or after SILENCE_SECONDS."""
        now = self._clock()
        for instance, view in self._increments():
            if (
                view.endpoints_seen
                or view.tallies_seen
                or view.tallies_lost
                or view.lags
                or self._silent(now)
            ):
                self._requests += view.requests
                self._line({"t": now, "add": view.to_json(), **({"instance": instance} if instance else {})})
                self._written = now

    def presume(self, view: LedgerView) -> None:
        """Write requests that may have been sent by somebody who can no longer tell."""
        self.flush()
        self._requests += view.requests
        self._line({"t": self._clock(), "add": view.to_json(), "presumed": True})

    def event(self, name: str, **data: object) -> None:
        """Write a turn of the run, after everything that was recorded before it."""
        self.flush()
        self._line({"t": self._clock(), "event": name, **data})

    def sample(self, **data: object) -> None:
        """Write how the generator is doing."""
        self._line({"t": self._clock(), "pulse": data})

    def finish(self, **data: object) -> None:
        """Write the rest and the final line, and close the file."""
        self.flush()
        totals = {"requests": self._requests, "open": self._ledger.open_requests()}
        self._line({"t": self._clock(), "final": True, **totals, **data})
        self._file.close()

    def _increments(self) -> Iterable[tuple[str, LedgerView]]:
        """What was recorded since the last call, by instance of the target; under no name for a target of one."""
        yield "", self._ledger.drain()

    def _silent(self, now: float) -> bool:
        return now - self._written >= SILENCE_SECONDS

    def _line(self, line: Mapping[str, object]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n")
        self._file.flush()


class LedgerTail:
    """Follows a ledger's file: each poll takes in the lines that were completed since the one before.

    listener: gets every line after the header as it is taken in, and its increment if it has one.
    header, final: those lines, {} until they are there. events: in the order of the file. seen_until: time of
    the newest line; everything that the generator recorded until then is in. bin_seconds: of the empty view of a
    generator that died before its first line, so that it can be merged with those of others. instances: what was sent
    to each of several.
    """

    def __init__(
        self,
        path: Path,
        listener: Callable[[Mapping[str, Any], LedgerView | None], None] | None = None,
        bin_seconds: float = 1.0,
    ) -> None:
        self.path = path
        self._listener = listener
        self.header: Mapping[str, Any] = {}
        self.final: Mapping[str, Any] = {}
        self.events: list[Event] = []
        self.seen_until = -inf
        self._sum = ViewSum(bin_seconds)
        self.instances: dict[str, ViewSum] = {}
        self._requests = 0
        self._offset = 0
        self._number = 0

    def poll(self, until: float = inf) -> bool:
        """Take in new lines up to time `until`; True when there was one.

        Raises:
            InputError: the file cannot be read, is no ledger of this version, or has a broken line.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                lines = file.read().split(b"\n")[:-1]
        except OSError as error:
            raise InputError(
                what=f"cannot read the ledger: {error.strerror}",
                where=str(self.path),
                expected="a ledger file of a run",
                todo="check the path",
            ) from error
        for line in lines:
            row = jsonlines.parsed(line, f"{self.path}:{self._number + 1}")
            if row.get("t", -inf) > until:
                return True
            self._number += 1
            self._offset += len(line) + 1
            self._take(row)
        return bool(lines)

    def view(self) -> LedgerView:
        """The sum of the increments taken in so far; complete when the final line is there and agrees with
        them.
        """
        whole = bool(self.final) and self.final.get("requests") == self._requests
        complete = whole and self.final.get("bounded", True)
        return replace(self._sum.view(), complete=complete)

    def _take(self, row: dict[str, Any]) -> None:
        where = f"{self.path}:{self._number}"
        if self._number == 1:
            if row.get("ledger") != VERSION:
                raise InputError(
                    what=f"not a ledger of version {VERSION}",
                    where=where,
                    expected=f'{{"ledger": {VERSION}, ...}}',
                    todo="name a ledger file",
                )
            self.header = row
            self._sum = ViewSum(float(row["bin_seconds"]))
            return
        view = None
        if "add" in row:
            try:
                view = LedgerView.from_json(row["add"])
                self._sum.add(view)
                if "instance" in row:
                    width = float(self.header["bin_seconds"])
                    self.instances.setdefault(row["instance"], ViewSum(width)).add(view)
            except ValueError as error:
                raise InputError(
                    what=str(error),
                    where=where,
                    expected="an increment of this ledger",
                    todo="use the original file",
                ) from error
            self._requests += view.requests
        elif row.get("final"):
            self.final = row
        elif "event" in row:
            data = {key: value for key, value in row.items() if key not in ("event", "t")}
            self.events.append(Event(row["event"], row["t"], data))
        self.seen_until = row.get("t", self.seen_until)
        if self._listener is not None:
            self._listener(row, view)


def read(path: Path, until: float = inf) -> LedgerView:
    """The ledger in a file, also of a writer that died: `complete` is False without the final line.

    until: take in only what was written up to this time (CLOCK_MONOTONIC seconds).

    Raises:
        InputError: the file cannot be read, is no ledger of this version, or a line in the middle is broken.
    """
    tail = LedgerTail(path)
    tail.poll(until)
    if not tail.header:
        raise InputError(
            what="is empty", where=str(path), expected="a ledger file of a run", todo="check the path"
        )
    return tail.view()
