"""A small HTTP server with its own count of what it handled, written without anything of the library.

It counts as the API does: a request whose head and body arrived, once, under the status its handler produced,
also when the client has left. It runs in a thread of its own; what it saw is read directly.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from typing import Self

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Key = tuple[str, str, int]


class Target:
    """counts: (method, endpoint, status) -> requests. runs: executions by thing and status. users: by header.

    resets: every n-th request to /flaky is reset by the server after it has been counted; 0 resets none.
    """

    def __init__(self) -> None:
        self.counts: Counter[Key] = Counter()
        self.runs: Counter[tuple[str, str]] = Counter()
        self.users: Counter[str] = Counter()
        self.resets = 0
        self.open_now = 0
        self.open_most = 0
        self._ids = 0
        self._things: set[int] = set()
        self._flaky = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        start = asyncio.start_server(self._connection, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        async def stop() -> None:
            if self._server is not None:
                self._server.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def stop_listening(self) -> None:
        """Refuse connections from now on."""
        assert self._server is not None
        self._loop.call_soon_threadsafe(self._server.close)

    async def _connection(self, reader: Reader, writer: Writer) -> None:
        try:
            while request := await _read(reader):
                method, path, headers, body = request
                if user := headers.get("x-user-id"):
                    self.users[user] += 1
                self.open_now += 1
                self.open_most = max(self.open_most, self.open_now)
                try:
                    await self._handle(method, path, body, writer)
                finally:
                    self.open_now -= 1
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _handle(self, method: str, path: str, body: bytes, writer: Writer) -> None:
        parts = path.split("?")[0].strip("/").split("/")
        match (method, *parts):
            case ("GET", "things"):
                self._answer(writer, method, "/things", 200, {"total": len(self._things)})
            case ("POST", "things"):
                self._ids += 1
                self._things.add(self._ids)
                self._answer(writer, method, "/things", 201, {"id": self._ids})
            case (_, "things"):
                self._answer(writer, method, "/things", 405, {})
            case (("GET" | "DELETE"), "things", thing):
                known = thing.isdigit() and int(thing) in self._things
                status = (204 if method == "DELETE" else 200) if known else 404
                if known and method == "DELETE":
                    self._things.discard(int(thing))
                self._answer(writer, method, "/things/{id}", status, {"id": thing})
            case ("POST", "things", thing, "run"):
                await self._run(writer, thing, json.loads(body or b"{}"))
            case ("GET", "flaky"):
                await self._flaky_answer(writer)
            case ("GET", "broken"):
                self._count(method, "/broken", 500)
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                writer.close()
            case ("GET", "moved"):
                self._count(method, "/moved", 307)
                writer.write(b"HTTP/1.1 307 Moved\r\nLocation: /things\r\nContent-Length: 0\r\n\r\n")
            case ("GET", "metrics"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            case _:
                label = (
                    method
                    if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
                    else "OTHER"
                )
                self._answer(writer, label, "unmatched", 404, {}, head=method == "HEAD")

    async def _run(self, writer: Writer, thing: str, wish: dict[str, object]) -> None:
        outcome, steps = str(wish.get("outcome", "success")), int(str(wish.get("steps", 0)))
        if wish.get("stream"):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(5):
                writer.write(b"3\r\nabc\r\n")
                await asyncio.sleep(float(str(wish.get("seconds", 0))) / 5)
        elif wish.get("seconds"):
            await asyncio.sleep(float(str(wish["seconds"])))
        for step in range(steps):
            self.runs[(str(step), outcome)] += 1
        self.runs[(thing, outcome)] += 1
        if wish.get("stream"):
            self._count("POST", "/things/{id}/run", 200)
            writer.write(b"0\r\n\r\n")
            return
        answer = {"status": outcome, "steps": [{"id": str(step), "status": outcome} for step in range(steps)]}
        status = 500 if outcome == "crash" else 200
        self._answer(writer, "POST", "/things/{id}/run", status, answer)

    async def _flaky_answer(self, writer: Writer) -> None:
        self._flaky += 1
        if self.resets and self._flaky % self.resets == 0:
            self._count("GET", "/flaky", 200)
            writer.transport.abort()
            return
        self._answer(writer, "GET", "/flaky", 200, {})

    def _answer(
        self, writer: Writer, method: str, endpoint: str, status: int, value: object, head: bool = False
    ) -> None:
        self._count(method, endpoint, status)
        body = b"" if status == 204 or head else json.dumps(value).encode()
        length = "" if status == 204 else f"Content-Length: {len(body)}\r\n"
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{length}\r\n".encode() + body)

    def _count(self, method: str, endpoint: str, status: int) -> None:
        self.counts[(method, endpoint, status)] += 1


async def _read(reader: Reader) -> tuple[str, str, dict[str, str], bytes] | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return method, path, headers, await reader.readexactly(int(headers.get("content-length", "0")))
