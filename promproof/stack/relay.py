"""Carries connections from one address of this machine to a port of another: a bridge's gateway to loopback.

A target on the host listens on 127.0.0.1; Prometheus in a container reaches this machine only by the gateway of the
run's own bridge. The relay listens there, when it was asked for, and never on all addresses.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 65536
_CONNECT_SECONDS = 5.0


class Relay:
    """Listens on (host, a free port) and passes every connection on to `target`; closed at `__exit__`.

    Raises:
        ValueError: the host stands for all addresses.
        OSError: the host is no address of this machine.
    """

    def __init__(self, host: str, target: tuple[str, int]) -> None:
        if host in ("", "0.0.0.0", "::"):
            raise ValueError(f"{host!r} would listen on every address; name one")
        self._target = target
        self._server = socket.create_server((host, 0))
        self.address = f"{host}:{self._server.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="relay", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), name="relay", daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, _CONNECT_SECONDS)
        except OSError:
            client.close()  # as the target's own refusal would look a moment later
            return
        server.settimeout(None)
        back = threading.Thread(target=_pump, args=(server, client), name="relay", daemon=True)
        back.start()
        _pump(client, server)
        back.join()
        client.close()
        server.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    except OSError:
        pass
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
