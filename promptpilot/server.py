"""Serving: one event loop, the API's port, and the fault control's own.

Ports are taken before anything else starts, so that a taken one is a clear message. Signals end the process
with 0 after a short grace; uvicorn alone would end it with the signal itself.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from promptpilot.app import PromptPilot

LOOPBACK = "127.0.0.1"
GRACE_SECONDS = 2
KEEP_ALIVE_SECONDS = (
    75  # longer than any client idles between two requests: a close in between looks like an error
)


class PortTaken(Exception):
    """A port that cannot be listened on. The text says which and why."""


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. Raises PortTaken."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as exc:
        raise PortTaken(f"cannot listen on {host}:{port}: {exc.strerror or exc}") from exc
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as exc:
        listener.close()
        raise PortTaken(f"cannot listen on {host}:{port}: {exc.strerror or exc}") from exc
    return listener


def address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: `serve` below stops both servers together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: ASGIApp, lifespan: bool) -> _Server:
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on" if lifespan else "off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return _Server(config)


async def serve(app: PromptPilot, listener: socket.socket, fault_listener: socket.socket | None) -> None:
    """Serve until SIGTERM or SIGINT. Requests under way get two seconds, then they are cancelled."""
    servers = [(_server(app, lifespan=True), listener)]
    if app.fault_app is not None and fault_listener is not None:
        servers.append((_server(app.fault_app, lifespan=False), fault_listener))

    def stop() -> None:
        for server, _ in servers:
            server.force_exit = server.should_exit  # a second signal does not wait
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop)
    tasks = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in servers]
    announcement = asyncio.create_task(_announce(servers))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        announcement.cancel()
        for server, _ in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


async def _announce(servers: list[tuple[_Server, socket.socket]]) -> None:
    lines = [f"promptpilot listening on {address(servers[0][1])}"]
    lines[:0] = [f"fault control on {address(sock)}" for _, sock in servers[1:]]
    while not all(server.started for server, _ in servers):  # noqa: ASYNC110 (a flag, no event)
        await asyncio.sleep(0.01)
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def run(app: PromptPilot, listener: socket.socket, fault_listener: socket.socket | None) -> int:
    """Serve to the end; the exit status. Leaves at once when a thread hangs in a dead database."""
    loop_factory = uvicorn.Config(app, log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(serve(app, listener, fault_listener))
    app.close()
    if app.database.hangs:
        sys.stderr.flush()
        os._exit(0)  # the interpreter would wait for the thread without end
    return 0
