"""Faults on their way into requests.

Sits inside the instrumentation and the error handling: an injected error is counted, and an injected
exception takes the way of a handler's own. Only requests that a route will handle are decided on; the kinds
always in one order.
"""

import json
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpilot.asgi import SimulatedError
from promptpilot.clock import sleep_at_least
from promptpilot.faults import Fault, Faults, Kind, Mode
from promptpilot.routing import Resolver

MARKS = "promptpilot.faults"  # key of the scope: names of the faults that hit the request
HEADER = "X-Fault"


class InjectedFault(SimulatedError):
    """The unhandled exception of an errors fault."""


class FaultInjection:
    """ASGI middleware; `clock` is monotonic seconds, the same that the faults were started with."""

    def __init__(
        self, app: ASGIApp, faults: Faults, resolver: Resolver, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self._faults = faults
        self._resolver = resolver
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._faults.none_active:
            await self.app(scope, receive, send)
            return
        route = self._resolver.route_key(scope["method"], scope["path"])
        if route is None:
            await self.app(scope, receive, send)
            return
        now = self._clock()
        error = self._faults.decide(Kind.ERRORS, route, now)
        slow = self._faults.decide(Kind.SLOW, route, now)
        marks = scope[MARKS] = [fault.kind.value for fault in (error, slow) if fault is not None]
        if slow is not None:
            await sleep_at_least(slow.delay_seconds or 0.0)

        async def marked_send(message: Message) -> None:
            if marks and message["type"] == "http.response.start":
                value = ", ".join(marks).encode()
                message["headers"] = [*message.get("headers", []), (HEADER.lower().encode(), value)]
            await send(message)

        if error is None:
            await self.app(scope, receive, marked_send)
        elif error.mode is Mode.EXCEPTION:
            raise InjectedFault("an exception injected by the fault control")
        else:
            await _respond(error, marked_send)


async def _respond(fault: Fault, send: Send) -> None:
    body = json.dumps({"detail": "an error injected by the fault control"}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def mark(scope: Scope, kind: Kind) -> None:
    """Name a further fault in the response of this request."""
    marks = scope.get(MARKS)
    if marks is not None:
        marks.append(kind.value)
