"""Servers of a few lines that answer badly on purpose, and one that counts who comes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[[socket.socket, bytes], None]


@dataclass
class Server:
    """Plays a script for every connection, with the request that came. `seen`: the first line of each request."""

    script: Script
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=self._server.accept(), daemon=True).start()

    def _serve(self, client: socket.socket, _: object) -> None:
        with suppress(OSError), client:
            while request := client.recv(65536):
                self.seen.append(request.split(b"\r\n", 1)[0].decode(errors="replace"))
                self.script(client, request)


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """A server that plays a script."""
    server = Server(script)
    try:
        yield server
    finally:
        server.close()


def answer(body: str | bytes, status: int = 200, *headers: str) -> Script:
    """A whole answer to every request."""
    data = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}", *headers]
    return lambda client, _: client.sendall("\r\n".join([*head, "", ""]).encode() + data)


def trickled(before: bytes, piece: bytes) -> Script:
    """`before` at once, then a piece every 20 ms until the client has gone."""

    def script(client: socket.socket, _: bytes) -> None:
        client.sendall(before)
        while True:
            client.sendall(piece)
            time.sleep(0.02)

    return script


def silent(client: socket.socket, _: bytes) -> None:
    """No answer, as of a process that is stopped."""
    client.recv(1)
