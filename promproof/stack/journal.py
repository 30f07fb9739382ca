"""What a run has started and created, written down before it is used, so that the next run can clear it away.

One file for each run, locked by it as long as it lives: a journal whose lock can be taken belongs to a run
that was killed. A process is known by its pid together with its start time, for pids are used again.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from promproof.errors import InputError
from promproof.places import cache_dir as cache_dir
from promproof.stack.waiting import wait_until

VERSION = 1
RUN_VARIABLE = "PROMPROOF_RUN"
"""In the environment of every child: the run that it belongs to."""
DIRECTORY_MARKER = ".promproof-run"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_END_SECONDS = 5.0


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None when there is none or it is a zombie.

    Field 22 of /proc/PID/stat (proc(5)).
    """
    fields = _stat(pid)
    return None if fields is None or fields[0] in ("Z", "X") else int(fields[19])


@dataclass(frozen=True)
class Leftover:
    """Something of a run that was killed. `cleared` tells whether it is gone now."""

    run: str
    what: str
    cleared: bool

    def __str__(self) -> str:
        outcome = "cleared away" if self.cleared else "could not be removed"
        return f"{self.what}, left by run {self.run}: {outcome}"


class Journal:
    """The journal of this run. Used as a context manager; at the end of it the file is gone.

    Lines of JSON: a header with version, run and boot id; `process` (name, pid, start_time, command), `ended`
    (pid), `directory` (path). A last line without its end is ignored.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_dir() / "runs"
        self.run = secrets.token_hex(6)
        self.path = self.folder / f"{self.run}.jsonl"
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "lock"):  # nobody takes the new file for an abandoned one
            self._file = self.path.open("x", encoding="utf-8")
            self.path.chmod(0o600)  # command lines hold passwords
            fcntl.flock(self._file, fcntl.LOCK_EX)
        self._write(event="run", version=VERSION, run=self.run, pid=os.getpid(), boot=_boot_id())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget the run: whatever it started has ended by now."""
        if self._file is not None:
            self.path.unlink(missing_ok=True)
            with suppress(OSError):  # a full disk: what could not be written is of no use any more
                self._file.close()
            self._file = None

    def process_started(self, name: str, pid: int, command: list[str]) -> None:
        self._write(event="process", name=name, pid=pid, start_time=start_time(pid), command=command)

    def process_ended(self, pid: int) -> None:
        """Takes the process out. On a full disk it stays in: a pid with another start time is ended by nobody."""
        with suppress(OSError):
            self._write(event="ended", pid=pid)

    def directory(self, path: Path, mode: int = 0o777) -> Path:
        """Create a folder that goes when the run is cleared away; at an orderly end its user removes it."""
        path = path.absolute()
        self._write(event="directory", path=str(path))
        path.mkdir(mode, parents=True, exist_ok=True)
        (path / DIRECTORY_MARKER).write_text(self.run)
        return path

    def _write(self, **record: Any) -> None:
        if self._file is None:
            raise RuntimeError("the journal is not open")
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()


def clear_leftovers(folder: Path | None = None) -> list[Leftover]:
    """End the processes and remove the folders of runs that were killed, and tell which.

    Ended is only a process whose pid and start time are those of the journal, with the members of its process
    group that have the run's name in their environment; removed is only a folder that carries the run's mark.
    """
    found: list[Leftover] = []
    for path, file in of_killed_runs(folder or cache_dir() / "runs"):
        leftovers = list(_clear(path.stem, _records(file)))
        found.extend(leftovers)
        if all(leftover.cleared for leftover in leftovers):
            path.unlink(missing_ok=True)
    return found


def of_killed_runs(folder: Path) -> Iterator[tuple[Path, IO[str]]]:
    """The files there that no live run holds, by name; each is locked and open to be read and written."""
    if not folder.is_dir():
        return
    with locked(folder / "lock"):
        for path in sorted(folder.glob("*.jsonl")):
            with path.open("r+", encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue  # its run is alive
                yield path, file


def _clear(run: str, records: list[dict[str, Any]]) -> Iterator[Leftover]:
    running: dict[int, dict[str, Any]] = {}
    for record in records:
        if record["event"] == "process":
            running[record["pid"]] = record
        elif record["event"] == "ended":
            running.pop(record["pid"], None)
    if any(record["event"] == "run" and record["boot"] == _boot_id() for record in records):
        for record in running.values():
            yield from _end_processes(run, record)
    for record in records:
        path = Path(record.get("path", ""))
        if record["event"] == "directory" and _carries_mark(path, run):
            shutil.rmtree(path, ignore_errors=True)
            yield Leftover(run, f"folder {path}", not path.exists())
        elif record["event"] == "directory" and path.name.endswith(run):
            with suppress(OSError):
                path.rmdir()  # killed before the mark was in it


def _end_processes(run: str, record: dict[str, Any]) -> Iterator[Leftover]:
    leader = int(record["pid"])
    if record["start_time"] is not None and start_time(leader) == record["start_time"]:
        yield _end(run, leader, record["name"])
    # The leader first: it can start no more.
    for pid in _group(leader):
        if start_time(pid) is not None and _carries_run(pid, run):
            yield _end(run, pid, record["name"])


def _end(run: str, pid: int, name: str) -> Leftover:
    started = start_time(pid)
    _kill(pid, started)
    return Leftover(run, f"process {pid} ({name})", _is_gone(pid, started))


def _kill(pid: int, started: int | None) -> None:
    """End a process at once; the descriptor makes sure that it is the one that was looked at."""
    with suppress(ProcessLookupError, PermissionError):
        descriptor = os.pidfd_open(pid)
        try:
            if start_time(pid) == started:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def _is_gone(pid: int, started: int | None) -> bool:
    try:
        wait_until(
            lambda: "it runs" if started is not None and start_time(pid) == started else "",
            _END_SECONDS,
        )
    except TimeoutError:
        return False
    return True


def _group(leader: int) -> list[int]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in pids if (fields := _stat(pid)) is not None and int(fields[2]) == leader]


def _carries_run(pid: int, run: str) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{RUN_VARIABLE}={run}".encode() in environment


def _carries_mark(path: Path, run: str) -> bool:
    try:
        return (path / DIRECTORY_MARKER).read_text() == run
    except OSError:
        return False


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name (which may hold spaces): state, ppid, pgrp and so on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""


def _records(file: IO[str]) -> list[dict[str, Any]]:
    records = []
    for line in file:
        with suppress(json.JSONDecodeError):
            records.append(json.loads(line))
    return records


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on a file of the cache, which is created for it; waits for whoever has it.

    Raises:
        InputError: the cache cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a")
    except OSError as error:
        raise InputError(
            what=f"the cache {path.parent} cannot be written: {error.strerror}",
            where="XDG_CACHE_HOME",
            expected="a folder that can be written",
            todo="name another folder, or name the programs by --binary",
        ) from error
    with opened as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
