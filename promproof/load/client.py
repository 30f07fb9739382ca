"""An HTTP client for FastHttpUser that sends each request at most once and knows whether it was sent.

geventhttpclient sends an idempotent request again, up to 11 times, when the connection was closed under it;
the target may have counted every one of them. Here a failed request fails, and says if the target can have
seen it.
"""

from __future__ import annotations

import errno
import time
from collections import deque
from collections.abc import Callable, Mapping
from select import POLLIN
from socket import MSG_PEEK
from typing import Any

from gevent.monkey import get_original
from gevent.ssl import SSLSocket
from geventhttpclient.client import HTTPClient
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.response import HTTPSocketPoolResponse

from promproof.load.wire import CHUNKED, Leave

IDLE_SECONDS = 1.0
"""an idle connection is reused for so long; servers close theirs after 2 s (gunicorn) to 75 s (nginx), and a
request that is sent in that moment has an unknown fate
"""

FRESH_SECONDS = 0.002
"""a connection is reused without a look for so long"""
FIRST_FAILURE = 500
KEPT_HEADS = 1000
CONTINUE = b"HTTP/1.1 100"
CONTINUE_SECONDS = 1.0
"""for a target to ask for a body; after that it is sent all the same, as RFC 9110 wants it"""

_RUN_OUT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL)
_poll = get_original("select", "poll")


def was_unsent(error: object) -> bool:
    """True when the target cannot have got the whole request that raised this error."""
    while error is not None:
        if getattr(error, "unsent", False):
            return True
        error = getattr(error, "original", None)
    return False


def was_own_failure(error: object) -> bool:
    """True when this machine, not the target, is why a request could not be sent: it has run out of something."""
    while error is not None:
        if getattr(error, "errno", None) in _RUN_OUT:
            return True
        error = getattr(error, "original", None)
    return False


