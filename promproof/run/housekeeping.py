"""What every command does before it starts anything: look whether it can be done, and clear what killed runs left.

A run has its files in four places: its folder among the reports, its journal and its undo file in the cache, and one
temporary folder that all its programs use (TMPDIR), which goes with the run or, after `kill -9`, with the next one.
That one is not below the reports: programs put sockets into it, whose paths may have 107 bytes at most (unix(7)).
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from promproof.errors import InputError
from promproof.faults.abandoned import abandoned
from promproof.stack.journal import Journal, cache_dir, clear_leftovers
from promproof.stack.ports import HOST

ROOM = 300_000
"""Bytes that a run's folder needs at the very least; a full run takes tens of times as much."""
PREFIX = "promproof-"

ATTEMPTS = 5
Say = Callable[[str], None]
T = TypeVar("T")


@contextmanager
def opened(say: Say) -> Iterator[Journal]:
    """The journal of a run and its temporary folder; what killed runs left is cleared and told first."""
    for left in clear_leftovers():
        say(f"cleared what a killed run left: {left}")
    for line in abandoned():
        say(line)
    with Journal() as journal, temporary_folder(journal):
        yield journal


@contextmanager
def temporary_folder(journal: Journal) -> Iterator[Path]:
    """The one temporary folder of a run, for this process and for all that it starts."""
    folder = Path(tempfile.gettempdir()) / f"{PREFIX}{journal.run}"
    journal.directory(folder, mode=0o700)
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = None
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
        shutil.rmtree(folder, ignore_errors=True)


def check_places(reports: Path) -> None:
    """Whether a run can have its places: reports, cache, temporary folder, and 127.0.0.1. Nothing is left behind.

    Raises:
        InputError: the first one that it can't have.
    """
    check_folder(reports, "--reports", "name another folder (--reports DIR)", ROOM)
    cache = "name another folder (XDG_CACHE_HOME=DIR)"
    for folder in (cache_dir() / "runs", cache_dir() / "undo"):
        check_folder(folder, "the cache", cache)
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise InputError(
            what="no folder for temporary files can be written",
            where="TMPDIR",
            expected="a folder",
            todo="set it",
        ) from error
    _check_loopback()


@contextmanager
def run_folder(folder: Path) -> Iterator[Path]:
    """Create the folder of a run; gone again, with the parents that it needed, when the input turns out wrong.

    Raises:
        InputError: it cannot be created.
    """
    made = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        _again_when_gone(lambda: folder.mkdir(parents=True))
    except OSError as error:
        _remove(made)
        raise InputError(
            what=f"cannot be created: {error.strerror}",
            where=str(folder),
            expected="a new folder",
            todo="name another --reports",
        ) from error
    try:
        yield folder
    except InputError:
        shutil.rmtree(folder, ignore_errors=True)
        _remove(made)
        raise


def check_folder(folder: Path, where: str, todo: str, room: int = 0) -> None:
    """Whether files can be written there. where: what named the folder; room: bytes that it needs.

    Raises:
        InputError: they can't.
    """
    try:
        free = _again_when_gone(lambda: _probe(folder))
    except OSError as error:
        raise InputError(
            what=f"{folder} cannot be written: {error.strerror}",
            where=where,
            expected="a folder that can be written",
            todo=todo,
        ) from error
    if free < room:
        raise InputError(
            what=f"{folder} is on a disk with {free} bytes left",
            where=where,
            expected=f"room for {room} at least",
            todo=todo,
        )


def _probe(folder: Path) -> int:
    """Create the missing folders of a path, write a file, and remove both again; the free space in bytes."""
    made = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        _make(folder)
        probe = folder / f".{PREFIX}{secrets.token_hex(6)}"
        try:
            probe.write_bytes(b"probe")
        finally:
            probe.unlink(missing_ok=True)
        return shutil.disk_usage(folder).free
    finally:
        _remove(made)


def _make(folder: Path) -> None:
    """Create a folder and its parents where they are missing.

    Raises:
        FileNotFoundError: one of them went meanwhile.
        OSError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        # mkdir met it, and it was gone when pathlib looked whether it is a folder; else something else has its name
        path = Path(error.filename)
        if path.is_dir() or not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
        raise


def _again_when_gone(act: Callable[[], T]) -> T:
    """Try once more when a parent is gone between two steps: another starting run has removed its own."""
    for _ in range(ATTEMPTS):
        with suppress(FileNotFoundError):
            return act()
    return act()


def _remove(made: list[Path]) -> None:
    """Remove folders, deepest first, as far as they are empty."""
    for path in made:
        with suppress(OSError):
            path.rmdir()


def _check_loopback() -> None:
    try:
        with socket.create_server((HOST, 0)) as listener:
            socket.create_connection(listener.getsockname(), timeout=5).close()
    except OSError as error:
        raise InputError(
            what=f"{HOST} can't be used: {error.strerror or error}",
            where="the network",
            expected="a loopback interface that is up",
            todo="ip link set lo up",
        ) from error
