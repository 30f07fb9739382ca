"""The receiver that stands in for the notification's address during a run.

It stores each POST with its time, forwards it unchanged to where the configuration would have sent it, and answers
what was answered there, so that a notification still has its real effect. A forward that finds nobody is answered
with 502, as a proxy would; Alertmanager then tries again.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

from promproof.config import jsonlines
from promproof.errors import EvidenceError

LOG_LINES = 10
MAX_BODY_BYTES = 32 << 20
"""A group of 10,000 alerts has some 10 MB; more is no notification."""
SHUTDOWN_SECONDS = 0.05
"""within which its end is noticed"""
END_SECONDS = 5.0
EVERYWHERE = ("", "0.0.0.0", "::")
"""Hosts that stand for every address of a machine."""
REFUSED = 403
"""A status after which Alertmanager does not try again before the next group interval (`notify/util.go`)."""
NO_ANSWER = 502
"""What the receiver answers for a target that gave none: it could not be reached, or not in time."""


@dataclass(frozen=True)
class Delivery:
    """One POST as it arrived: run time (seconds), receiver name, parsed body, and the status that was answered."""

    t: float
    receiver: str
    body: dict[str, Any]
    status: int


@dataclass
class Route:
    """Where one receiver's notifications go on to: `forward(body bytes) -> status`, or nowhere (answered 200)."""

    forward: Callable[[bytes], int] | None = None
    deliveries: list[Delivery] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    """One that tells what its handlers raised to the receiver instead of the terminal."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        failed: Callable[[BaseException | None], None],
    ) -> None:
        super().__init__(address, handler)
        self._failed = failed

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: tuple[str, int]
    ) -> None:
        self._failed(sys.exc_info()[1])


class _Server6(_Server):
    """The same at an address of IPv6."""

    address_family = socket.AF_INET6


class Receiver:
    """An HTTP server with one path per receiver name; on loopback, and where `listen` says."""

    def __init__(
        self, clock: Callable[[], float], *, on_delivery: Callable[[Delivery], None] | None = None
    ) -> None:
        self._clock = clock
        self._on_delivery = on_delivery
        self._routes: dict[str, Route] = {}
        self._lock = threading.Lock()
        self._refusals = 0
        self.refusing: frozenset[str] = frozenset()
        """Receivers whose notifications are answered with 403, and forwarded to nobody."""
        self.excused = False
        """While the target is down by the run's own doing: nothing is forwarded, and 200 is answered."""
        self._on_stranger: Callable[[str], None] | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._handle(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: deliveries are in the history."""

        self._handler = Handler
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._broken = ""
        self._servers: list[tuple[_Server, threading.Thread]] = []
        self.host = "127.0.0.1"
        self.listen(self.host)

    @property
    def port(self) -> int:
        """The port it listens on, at the address that was named last."""
        return int(self._servers[-1][0].server_address[1])

    def listen(self, host: str, port: int = 0) -> None:
        """Listen on one more address of this machine, that of a bridge to containers; URLs given later name it.

        Raises:
            ValueError: the address stands for all addresses.
            OSError: it is none of this machine's, or another program has the port.
        """
        if host in EVERYWHERE:
            raise ValueError(f"{host!r} would listen on every address; name one")
        server = _server(host, port, self._handler, self._failed)
        thread = threading.Thread(
            target=server.serve_forever, args=(SHUTDOWN_SECONDS,), name="webhook-receiver", daemon=True
        )
        thread.start()
        self.host = host
        self._servers.append((server, thread))

    def add(self, name: str, forward: Callable[[bytes], int] | None = None) -> str:
        """Add a receiver; returns the URL to put into the configuration."""
        self._routes[name] = Route(forward)
        return f"http://{self.host}:{self.port}/{quote(name, safe='')}"

    def take_from(self, names: Iterable[str], stranger: Callable[[str], None]) -> None:
        """From now on tell receivers by what a notification says, whatever its path: the webhook is somebody else's.

        stranger: told the name of a receiver that is none of these; what it sends is answered 200 and not kept.
        """
        for name in names:
            self.add(name)
        self._on_stranger = stranger

    def refuse(self, times: int) -> None:
        """Answer the next so many deliveries with 500, whoever they are for, and forward none of them."""
        with self._lock:
            self._refusals = times

    def deliveries(self, name: str | None = None) -> list[Delivery]:
        """What arrived so far, in order of arrival."""
        with self._lock:
            routes = [self._routes[name]] if name is not None else list(self._routes.values())
            return sorted(
                (delivery for route in routes for delivery in route.deliveries),
                key=lambda delivery: delivery.t,
            )

    def raise_if_dead(self) -> None:
        """Raise when it listens no longer, or has failed at one by its own doing: notifications are lost.

        Raises:
            EvidenceError: with the last notifications that it took, and what went wrong with them.
        """
        if self._broken:
            raise EvidenceError(
                "webhook receiver", f"it failed at a notification: {self._broken}", tuple(self._log)
            )
        for server, thread in self._servers:
            if not thread.is_alive() or server.fileno() < 0:
                host, port = server.server_address[:2]
                state = f"it no longer listens on {host!s}:{port}"
                raise EvidenceError("webhook receiver", state, tuple(self._log))

    def close(self) -> None:
        """Stop listening."""
        for server, thread in self._servers:
            server.shutdown()
            server.server_close()
            thread.join(END_SECONDS)

    def _failed(self, error: BaseException | None) -> None:
        text = f"{type(error).__name__}: {error}"
        self._log.append(text)
        if not isinstance(
            error, ConnectionError
        ):  # its sender is gone, and will try again if it wants an answer
            self._broken = text

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        arrived = self._clock()
        length, status = _length(request.headers)
        # what is refused unread would be taken for the next request of its connection
        request.close_connection = request.close_connection or length is None
        raw = request.rfile.read(length or 0)
        name = unquote(request.path.removeprefix("/"))  # Alertmanager asks for a URL as it is written
        if self._on_stranger is not None and length is not None:
            name, status = self._told_name(raw, self._on_stranger)
        route = self._routes.get(name)
        if route is not None and length is not None:
            status = REFUSED if name in self.refusing else self._status(route, raw)
            self._log.append(f"{arrived:.2f} s: a notification for {name}, answered {status}")
            self._keep(route, Delivery(arrived, name, _parsed(raw), status))
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _told_name(self, raw: bytes, stranger: Callable[[str], None]) -> tuple[str, int]:
        """The receiver that a notification says it is of, and the status for one that nobody awaits."""
        body = _parsed(raw)
        name = str(body.get("receiver", ""))
        if "alerts" not in body or not name:
            return "", 400
        if name not in self._routes:
            stranger(name)
        return name, 200

    def _status(self, route: Route, raw: bytes) -> int:
        with self._lock:
            refused = self._refusals > 0
            self._refusals -= refused
        if refused:
            return 500
        if self.excused or route.forward is None:
            return 200
        return route.forward(raw)

    def _keep(self, route: Route, delivery: Delivery) -> None:
        with self._lock:
            route.deliveries.append(delivery)
        if self._on_delivery is not None:
            self._on_delivery(delivery)


def _server(
    host: str,
    port: int,
    handler: type[BaseHTTPRequestHandler],
    failed: Callable[[BaseException | None], None],
) -> _Server:
    return (_Server6 if ":" in host else _Server)((host, port), handler, failed)


def _length(headers: Message) -> tuple[int | None, int]:
    """How much is to be read, None for nothing, and the status for a request that has no route.

    Alertmanager is no browser: a request that names an origin was sent by a page, and is no notification.
    """
    text = headers.get("Content-Length", "0")
    if headers.get("Origin") is not None or headers.get("Sec-Fetch-Site") is not None:
        return None, 403
    if not (text.isascii() and text.isdecimal()):
        return None, 400
    return (None, 413) if len(text) > 12 or int(text) > MAX_BODY_BYTES else (int(text), 404)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = jsonlines.value(raw)
    except ValueError:
        return {"unreadable": raw.decode("utf-8", "replace")}
    return body if isinstance(body, dict) else {"unreadable": body}
