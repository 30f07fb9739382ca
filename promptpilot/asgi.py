"""ASGI pieces that make what a request counts as independent of whether its client stayed.

A server forgets a request's body, and starlette cancels a stream, as soon as the client has gone; both
would make the outcome a race. Here a request that arrived whole is carried out to its end, and counted by
what it produced.
"""

import logging
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_048_576

logger = logging.getLogger("promptpilot")


class SimulatedError(Exception):
    """An error made on purpose: it takes the way of any unhandled one, but needs no traceback in the log."""


class WholeRequest:
    """Receives the body before anything may wait, so that it cannot be lost to a disconnect.

    A client that leaves before its request is whole gets no handler. Bodies beyond the limit are passed on
    unread: the application refuses them.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self._max = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        messages: deque[Message] = deque()
        size = 0
        while size <= self._max:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            messages.append(message)
            size += len(message.get("body", b""))
            if not message.get("more_body", False):
                break

        async def replay() -> Message:
            return messages.popleft() if messages else await receive()

        await self.app(scope, replay, send)


class ErrorBoundary:
    """Logs an unhandled exception once and keeps it from the server, which would close the connection for it.

    Closing after a complete 500 makes the client's next request on that connection fail with no trace in any
    metric. A stream that broke is left incomplete: then the server closes the connection, as it must.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except SimulatedError as exc:
            logger.debug("%s %s: %s", scope["method"], scope["path"], exc)
            if not started:
                raise
        except Exception:
            if not started:
                raise
            logger.exception("%s %s: unhandled exception", scope["method"], scope["path"])


class PieceStream(Response):
    """A response in pieces, sent to its end even when nobody listens: the server drops what it gets then."""

    media_type = "text/plain"

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        self.pieces = pieces
        self.status_code = 200
        self.background = None
        self.init_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self.pieces) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
