"""Serving the load's own metrics beside a headless run; see loadtests/export.py for what they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from loadtests.account import Account
from loadtests.export import LoadCollector
from verification.errors import InputError


@contextmanager
def serve(port: int | None, account: Account) -> Iterator[None]:
    """Serve `/metrics` on all interfaces while the block runs; nothing happens without a port.

    Raises:
        InputError: the port is taken.
    """
    if port is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(LoadCollector(lambda: account))
    try:
        server, thread = start_http_server(port, registry=registry)
    except OSError as error:
        raise InputError(
            f"port {port} cannot be served: {error.strerror}", "--metrics-port", "a free port", "name another"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
