"""Serving the load's own metrics beside a headless run; see promproof/load/export.py for what they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from promproof.errors import InputError
from promproof.load.account import Account
from promproof.load.export import LoadCollector

END_SECONDS = 5.0


@contextmanager
def serve(address: tuple[str, int] | None, account: Account) -> Iterator[None]:
    """Serve `/metrics` at a host and port while the block runs; nothing happens without an address.

    Raises:
        InputError: the port is taken.
    """
    if address is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(LoadCollector(lambda: account))
    try:
        server, thread = start_http_server(address[1], address[0], registry)
    except OSError as error:
        raise InputError(
            what=f"{address[0]}:{address[1]} cannot be served: {error.strerror}",
            where="--serve-metrics",
            expected="a free port",
            todo="name another",
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(END_SECONDS)
