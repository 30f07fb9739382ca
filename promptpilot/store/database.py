"""One database: its engines, its threads, and questions with a deadline.

SQLite has one writer, a thread of its own, so no statement ever meets a lock of another. Health and totals
are asked on a connection apart from the pool: they must find out that the database has gone, also while the
pool is busy.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from promptpilot.store.tables import metadata

T = TypeVar("T")

_READERS = 4
_BUSY_SECONDS = 10.0
_CONNECT_SECONDS = 2
_CLOSE_SECONDS = 0.5


class DatabaseUnavailable(Exception):
    """The database cannot be opened, or gave no answer in time. The text is one line without credentials."""


def _reason(exc: BaseException) -> str:
    cause = getattr(exc, "orig", None) or exc
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def _sqlite_pragmas(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_engines(url: URL) -> tuple[Engine, Engine]:
    path = Path(str(url.database)).absolute()
    engine = create_engine(
        url.set(database=str(path)),
        pool_size=_READERS + 1,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
    )
    event.listen(engine, "connect", _sqlite_pragmas)

    def connect() -> sqlite3.Connection:
        # rw, not rwc: a database whose file has gone must not come back as a new and empty one.
        return sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw", uri=True, timeout=1, check_same_thread=False
        )

    return engine, create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _postgresql_engines(url: URL) -> tuple[Engine, Engine]:
    arguments = {"connect_timeout": _CONNECT_SECONDS}
    engine = create_engine(
        url, pool_size=_READERS * 2, max_overflow=0, pool_pre_ping=True, connect_args=arguments
    )
    return engine, create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=arguments)


class Database:
    """Opens (and on first use creates) the database at once. Raises DatabaseUnavailable."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        self._engine, self._probe = _sqlite_engines(parsed) if sqlite else _postgresql_engines(parsed)
        try:
            with self._engine.begin() as connection:
                metadata.create_all(connection)
        except (SQLAlchemyError, OSError) as exc:
            self._engine.dispose()
            raise DatabaseUnavailable(
                f"{parsed.render_as_string(hide_password=True)}: {_reason(exc)}"
            ) from exc
        self._readers = ThreadPoolExecutor(_READERS, "database-read")
        self._writer = ThreadPoolExecutor(1 if sqlite else _READERS, "database-write")
        self._asker = ThreadPoolExecutor(1, "database-ask")
        self._unanswered: asyncio.Future[Any] | None = None
        self._unanswered_since = 0.0
        self._out = False
        self._running = 0
        self._running_lock = threading.Lock()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` on a connection whose changes are not kept."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, self._engine, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, committed; rolled back when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, work)

    async def ask(self, work: Callable[[Connection], T], deadline_seconds: float) -> T:
        """Like `read`, but asked for certain and answered in time. Raises DatabaseUnavailable.

        While an earlier question hangs no further thread is spent on a new one. A question whose asker had less
        patience than this one is waited for: that its answer was late says nothing of what this one would get.
        """
        loop = asyncio.get_running_loop()
        begin = loop.time()
        if self._unanswered is not None and not self._unanswered.done():
            patience = self._unanswered_since + deadline_seconds - begin
            await asyncio.wait({self._unanswered}, timeout=max(patience, 0))
            if not self._unanswered.done():
                raise DatabaseUnavailable("still no answer to an earlier question")
        asked = loop.time()
        future = loop.run_in_executor(self._asker, self._read, self._probe, work)
        future.add_done_callback(_retrieve)
        try:
            return await asyncio.wait_for(asyncio.shield(future), begin + deadline_seconds - asked)
        except TimeoutError:
            if self._unanswered is None or self._unanswered.done():
                self._unanswered, self._unanswered_since = future, asked
            raise DatabaseUnavailable(f"no answer within {deadline_seconds:g} s") from None
        except (SQLAlchemyError, OSError) as exc:
            raise DatabaseUnavailable(_reason(exc)) from exc

    def take_out(self, out: bool) -> None:
        """Fail every question from now on, for the fault control; False: answer again."""
        self._out = out

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Like `read`, blocking, for the time before the event loop runs."""
        return self._read(self._engine, work)

    def _read(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        self._raise_if_out()
        with self._counted(), engine.connect() as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], T]) -> T:
        self._raise_if_out()
        with self._counted(), self._engine.begin() as connection:
            return work(connection)

    def _raise_if_out(self) -> None:
        if self._out:
            raise OSError("an outage injected by the fault control")

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._running_lock:
            self._running += 1
        try:
            yield
        finally:
            with self._running_lock:
                self._running -= 1

    def close(self) -> None:
        """Take no more work, wait a moment for threads inside the database, give the connections back."""
        for executor in (self._readers, self._writer, self._asker):
            executor.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + _CLOSE_SECONDS
        while self.hangs and time.monotonic() < deadline:
            time.sleep(0.01)
        self._engine.dispose()
        self._probe.dispose()

    @property
    def hangs(self) -> bool:
        """Whether a thread is inside the database; after `close` it hangs, and would block the exit."""
        return self._running > 0


def _retrieve(future: "asyncio.Future[Any]") -> None:
    # A late failure of a question nobody waits for any more is no news.
    if not future.cancelled():
        future.exception()
