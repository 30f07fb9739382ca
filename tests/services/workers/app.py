"""A shop in two worker processes: `app.py PORT` with one registry for both, `app.py PORT apart` with one for each.

Which of uvicorn's workers takes a connection is chance, and a busy machine may give them all to one. Apart, each worker
has a port of its own, and connections go to them in turn, those that ask for the metrics by a turn of their own: nobody
can see one of them alone, however many requests come between two readings.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import uvicorn

HERE = str(Path(__file__).parent)
HOST = "127.0.0.1"


async def pump(reader: StreamReader, writer: StreamWriter) -> None:
    """Hand on what comes, until its sender ends."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def in_turn(port: int, workers: list[int]) -> None:
    """Listen at a port until SIGTERM; each connection goes to the next of the workers."""
    readings, others = cycle(workers), cycle(workers)

    async def carry(reader: StreamReader, writer: StreamWriter) -> None:
        begin = await reader.read(65536)
        turns = others
        if begin.startswith(b"GET /metrics"):
            # a kept connection would read the same worker again
            begin, turns = begin.replace(b"Connection: keep-alive", b"Connection: close", 1), readings
        inner, outer = await asyncio.open_connection(HOST, next(turns))
        outer.write(begin)
        await asyncio.gather(pump(reader, outer), pump(inner, writer))

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await asyncio.start_server(carry, HOST, port, backlog=128)
    await ended.wait()


def apart(port: int) -> None:
    """Two processes with a worker each."""
    sockets = [
        socket.create_server((HOST, 0)) for _ in range(2)
    ]  # which listen before the workers have started
    words = [sys.executable, "-m", "uvicorn", "shop:app", "--app-dir", HERE, "--log-level", "warning"]
    workers = [
        subprocess.Popen([*words, "--fd", str(each.fileno())], pass_fds=[each.fileno()]) for each in sockets
    ]
    try:
        asyncio.run(in_turn(port, [each.getsockname()[1] for each in sockets]))
    finally:
        for worker in workers:
            worker.terminate()


if __name__ == "__main__":
    listens = int(sys.argv[1])
    if sys.argv[2:] == ["apart"]:
        apart(listens)
    else:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="shop-")
        uvicorn.run("shop:app", host=HOST, port=listens, workers=2, log_level="warning", app_dir=HERE)
