"""PromptPilot's application in place of a server: each call is handed to it within this process.

What a server does with a connection is done here by hand: a head without its body, a body that comes late, a client
that has gone.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from promproof.load.wire import Call, Ending, Leave, Reply
from promptpilot.app import PromptPilot


class Wire:
    """Sends calls to the application; `tasks` are those whose client has gone."""

    def __init__(self, app: PromptPilot, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop
        self.tasks: set[asyncio.Task[None]] = set()

    def send(self, call: Call) -> Reply:
        return self._run(_Exchange(call))

    def leave(self, call: Call, how: Leave) -> Reply:
        return Reply(Ending.LEFT) if how == "half-header" else self._run(_Exchange(call, how))

    def _run(self, exchange: _Exchange) -> Reply:
        return asyncio.run_coroutine_threadsafe(self._client(exchange), self._loop).result(30)

    async def _client(self, exchange: _Exchange) -> Reply:
        task = asyncio.create_task(exchange.serve(self._app))
        if exchange.how is None:
            await task
            ending = Ending.ANSWERED if exchange.whole else Ending.BROKEN
            return Reply(ending, exchange.status, exchange.body, asked=bool(exchange.call.body_after))
        self.tasks.add(task)
        if exchange.how == "mid-stream":
            await exchange.begun.wait()
        exchange.gone.set()
        return Reply(Ending.LEFT, exchange.status if exchange.how == "mid-stream" else 0)


@dataclass
class _Exchange:
    """One request as the application sees it."""

    call: Call
    how: Leave | None = None
    status: int = 0
    body: bytes = b""
    whole: bool = False
    sent: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, app: PromptPilot) -> None:
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:  # a server writes it into its log, and answers where nobody has
            if not self.status:
                self.status, self.whole = 500, True

    def _scope(self) -> dict[str, Any]:
        path, _, query = self.call.path.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": self.call.http,
            "method": self.call.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in self.call.headers.items()],
        }

    async def _receive(self) -> dict[str, Any]:
        body = self.call.body or b""
        if not self.sent:
            self.sent = True
            await asyncio.sleep(self.call.body_after)
            half = self.how == "half-body"
            return {
                "type": "http.request",
                "body": body[: len(body) // 2] if half else body,
                "more_body": half,
            }
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.begun.set()
            self.body += message.get("body", b"")
            self.whole = not message.get("more_body", False)


@contextmanager
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
