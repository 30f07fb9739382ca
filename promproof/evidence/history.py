"""The evidence of one run: append-only, one clock, one writer, readable after a crash.

File format (JSON lines, version 1). Goals, in order: nothing recorded is lost when the process dies; a reader
needs no other file; records are written in the order in which they were handed in.

    line 1   {"history": 1, "run": ID, "monotonic": seconds, "epoch": seconds}
    line n   {"n": n-1, "t": seconds, "kind": text, "data": {...}}

`t` counts from the start of the run on CLOCK_MONOTONIC, which all processes of one machine share: the ledger of a
Locust process and the observers here use the same clock. `epoch` belongs to the same instant and translates the
time stamps of Prometheus. A last line without its newline is a torn write and is ignored.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from promproof.config.masking import Masker
from promproof.crash import Tracebacks
from promproof.errors import EvidenceError, InputError

VERSION = 1


class Clock(Protocol):
    """Where time comes from: monotonic and epoch seconds of the same machine."""

    def monotonic(self) -> float: ...

    def time(self) -> float: ...


@dataclass(frozen=True)
class Record:
    """One piece of evidence: `t` in seconds since the start of the run, `data` as JSON knows it."""

    number: int
    t: float
    kind: str
    data: dict[str, Any]


class History:
    """All records of a run in memory, and the two clocks of its start."""

    def __init__(self, run: str, monotonic: float, epoch: float, records: list[Record] | None = None) -> None:
        self.run = run
        self.monotonic = monotonic
        self.epoch = epoch
        self.records = records if records is not None else []

    def of(self, *kinds: str) -> Iterator[Record]:
        """The records of these kinds, in the order in which they were written."""
        return (record for record in self.records if record.kind in kinds)

    def last(self, kind: str) -> Record | None:
        """The newest record of a kind, or None."""
        return next((record for record in reversed(self.records) if record.kind == kind), None)

    def from_epoch(self, epoch: float) -> float:
        """Run time (seconds) of an epoch time stamp of this machine."""
        return epoch - self.epoch

    def from_monotonic(self, monotonic: float) -> float:
        """Run time (seconds) of a CLOCK_MONOTONIC reading of this machine."""
        return monotonic - self.monotonic


class Recorder(History):
    """The one writer of a history: each record goes to the file, flushed, before it can be read in memory.

    A file that can't be written any more (a full disk) is no reason for an observer's thread to die: the record stays
    in memory, `failure` says why, and `raise_if_broken` ends the run's driving. `tracebacks` are those of the run,
    in a file next to the history. Secrets are masked in
    the file and in memory, so that whoever judges the file later sees what was judged.
    """

    def __init__(self, path: Path, run: str, clock: Clock, masker: Masker | None = None) -> None:
        super().__init__(run, clock.monotonic(), clock.time())
        self.path = path
        self.tracebacks = Tracebacks(path.parent / "tracebacks.txt")
        self._clock = clock
        self.masker = masker or Masker()
        self._lock = threading.Lock()
        self.failure: OSError | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("x", encoding="utf-8")
        header = {"history": VERSION, "run": run, "monotonic": self.monotonic, "epoch": self.epoch}
        self._write(json.dumps(header, separators=(",", ":")) + "\n")

    def now(self) -> float:
        """Seconds since the start of the run."""
        return self._clock.monotonic() - self.monotonic

    def add(self, kind: str, data: dict[str, Any], *, t: float | None = None) -> Record:
        """Append one record; `t` is given when the thing was seen earlier than it is written."""
        with self._lock:
            number, seen = len(self.records), self.now() if t is None else t
            row = {"n": number, "t": round(seen, 6), "kind": kind, "data": data}
            hidden, line = self.masker.json(row)
            record = Record(number, seen, kind, data if hidden is row else hidden["data"])
            # What comes after the end, a late notification for example, is no part of the run.
            if self.failure is None and not self._file.closed:
                try:
                    self._write(line + "\n")
                except OSError as error:  # the last line may be torn: nothing may follow it
                    self.failure = error
            self.records.append(record)
            return record

    def raise_if_broken(self) -> None:
        """Raises EvidenceError when a record could not be written."""
        if self.failure is not None:
            raise EvidenceError(
                "history",
                f"{self.path} can't be written: {self.failure.strerror}",
                (),
                "make room or name another folder (--reports DIR), and run again",
            )

    def failed(self, what: str, error: Exception) -> None:
        """Write down that something could not be observed: what depends on it is unknown, and nothing else.

        An exception that nobody expected has its traceback kept.
        """
        said = (
            str(error)
            if isinstance(error, EvidenceError)
            else self.tracebacks.keep(f"asking for {what}", error)
        )
        self.add("observation_failed", {"what": what, "error": said})

    def close(self) -> None:
        """Close the file; records already written stay readable."""
        with self._lock, suppress(OSError):
            self._file.close()

    def _write(self, line: str) -> None:
        self._file.write(line)
        self._file.flush()


def read(path: Path) -> History:
    """Read a history file, also one whose writer died.

    Raises:
        InputError: the file is missing, is no history, has another version, or a line in the middle is broken.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot read the history: {error.strerror}",
            str(path),
            "a history file of a run",
            "check the path",
        ) from error
    lines = text.split("\n")[:-1]  # what follows the last newline is a torn write
    header = _parse(path, 1, lines[0] if lines else "")
    if header.get("history") != VERSION:
        raise InputError(
            f"not a history of version {VERSION}",
            f"{path}:1",
            f'{{"history": {VERSION}, ...}}',
            "name a history file",
        )
    history = History(header["run"], header["monotonic"], header["epoch"])
    for number, line in enumerate(lines[1:], start=2):
        row = _parse(path, number, line)
        history.records.append(Record(row["n"], row["t"], row["kind"], row["data"]))
    return history


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(
            f"broken line: {error}", f"{path}:{number}", "one JSON object per line", "use the original file"
        ) from error
    if not isinstance(row, dict):
        raise InputError(
            "not an object", f"{path}:{number}", "one JSON object per line", "use the original file"
        )
    return row
