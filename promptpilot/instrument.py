"""The HTTP metrics, as pure ASGI around everything else, error handling included.

The end of a request is stamped, and counted, immediately before its last byte goes to the server (with its last body
message, or with its headers when no body follows): a client that saw the end finds it counted, and its latency
bounds the duration from above.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpilot.metrics import Metrics
from promptpilot.routing import METHODS, METRICS_PATH, OTHER_METHOD, UNMATCHED, Resolver

CLIENT_CLOSED_REQUEST = 499  # nginx's number for a request that was gone before it had a status


def ends_with_headers(method: str, start: Message) -> bool:
    """Whether no byte of a body follows on the wire: then the client sees the end in the headers."""
    if method == "HEAD" or start["status"] in (204, 304):
        return True
    return any(
        name.lower() == b"content-length" and value == b"0" for name, value in start.get("headers", ())
    )


@dataclass(slots=True)
class Exchange:
    """A request on its way: labels, start in seconds of the clock, status as soon as there is one."""

    method: str
    endpoint: str
    started: float
    status: int | None = None
    ended: bool = False


class Instrumentation:
    """Counts each request once, whatever becomes of it: answered, failed, cancelled, or left by its client.

    `/metrics` is not counted. Status: the one that was sent; 500 for an exception, also after the headers
    of a stream; 499 when the request was cancelled, or its client gone before it was whole, and no status
    existed.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, resolver: Resolver, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.resolver = resolver
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == METRICS_PATH:
            await self.app(scope, receive, send)
            return
        exchange = self.begin(scope)

        async def watched_send(message: Message) -> None:
            self.sending(exchange, message)
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception:
            self.failed(exchange)
            raise
        finally:
            self.end(exchange)

    def begin(self, scope: Scope) -> Exchange:
        started = self.clock()
        method, endpoint = self.method_label(scope), self.endpoint_label(scope)
        self.metrics.request_started(method, endpoint)
        for name, value in scope["headers"]:
            if name == b"x-user-id" and value:
                self.metrics.user_seen(value)
        return Exchange(method, endpoint, started)

    def method_label(self, scope: Scope) -> str:
        method: str = scope["method"]
        return method if method in METHODS else OTHER_METHOD

    def endpoint_label(self, scope: Scope) -> str:
        return self.resolver.template(scope["path"]) or UNMATCHED

    def sending(self, exchange: Exchange, message: Message) -> None:
        """Called with each message before the server gets it."""
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            if ends_with_headers(exchange.method, message):
                self.end(exchange)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.end(exchange)

    def failed(self, exchange: Exchange) -> None:
        exchange.status = 500

    def end(self, exchange: Exchange) -> None:
        """Count the request; further calls do nothing."""
        if exchange.ended:
            return
        exchange.ended = True
        seconds = self.clock() - exchange.started
        status = CLIENT_CLOSED_REQUEST if exchange.status is None else exchange.status
        self.metrics.request_ended(exchange.method, exchange.endpoint, status, seconds)