class Connections:
    """Idle connections, newest first. Has no limit of its own: who sends decides how much at once."""

    def __init__(self, pool: ConnectionPool, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._clock = clock
        self._idle: deque[tuple[Any, float]] = deque()
        self._polls: dict[Any, Any] = {}

    def get_socket(self) -> Any:
        """A connection without anything to read on it. Raises OSError, marked as unsent, when none can be
        made.
        """
        while self._idle:
            sock, since = self._idle.pop()
            idle = self._clock() - since
            # one with something to read has been closed by the server, or is out of step; to ask takes as long as to
            # send, and in so short a time the answer would not have come anyway
            if idle < FRESH_SECONDS or (idle < IDLE_SECONDS and not self._polls[sock].poll(0)):
                return sock
            self.release_socket(sock)
        return self.connect()

    def connect(self) -> Any:
        """A new connection; as get_socket."""
        try:
            return self._pool._create_socket()
        except OSError as error:
            raise _unsent(error) from None

    def return_socket(self, sock: Any) -> None:
        """Keep a connection whose response has been read."""
        if sock not in self._polls:
            poll = self._polls[sock] = _poll()
            poll.register(sock.fileno(), POLLIN)
        self._idle.append((sock, self._clock()))

    def release_socket(self, sock: Any) -> None:
        """Close a connection that cannot be used any more."""
        self._polls.pop(sock, None)
        sock.close()


class _Answer(HTTPSocketPoolResponse):  # type: ignore[misc]  # geventhttpclient is not typed
    """An answer after which its connection is kept, unless the server failed: many end it then and do not say so.

    uvicorn does after an exception, some time after the answer. A request that is sent meanwhile is lost.
    """

    def should_close(self) -> bool:
        return bool(super().should_close()) or self.status_code >= FIRST_FAILURE


class OneShotClient:
    """Requests to one host and port, each sent once. Takes the place of geventhttpclient's HTTPClient."""

    def __init__(self, client: HTTPClient) -> None:
        self._client = client
        self._connections = Connections(client._connection_pool, time.monotonic)
        self._rests: dict[tuple[str, tuple[tuple[str, str], ...], int], bytes] = {}

    def request(
        self,
        method: str,
        request_uri: str,
        body: bytes | None = b"",
        headers: Mapping[str, str] | None = None,
        before_body: Callable[[], None] | None = None,
        http: str = "1.1",
    ) -> HTTPSocketPoolResponse:
        """Send once, and read the head of the response. Raises OSError or HTTPParseError; see was_unsent.

        request_uri: as it is sent, printable ASCII without blanks. before_body: called when the target has asked for
        the body, which is not sent before; one that asks for none within a second gets it all the same. http: the
        version of the request. A body whose headers say that it comes in chunks is sent so.
        """
        head = self._head(method, request_uri, body or b"", headers or {}, http)
        if body and headers and CHUNKED in headers:
            body = _in_chunks(body)
        sock = self._connections.get_socket()
        try:
            if body and before_body is not None:
                _send(sock, head)
                asked = _asked_for_body(sock)
                if asked:
                    before_body()
                _send(sock, body)
                if not asked:
                    _pass_over_continue(sock)
            else:
                _send(sock, head + body if body else head)
        except BaseException:
            self._connections.release_socket(sock)
            raise
        if not isinstance(sock, SSLSocket):  # one of those may hold what it has read before
            try:
                # the response would first try to read in vain: an answer is never there at once
                sock._wait(sock._read_event)
            except BaseException:
                self._connections.release_socket(sock)
                raise
        return _Answer(sock, self._connections, method=method)

    def leave(
        self, how: Leave, method: str, request_uri: str, body: bytes | None, headers: Mapping[str, str]
    ) -> int:
        """Send on a new connection and disconnect at the given point; the status that came by then, or 0.

        Raises OSError, see was_unsent; ConnectionResetError when the target closed first, before any of its
        answer.
        """
        head = self._head(method, request_uri, body or b"", headers)
        whole = head + (body or b"")
        sock = self._connections.connect()
        try:
            sent = {"half-header": len(head) // 2, "half-body": len(head) + len(body or b"") // 2}
            _send(sock, whole[: sent.get(how, len(whole))])
            return _read_into_body(sock) if how == "mid-stream" else 0
        finally:
            sock.close()

    def _head(
        self, method: str, request_uri: str, body: bytes, headers: Mapping[str, str], http: str = "1.1"
    ) -> bytes:
        """Request line and headers. What follows the request line is checked and put together once for all requests
        that have it in common: that takes as long as sending it.
        """
        key = (f"{method} {http}", tuple(headers.items()), len(body))
        rest = self._rests.get(key)
        if rest is None:
            chunked = CHUNKED in headers
            whole = self._client._build_request(method, "/", body=body, headers=headers, chunked=chunked)
            whole = whole.replace(" HTTP/1.1\r\n", f" HTTP/{http}\r\n", 1)
            if len(self._rests) >= KEPT_HEADS:
                self._rests.clear()
            rest = self._rests[key] = whole.removeprefix(f"{method} /").encode("latin-1")
        return f"{method} {request_uri}".encode("latin-1") + rest


class OneShotPool:
    """Clients by host and port. Takes the place of geventhttpclient's HTTPClientPool."""

    def __init__(self, **options: object) -> None:
        self._options = options
        self._clients: dict[tuple[str, int], OneShotClient] = {}

    def get_client(self, url: Any) -> OneShotClient:
        """The client for a geventhttpclient URL."""
        key = (url.host, url.port)
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = OneShotClient(HTTPClient.from_url(url, **self._options))
        return client


def _unsent(error: OSError) -> OSError:
    # a mark on the error itself, since its class is what callers catch
    error.unsent = True  # type: ignore[attr-defined]  # OSError has no such attribute of its own
    return error


def _send(sock: Any, data: bytes) -> None:
    try:
        sent = sock.send(data)
    except OSError as error:
        # not one byte was taken
        raise _unsent(error) from None
    if sent < len(data):
        sock.sendall(data[sent:])


def _in_chunks(body: bytes) -> bytes:
    """A body in two chunks, or in one that is too short for that, as RFC 9112 has it."""
    middle = (len(body) + 1) // 2
    chunks = [chunk for chunk in (body[:middle], body[middle:]) if chunk]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def _asked_for_body(sock: Any) -> bool:
    """Wait for `100 Continue` and take it from the connection; False when another answer comes, or none in time."""
    if isinstance(sock, SSLSocket):  # nothing can be looked at there without taking it
        return False
    patience = sock.gettimeout()
    sock.settimeout(CONTINUE_SECONDS)
    try:
        head = sock.recv(len(CONTINUE), MSG_PEEK)
        if not head.startswith(CONTINUE[: len(head)]):
            return False
        received = b""
        while not received.endswith(b"\r\n\r\n") and (data := sock.recv(1)):
            received += data
    except TimeoutError:
        return False
    finally:
        sock.settimeout(patience)
    return received.startswith(CONTINUE)


def _pass_over_continue(sock: Any) -> None:
    """Take a `100 Continue` that came late from the connection.

    Whoever reads it as the answer gives the connection back before the answer is there.
    """
    if isinstance(sock, SSLSocket):
        return
    head = b""
    while len(head) < len(CONTINUE) and CONTINUE.startswith(head):
        more = sock.recv(len(CONTINUE), MSG_PEEK)
        if len(more) <= len(head):  # closed, or no more than there was
            return
        head = more
    if head.startswith(CONTINUE):
        received = b""
        while not received.endswith(b"\r\n\r\n") and (data := sock.recv(1)):
            received += data


def _read_into_body(sock: Any) -> int:
    """Read the head of the response and the first bytes of its body; the status."""
    received = b""
    while True:
        head, end, rest = received.partition(b"\r\n\r\n")
        if end and rest:
            return int(head.split(b" ", 2)[1])
        data = sock.recv(4096)
        if not data:
            raise ConnectionResetError("closed by the target before its body began")
        received += data
