"""The evidence of one run: append-only, one clock, one writer, readable after a crash.

File format (JSON lines, version 3; one of version 2 is read too, where each record holds its data itself). Goals, in
order: nothing recorded is lost when the process dies; a reader needs no other file; records are written in the order
in which they were handed in; a reader knows what it gets.

    line 1   {"history": 3, "run": ID, "monotonic": seconds, "epoch": seconds}
    line n   {"n": number, "t": seconds, "kind": text, "data": {...}}
    or       {"n": number, "t": seconds, "kind": text, "as": number, "data": {"end": seconds}}

`data` is what the class of the kind says (`promproof/evidence/records/`, docs/history.md); a field at its default is
left out. `as`: what was asked at these times was answered as in that record (`again.py`). The version is raised when a
field is renamed, changes its meaning or becomes needed.

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
from typing import IO, Any, Generic, Protocol, TypeVar, cast

from promproof.config import jsonlines
from promproof.config.masking import Masker
from promproof.crash import Tracebacks
from promproof.errors import EvidenceError, InputError
from promproof.evidence.again import Told, is_again, read_again
from promproof.evidence.records import ObservationFailed
from promproof.evidence.records.base import Broken, Kind, Line, read_line, to_json

VERSION = 3
READ = (2, VERSION)
"""The versions that are read."""
K = TypeVar("K", bound=Kind)
K_co = TypeVar("K_co", bound=Kind, covariant=True)


class Clock(Protocol):
    """Where time comes from: monotonic and epoch seconds of the same machine."""

    def monotonic(self) -> float: ...

    def time(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Record(Generic[K_co]):
    """One piece of evidence: `t` in seconds since the start of the run."""

    number: int
    t: float
    data: K_co


class Sorted:
    """The records of a list by their class, which many checks ask for; the list grows, also from other threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_class: dict[type, list[Record[Kind]]] = {}
        self._known = 0
        self._newest: Record[Kind] | None = None

    def of(self, records: list[Record[Kind]], kind: type[Kind]) -> list[Record[Kind]]:
        """Those of a class, in their order. The list is to be read only, and may grow."""
        with self._lock:
            if len(records) != self._known or (records and records[-1] is not self._newest):
                self._catch_up(records)
            return self._by_class.get(kind, [])

    def _catch_up(self, records: list[Record[Kind]]) -> None:
        """Read what has been appended; a list that was changed otherwise is read anew."""
        if self._known > len(records) or (self._known and records[self._known - 1] is not self._newest):
            self._by_class, self._known = {}, 0
        for record in records[self._known :]:
            for above in type(record.data).__mro__:
                self._by_class.setdefault(above, []).append(record)
            self._known += 1
            self._newest = record


class History:
    """All records of a run in memory, and the two clocks of its start."""

    def __init__(
        self, run: str, monotonic: float, epoch: float, records: list[Record[Kind]] | None = None
    ) -> None:
        self.run = run
        self.monotonic = monotonic
        self.epoch = epoch
        self.records: list[Record[Kind]] = records if records is not None else []
        self._sorted = Sorted()

    def of(self, kind: type[K]) -> Iterator[Record[K]]:
        """The records of a kind, in the order in which they were written."""
        return iter(cast("list[Record[K]]", self._sorted.of(self.records, kind)))

    def last(self, kind: type[K]) -> Record[K] | None:
        """The newest record of a kind, or None."""
        found = self._sorted.of(self.records, kind)
        return cast("Record[K]", found[-1]) if found else None

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
        self._told = Told()
        self.failure: OSError | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("x", encoding="utf-8")
        header = {"history": VERSION, "run": run, "monotonic": self.monotonic, "epoch": self.epoch}
        self._write(json.dumps(header, separators=(",", ":")) + "\n")

    def now(self) -> float:
        """Seconds since the start of the run, to the microsecond."""
        return round(self._clock.monotonic() - self.monotonic, 6)

    def add(self, data: K, *, t: float | None = None) -> Record[K]:
        """Append one record; `t` is given when the thing was seen earlier than it is written."""
        with self._lock:
            number, seen = len(self.records), self.now() if t is None else round(t, 6)
            row = {"n": number, "t": seen, "kind": data.kind, "data": to_json(data)}
            _, line = self.masker.json(self._told.shortened(row, data))
            try:  # what is judged now is what is judged again from the file, to the last digit
                written = _read(line, self.records).data
            except Broken as error:
                raise EvidenceError(
                    "history", f"a record {data.kind!r} is of another form: {error.key}: {error}"
                ) from error
            assert isinstance(written, type(data))
            record = Record(number, seen, written)
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
        self.add(ObservationFailed(what, said))

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
        with path.open("rb") as file:
            return _history(path, _lines(path, file))
    except OSError as error:
        raise InputError(
            what=f"cannot read the history: {error.strerror}",
            where=str(path),
            expected="a history file of a run",
            todo="check the path",
        ) from error


def _history(path: Path, lines: Iterator[str]) -> History:
    first = next(lines, None)
    if first is None:
        raise InputError(
            what="the history has no whole line: the run ended before it wrote one",
            where=str(path),
            expected="a history file of a run",
            todo="run again",
        )
    header = _header(path, first)
    history = History(header["run"], header["monotonic"], header["epoch"])
    for number, line in enumerate(lines, start=2):
        try:
            found = _read(line, history.records)
            history.records.append(Record(found.n, found.t, found.data))
        except Broken as error:
            where = f"{path}:{number}: {error.key}" if error.key else f"{path}:{number}"
            raise InputError(
                what=str(error), where=where, expected=error.expected, todo="use the original file"
            ) from error
    return history


def _read(line: str, records: list[Record[Kind]]) -> Line[Kind]:
    return read_again(line, records) if is_again(line) else read_line(line)


def _lines(path: Path, file: IO[bytes]) -> Iterator[str]:
    """The whole lines, one after the other: a history of hours is larger than its readers want to hold."""
    for number, raw in enumerate(file, start=1):
        if not raw.endswith(b"\n"):
            return
        try:
            yield raw[:-1].decode()
        except UnicodeDecodeError as error:
            raise InputError(
                what=f"the history is not UTF-8 text: byte 0x{raw[error.start]:02x}",
                where=f"{path}:{number}",
                expected="a history file of a run",
                todo="use the original file",
            ) from error


def _header(path: Path, line: str) -> dict[str, Any]:
    try:
        header = jsonlines.value(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or not isinstance(header.get("history"), int):
        raise InputError(
            what="not a history",
            where=f"{path}:1",
            expected=f'{{"history": {VERSION}, ...}}',
            todo="name a history file",
        )
    if header["history"] not in READ:
        newer = header["history"] > VERSION
        raise InputError(
            what=f"a history of version {header['history']}, which is not read here",
            where=f"{path}:1",
            expected=f"version {' or '.join(map(str, READ))}",
            todo="judge it with a newer promproof"
            if newer
            else "judge it with the promproof that ran it, or run again",
        )
    for key in ("run", "monotonic", "epoch"):
        if not isinstance(header.get(key), str if key == "run" else int | float):
            raise InputError(
                what=f"no {key}", where=f"{path}:1: {key}", expected="a header", todo="use the original file"
            )
    return header
